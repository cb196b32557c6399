package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stonechat-im/stonechat/server/store"
)

var errTest = errors.New("wherefore")

func rollback(t *testing.T, db store.DB) {
	m := store.OpenMap[string](db, "m")
	must(t, m.Put(t.Context(), romeo, "kept", "old"))
	put := func(key, v string, result error) *store.Commit {
		return db.Go(func(tx store.Tx) error {
			must(t, m.In(tx).Put(romeo, key, v))
			must(t, m.In(tx).Put(romeo, key+"2", v))
			return result
		})
	}
	release := hold(db) // so that all of them are in one batch
	before := put("before", "x", nil)
	failed := db.Go(func(tx store.Tx) error {
		must(t, m.In(tx).Put(romeo, "kept", "new"))
		must(t, m.In(tx).Put(romeo, "added", "new"))
		_, err := m.In(tx).Delete(romeo, "before")
		must(t, err)
		must(t, m.In(tx).Clear(romeo))
		must(t, m.In(tx).Put(romeo, "again", "new"))
		n, err := m.In(tx).Count(romeo)
		must(t, err)
		equal(t, "count in the transaction", n, 1)
		return errTest
	})
	after := put("after", "y", nil)
	failed2 := put("bad", "z", errTest)
	release()
	must(t, before.Wait(t.Context()))
	wantErr(t, failed.Wait(t.Context()), errTest)
	must(t, after.Wait(t.Context()))
	wantErr(t, failed2.Wait(t.Context()), errTest)
	got, err := m.All(t.Context(), romeo)
	must(t, err)
	equal(t, "left", got, []store.Pair[string]{
		{Key: "after", Value: "y"}, {Key: "after2", Value: "y"}, {Key: "before", Value: "x"}, {Key: "before2", Value: "x"}, {Key: "kept", Value: "old"},
	})
}

func rollbackLog(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "log", store.LogOptions{FullText: true})
	fill(t, log, romeo, 5)
	err := db.Update(t.Context(), func(tx store.Tx) error {
		l := log.In(tx)
		it := item(7)
		it.Text = "sun"
		_, err := l.Append(romeo, it)
		must(t, err)
		must(t, l.Replace(romeo, "id1", []byte("x")))
		_, err = l.Remove(romeo, "id2")
		must(t, err)
		n, err := l.Trim(romeo, store.Retention{Keep: 2}, 100)
		must(t, err)
		equal(t, "trimmed", n, 3)
		must(t, l.Clear(romeo))
		_, err = l.Append(romeo, item(2))
		must(t, err)
		return errTest
	})
	wantErr(t, err, errTest)
	equal(t, "left", all(t, log, romeo), "0 1 2 3 4")
	it, _, err := log.Item(t.Context(), romeo, "id1")
	must(t, err)
	equal(t, "replaced item", it, item(1))
	p, err := log.Query(t.Context(), romeo, store.Query{Text: "sun", Limit: 5})
	must(t, err)
	equal(t, "found", len(p.Items), 0)
	must(t, log.Append(romeo, item(7)).Wait(t.Context()))
	equal(t, "left", all(t, log, romeo), "0 1 2 3 4 7")
}

func panics(t *testing.T, db store.DB) {
	m := store.OpenMap[string](db, "m")
	err := db.Update(t.Context(), func(tx store.Tx) error {
		must(t, m.In(tx).Put(romeo, "k", "v"))
		panic("a plague")
	})
	if err == nil || !strings.Contains(err.Error(), "a plague") {
		t.Fatalf("error %v", err)
	}
	n, err := m.Count(t.Context(), romeo)
	must(t, err)
	equal(t, "count", n, 0)
	must(t, m.Put(t.Context(), romeo, "k", "v"))

	func() {
		defer func() { equal(t, "panic of a view", recover(), any("on both")) }()
		_ = db.View(t.Context(), func(store.Tx) error { panic("on both") })
	}()
	n, err = m.Count(t.Context(), romeo)
	must(t, err)
	equal(t, "count after it", n, 1)
}

func together(t *testing.T, db store.DB) {
	kv := store.OpenKV[int](db, "kv")
	m := store.OpenMap[int](db, "m")
	log := store.OpenLog(db, "log", store.LogOptions{})
	for i, result := range []error{nil, errTest} {
		err := db.Update(t.Context(), func(tx store.Tx) error {
			must(t, kv.In(tx).Put(romeo, i))
			must(t, m.In(tx).Put(romeo, fmt.Sprint(i), i))
			_, err := log.In(tx).Append(romeo, item(i))
			must(t, err)
			v, ok, err := kv.In(tx).Get(romeo)
			must(t, err)
			equal(t, "own write", v, i)
			equal(t, "own write found", ok, true)
			return result
		})
		wantErr(t, err, result)
	}
	view(t, db, func(tx store.Tx) error {
		v, _, err := kv.In(tx).Get(romeo)
		must(t, err)
		equal(t, "kv", v, 0)
		n, err := m.In(tx).Count(romeo)
		must(t, err)
		equal(t, "map", n, 1)
		n, err = log.In(tx).Count(romeo)
		equal(t, "log", n, 1)
		return err
	})
}

