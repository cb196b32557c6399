package kit_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/memory"
	"github.com/stonechat-im/stonechat/spec"
)

// door knows whether somebody is online.
type door struct {
	kit.Router
	online atomic.Bool
}

func (d *door) Sessions(jid.Bare) []kit.Session {
	if d.online.Load() {
		return make([]kit.Session, 1)
	}
	return nil
}

func TestHeld(t *testing.T) {
	ctx, juliet := t.Context(), jid.MustBare("juliet@capulet.example")
	d := new(door)
	realm := &kit.Realm{Name: "capulet.example", Store: memory.New(), Router: d, Points: new(kit.Points)}
	env := realm.NewEnv(kit.Info{Name: "x", Specs: []spec.Spec{}}, slog.New(slog.DiscardHandler))
	kv := store.OpenKV[int](env.Store, "numbers")
	var loads atomic.Int32
	h := kit.Hold(env, func(ctx context.Context, account jid.Bare) (int, error) {
		loads.Add(1)
		n, _, err := kv.Get(ctx, account.String())
		return n, err
	})
	realm.Freeze(nil)
	put := func(n int) {
		t.Helper()
		if err := h.Update(ctx, juliet, func(tx store.Tx) (int, error) { return n, kv.In(tx).Put(juliet.String(), n) }, nil); err != nil {
			t.Fatal(err)
		}
	}
	get := func(want int, wantLoads int32) {
		t.Helper()
		if n, err := h.Get(ctx, juliet); n != want || err != nil || loads.Load() != wantLoads {
			t.Errorf("%d, %v, after %d loads; want %d after %d", n, err, loads.Load(), want, wantLoads)
		}
	}
	put(1)
	get(1, 1)
	get(1, 2) // nobody is online: nothing is held
	d.online.Store(true)
	get(1, 3)
	get(1, 3)
	put(2)
	get(2, 3)
	if err := h.Update(ctx, juliet, func(store.Tx) (int, error) { return 9, errors.New("no") }, func(int) { t.Error("told of what was not written") }); err == nil {
		t.Error("no error")
	}
	get(2, 3)
	d.online.Store(false)
	realm.Points.Removed.Tell(ctx, &kit.AccountEvent{Account: juliet})
	get(2, 4)

	// What was written is seen by whoever asks afterwards, however many load and write at the same time.
	d.online.Store(true)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 200 {
				if i == 0 {
					put(n + 10)
					if got, _ := h.Get(ctx, juliet); got != n+10 {
						t.Errorf("%d after %d was written", got, n+10)
					}
					continue
				}
				_, _ = h.Get(ctx, juliet)
				if n%20 == 0 {
					realm.Points.Removed.Tell(ctx, &kit.AccountEvent{Account: juliet})
				}
			}
		})
	}
	all.Wait()
}
