package storetest

import (
	"context"
	"testing"

	"github.com/stonechat-im/stonechat/server/store"
)

// endWhenWatched is a context that ends as soon as somebody waits for it, that
// is, once the write that it guards is on its way to the queue.
type endWhenWatched struct {
	context.Context
	done  chan struct{}
	ended bool
}

func (c *endWhenWatched) Done() <-chan struct{} {
	if !c.ended {
		c.ended = true
		close(c.done)
	}
	return c.done
}

func (c *endWhenWatched) Err() error {
	if c.ended {
		return errTest
	}
	return nil
}

// furnish opens shapes of all kinds and gives some owners something in each.
func furnish(t *testing.T, db store.DB) {
	t.Helper()
	kv := store.OpenKV[int](db, "b-kv")
	m := store.OpenMap[string](db, "c-map")
	log := store.OpenLog(db, "a-log", store.LogOptions{FullText: true})
	update(t, db, func(tx store.Tx) error {
		for i, owner := range []string{romeo, juliet, "romeo", romeo + "/orchard"} {
			must(t, kv.In(tx).Put(owner, i))
			must(t, m.In(tx).Put(owner, "x", "1"))
			must(t, m.In(tx).Put(owner, "y", "2"))
			for n := range 600 {
				it := item(n)
				it.Text = "sun"
				_, err := log.In(tx).Append(owner, it)
				must(t, err)
			}
		}
		return nil
	})
}

func export(t *testing.T, db store.DB, owner string) (all []store.Record) {
	t.Helper()
	must(t, db.Export(t.Context(), owner, func(r store.Record) error {
		all = append(all, r)
		return nil
	}))
	return all
}

func removeOwner(t *testing.T, db store.DB) {
	furnish(t, db)
	before := export(t, db, juliet)
	must(t, db.RemoveOwner(t.Context(), romeo))
	equal(t, "left of romeo", len(export(t, db, romeo)), 0)
	equal(t, "left of juliet", export(t, db, juliet), before)
	equal(t, "left of a longer name", len(export(t, db, romeo+"/orchard")), 603)
	must(t, db.RemoveOwner(t.Context(), mercutio))
	view(t, db, func(tx store.Tx) error {
		p, err := tx.Query("a-log", romeo, store.Query{Text: "sun", Limit: 1})
		equal(t, "found of romeo", len(p.Items), 0)
		return err
	})
}

func exportImport(t *testing.T, db store.DB) {
	furnish(t, db)
	saved := export(t, db, romeo)
	equal(t, "records", len(saved), 603)
	equal(t, "first", saved[0].Item.ID, "id0")
	equal(t, "kv", saved[600], store.Record{Shape: "b-kv", Kind: store.KindKV, Owner: romeo, Value: []byte("0")})
	equal(t, "map", saved[602], store.Record{Shape: "c-map", Kind: store.KindMap, Owner: romeo, Key: "y", Value: []byte(`"2"`)})
	must(t, db.RemoveOwner(t.Context(), romeo))

	late := item(1000)
	update(t, db, func(tx store.Tx) error {
		_, err := tx.Append("a-log", romeo, late)
		return err
	})
	for range 2 { // the second time changes nothing
		update(t, db, func(tx store.Tx) error {
			for _, r := range saved {
				must(t, tx.Import(r))
			}
			return nil
		})
		want := append(saved[:600:600], store.Record{Shape: "a-log", Kind: store.KindLog, Owner: romeo, Item: late})
		equal(t, "after import", export(t, db, romeo), append(want, saved[600:]...))
	}
	view(t, db, func(tx store.Tx) error {
		p, err := tx.Query("a-log", romeo, store.Query{Text: "sun", Limit: store.All})
		equal(t, "found after import", len(p.Items), 600)
		return err
	})
}

func exportStops(t *testing.T, db store.DB) {
	furnish(t, db)
	n := 0
	err := db.Export(t.Context(), romeo, func(store.Record) error {
		if n++; n == 601 {
			return errTest
		}
		return nil
	})
	wantErr(t, err, errTest)
	equal(t, "records before the error", n, 601)
	ctx, cancel := context.WithCancel(t.Context())
	err = db.Export(ctx, romeo, func(store.Record) error { cancel(); return nil })
	wantErr(t, err, context.Canceled)
}

func stats(t *testing.T, db store.DB) {
	m := store.OpenMap[int](db, "m")
	must(t, db.Sync(t.Context()))
	before := db.Stats()
	release := hold(db)
	for range 3 {
		db.Go(func(tx store.Tx) error { return m.In(tx).Put(romeo, "k", 1) })
	}
	equal(t, "queue", db.Stats().Queue, 3)
	release()
	must(t, db.Sync(t.Context()))
	after := db.Stats()
	equal(t, "writes", after.Writes-before.Writes, uint64(4))
	equal(t, "commits", after.Commits-before.Commits, uint64(2))
	equal(t, "rows", after.Rows-before.Rows, uint64(3))
	equal(t, "failed", after.Failed, uint64(0))
}