func readOnly(t *testing.T, db store.DB) {
	m := store.OpenMap[int](db, "m")
	log := store.OpenLog(db, "log", store.LogOptions{})
	fill(t, log, romeo, 2)
	view(t, db, func(tx store.Tx) error {
		_, err := m.In(tx).Delete(romeo, "k")
		wantErr(t, err, store.ErrReadOnly)
		_, err = log.In(tx).Append(romeo, item(5))
		wantErr(t, err, store.ErrReadOnly)
		_, err = log.In(tx).Remove(romeo, "id1")
		wantErr(t, err, store.ErrReadOnly)
		_, err = log.In(tx).Trim(romeo, store.Retention{Keep: 1}, 9)
		wantErr(t, err, store.ErrReadOnly)
		for _, err := range []error{
			m.In(tx).Put(romeo, "k", 1), m.In(tx).Clear(romeo), log.In(tx).Replace(romeo, "id1", nil),
			tx.Create(store.Shape{Name: "new", Kind: store.KindKV}),
			tx.Import(store.Record{Shape: "m", Kind: store.KindMap, Owner: romeo}),
			tx.Import(store.Record{Shape: "log", Kind: store.KindLog, Owner: romeo, Item: item(9)}),
		} {
			wantErr(t, err, store.ErrReadOnly)
		}
		return nil
	})
	wantErr(t, db.View(t.Context(), func(store.Tx) error { return errTest }), errTest)
}

func snapshot(t *testing.T, db store.DB) {
	m := store.OpenMap[int](db, "m")
	must(t, m.Put(t.Context(), romeo, "k", 1))
	var queued *store.Commit
	view(t, db, func(tx store.Tx) error {
		v, _, err := m.In(tx).Get(romeo, "k")
		must(t, err)
		equal(t, "value at first", v, 1)
		// Whether it is committed before or after the end of this view is the
		// driver's business, but the view must not see it.
		queued = db.Go(func(tx store.Tx) error { return m.In(tx).Put(romeo, "k", 2) })
		for range 100 {
			v, _, err = m.In(tx).Get(romeo, "k")
			must(t, err)
			equal(t, "value later", v, 1)
		}
		return nil
	})
	must(t, queued.Wait(t.Context()))
	v, _, err := m.Get(t.Context(), romeo, "k")
	must(t, err)
	equal(t, "value in a new view", v, 2)
}

func failedCreate(t *testing.T, db store.DB) {
	err := db.Update(t.Context(), func(tx store.Tx) error {
		for _, k := range []store.Kind{store.KindKV, store.KindMap, store.KindLog} {
			must(t, tx.Create(store.Shape{Name: "new" + k.String(), Kind: k, FullText: k == store.KindLog}))
		}
		must(t, tx.Put("newmap", romeo, "k", nil))
		return errTest
	})
	wantErr(t, err, errTest)
	err = db.Update(t.Context(), func(tx store.Tx) error { return tx.Put("newmap", romeo, "k", nil) })
	wantErr(t, err, store.ErrShape)
	store.OpenLog(db, "newlog", store.LogOptions{FullText: true})
	must(t, store.OpenMap[string](db, "newmap").Put(t.Context(), romeo, "k", "v"))
	must(t, db.Ready())
}

func order(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "log", store.LogOptions{})
	const n = 3000
	var ran []int
	for i := range n {
		db.Go(func(tx store.Tx) error {
			ran = append(ran, i)
			it := item(i)
			it.At = at(0)
			_, err := log.In(tx).Append(romeo, it)
			return err
		})
	}
	must(t, db.Sync(t.Context()))
	for i := range n {
		if ran[i] != i {
			t.Fatalf("function %d ran as number %d", ran[i], i)
		}
	}
	p, err := log.Query(t.Context(), romeo, store.Query{Limit: store.All})
	must(t, err)
	equal(t, "items", len(p.Items), n)
	for i, it := range p.Items {
		if it.ID != item(i).ID {
			t.Fatalf("item %s at place %d", it.ID, i)
		}
	}
}

