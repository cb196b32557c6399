package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stonechat-im/stonechat/server/store"
)

const owner = "romeo@montague.example"

// small opens a database that cannot grow beyond so many pages, as on a full disk.
func small(t *testing.T) (store.DB, *database) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stonechat.db")
	must(t, create(path))
	w, err := connect(path, writing...)
	must(t, err)
	d := newDatabase(path, w)
	must(t, d.start())
	db := store.New(d)
	t.Cleanup(func() { db.Close() })
	return db, d
}

func TestFullDisk(t *testing.T) {
	db, d := small(t)
	m := store.OpenMap[string](db, "m")
	log := store.OpenLog(db, "log", store.LogOptions{FullText: true})
	must(t, m.Put(t.Context(), owner, "before", "kept"))

	started, gate := make(chan struct{}), make(chan struct{})
	hold := db.Go(func(store.Tx) error { // what follows is one batch
		close(started)
		<-gate
		return nil
	})
	<-started
	neighbour := db.Go(func(tx store.Tx) error { return m.In(tx).Put(owner, "neighbour", "lost") })
	big := db.Go(func(tx store.Tx) error {
		must(t, d.w.run("PRAGMA max_page_count=1")) // no more than there are now
		err := m.In(tx).Put(owner, "big", strings.Repeat("x", 1<<20))
		if !errors.Is(err, store.ErrFull) {
			t.Errorf("put: %v", err)
		}
		return nil // even one who looks away cannot have the rest of the batch
	})
	late := db.Go(func(tx store.Tx) error { return m.In(tx).Put(owner, "late", "lost") })
	item := log.Append(owner, store.Item{ID: "1", Text: "lost"})
	close(gate)
	must(t, hold.Wait(t.Context()))
	for name, c := range map[string]*store.Commit{"neighbour": neighbour, "big": big, "late": late, "item": item} {
		if err := c.Wait(t.Context()); !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), d.path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s := db.Stats(); s.Failed != 1 {
		t.Errorf("stats %+v", s)
	}

	// There is room again: the server goes on.
	must(t, db.Update(t.Context(), func(store.Tx) error { return d.w.run("PRAGMA max_page_count=100000") }))
	must(t, m.Put(t.Context(), owner, "after", "kept"))
	must(t, log.Append(owner, store.Item{ID: "1", Text: "kept"}).Wait(t.Context()))
	got, err := m.All(t.Context(), owner)
	must(t, err)
	if s := fmt.Sprint(got); s != "[{after kept} {before kept}]" {
		t.Errorf("left: %s", s)
	}
}

// Each path of a batch that the engine gives up on its own.
func TestBrokenBatch(t *testing.T) {
	db, d := small(t)
	m := store.OpenMap[string](db, "m")
	put := func(tx store.Tx) error { return m.In(tx).Put(owner, "k", "v") }
	for name, fn := range map[string]func(store.Tx) error{
		"before its commit": func(tx store.Tx) error {
			return errors.Join(put(tx), d.w.run("ROLLBACK"))
		},
		"before its undo": func(tx store.Tx) error {
			return errors.Join(put(tx), d.w.run("ROLLBACK"), errors.New("and fails"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := db.Update(t.Context(), fn); err == nil {
				t.Error("no error")
			}
			n, err := m.Count(t.Context(), owner)
			must(t, err)
			if n != 0 {
				t.Errorf("%d keys left", n)
			}
		})
	}
	must(t, db.Update(t.Context(), put))
}

// Another process may write to the same file.
func TestTwoWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stonechat.db")
	one, two := mustOpen(t, path), mustOpen(t, path)
	m1, m2 := store.OpenMap[int](one, "m"), store.OpenMap[int](two, "m")
	var last [2]*store.Commit
	for i := range 300 {
		last[0] = one.Go(func(tx store.Tx) error { return m1.In(tx).Put(owner, fmt.Sprint("one", i), i) })
		last[1] = two.Go(func(tx store.Tx) error { return m2.In(tx).Put(owner, fmt.Sprint("two", i), i) })
	}
	must(t, errors.Join(last[0].Wait(t.Context()), last[1].Wait(t.Context())))
	n, err := m1.Count(t.Context(), owner)
	must(t, err)
	if n != 600 {
		t.Errorf("%d keys, want 600", n)
	}
	// What only the other process knows is removed too.
	must(t, store.OpenKV[int](two, "theirs").Put(t.Context(), owner, 1))
	must(t, one.RemoveOwner(t.Context(), owner))
	must(t, two.Export(t.Context(), owner, func(r store.Record) error { return fmt.Errorf("left: %+v", r) }))
}