func onDone(t *testing.T, db store.DB) {
	m := store.OpenMap[int](db, "m")
	release := hold(db)
	var mu sync.Mutex
	var calls []string
	note := func(s string) func(error) {
		return func(err error) {
			mu.Lock()
			defer mu.Unlock()
			calls = append(calls, fmt.Sprint(s, " ", err))
		}
	}
	a := db.Go(func(tx store.Tx) error { return m.In(tx).Put(romeo, "a", 1) })
	b := db.Go(func(tx store.Tx) error { return errTest })
	b.OnDone(note("b1"))
	a.OnDone(note("a1"))
	a.OnDone(note("a2"))
	a.OnDone(note("a3"))
	select {
	case <-a.Done():
		t.Fatal("done before its turn")
	default:
	}
	release()
	must(t, db.Sync(t.Context()))
	<-a.Done()
	<-b.Done()
	wantErr(t, b.Err(), errTest)
	a.OnDone(note("a4"))
	b.OnDone(note("b2"))
	var zero store.Commit
	var none *store.Commit
	for _, c := range []*store.Commit{&zero, none} {
		<-c.Done()
		must(t, c.Err())
		must(t, c.Wait(t.Context()))
		c.OnDone(note("zero"))
	}
	equal(t, "calls", calls, []string{
		"a1 <nil>", "a2 <nil>", "a3 <nil>", "b1 wherefore", "a4 <nil>", "b2 wherefore", "zero <nil>", "zero <nil>",
	})
}

func withdraw(t *testing.T, db store.DB) {
	wantErr(t, db.View(canceled(), func(store.Tx) error { return nil }), canceled().Err())
	wantErr(t, db.Update(canceled(), func(store.Tx) error { return nil }), canceled().Err())
	wantErr(t, db.Sync(canceled()), canceled().Err())

	release := hold(db)
	ran := false
	gate := &endWhenWatched{Context: t.Context(), done: make(chan struct{})}
	err := db.Update(gate, func(store.Tx) error { ran = true; return nil })
	wantErr(t, err, errTest)
	release()
	must(t, db.Sync(t.Context()))
	equal(t, "ran", ran, false)
}

func syncWaits(t *testing.T, db store.DB) {
	m := store.OpenMap[int](db, "m")
	const n = 500
	for i := range n {
		db.Go(func(tx store.Tx) error { return m.In(tx).Put(romeo, fmt.Sprint(i), i) })
	}
	must(t, db.Sync(t.Context()))
	got, err := m.Count(t.Context(), romeo)
	must(t, err)
	equal(t, "count", got, n)
	must(t, db.Sync(t.Context())) // with nothing queued
}

func backpressure(t *testing.T, db store.DB) {
	release := hold(db)
	var queued atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range store.QueueLimit + 100 {
			db.Go(func(store.Tx) error { return nil })
			queued.Add(1)
		}
	}()
	for db.Stats().Queue < store.QueueLimit {
		select {
		case <-done:
			t.Fatal("no limit")
		default:
		}
	}
	if n := queued.Load(); n > store.QueueLimit {
		t.Fatalf("%d writes queued, %d allowed", n, store.QueueLimit)
	}
	release()
	<-done
	must(t, db.Sync(t.Context()))
	equal(t, "queued in the end", queued.Load(), int64(store.QueueLimit+100))
}

func concurrency(t *testing.T, db store.DB) {
	sum := store.OpenKV[int](db, "sum")
	log := store.OpenLog(db, "log", store.LogOptions{})
	const workers, rounds = 8, 40
	var wg sync.WaitGroup
	for w := range workers {
		owner := fmt.Sprintf("servant%d@capulet.example", w)
		wg.Go(func() {
			for i := range rounds {
				commit := log.Append(owner, item(i))
				err := db.Update(t.Context(), func(tx store.Tx) error {
					n, _, err := sum.In(tx).Get(romeo)
					if err == nil {
						err = sum.In(tx).Put(romeo, n+1)
					}
					return err
				})
				p, err2 := log.Query(t.Context(), owner, store.Query{Limit: 1, Backward: true})
				if err := errors.Join(err, err2, commit.Wait(t.Context())); err != nil {
					t.Error(err)
					return
				}
				// The append was queued before the update, which is committed.
				if len(p.Items) != 1 || p.Items[0].ID != item(i).ID {
					t.Errorf("last item %v in round %d", p.Items, i)
				}
			}
		})
	}
	wg.Wait()
	n, _, err := sum.Get(t.Context(), romeo)
	must(t, err)
	equal(t, "sum", n, workers*rounds)
}

func closing(t *testing.T, db store.DB) {
	m := store.OpenMap[int](db, "m")
	release := hold(db)
	var commits []*store.Commit
	for i := range 50 {
		commits = append(commits, db.Go(func(tx store.Tx) error { return m.In(tx).Put(romeo, fmt.Sprint(i), i) }))
	}
	release()
	must(t, db.Close())
	for _, c := range commits {
		select {
		case <-c.Done():
			must(t, c.Err())
		default:
			t.Fatal("not done after Close")
		}
	}
	nop := func(store.Tx) error { return nil }
	wantErr(t, db.Update(t.Context(), nop), store.ErrClosed)
	wantErr(t, db.Go(nop).Wait(t.Context()), store.ErrClosed)
	wantErr(t, db.Sync(t.Context()), store.ErrClosed)
	wantErr(t, db.View(t.Context(), nop), store.ErrClosed)
	must(t, db.Close())
}
