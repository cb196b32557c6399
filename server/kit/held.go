package kit

import (
	"context"
	"sync"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
)

// Held keeps in memory what is stored for accounts, for as long as they have sessions, so that what every stanza asks for
// costs no look into the store. Of other accounts the store is asked. Values must not be changed; they are written by way
// of Update.
type Held[T any] struct {
	router Router
	db     store.DB
	load   func(ctx context.Context, account jid.Bare) (T, error)
	mu     sync.RWMutex
	all    map[jid.Bare]*held[T]
}

type held[T any] struct {
	ready bool
	rev   int // how often it was written
	value T
}

// Hold makes a Held of what load reads from the store.
func Hold[T any](env *Env, load func(ctx context.Context, account jid.Bare) (T, error)) *Held[T] {
	h := &Held[T]{router: env.Router, db: env.Store, load: load, all: make(map[jid.Bare]*held[T])}
	Tell(env, &env.Points.Ended, func(_ context.Context, ev *SessionEvent) { h.forget(ev.Session.JID().Bare()) })
	Tell(env, &env.Points.Removed, func(_ context.Context, ev *AccountEvent) { h.drop(ev.Account) })
	return h
}

// Get returns the value of an account.
func (h *Held[T]) Get(ctx context.Context, account jid.Bare) (T, error) {
	h.mu.RLock()
	e := h.all[account]
	if e != nil && e.ready {
		v := e.value
		h.mu.RUnlock()
		return v, nil
	}
	h.mu.RUnlock()
	if len(h.router.Sessions(account)) == 0 {
		return h.load(ctx, account)
	}
	return h.fetch(ctx, account)
}

// fetch loads the value of an account with sessions and keeps it. The entry is there before the store is asked, so that a
// commit that the reading may have missed is noticed.
func (h *Held[T]) fetch(ctx context.Context, account jid.Bare) (T, error) {
	h.mu.Lock()
	e := h.all[account]
	if e == nil {
		e = new(held[T])
		h.all[account.Clone()] = e
	}
	rev := e.rev
	h.mu.Unlock()
	v, err := h.load(ctx, account)
	if err != nil {
		return v, err
	}
	h.mu.Lock()
	switch {
	case e.rev != rev:
		v = e.value // written meanwhile
	default:
		e.value, e.ready = v, true
	}
	h.mu.Unlock()
	h.forget(account) // the last session may have ended meanwhile
	return v, nil
}

// Update has the store run change, which writes the account's value and returns it, and returns when that is durable and
// seen by all. then, which may be nil, is called before that in the order of the commits; it must be quick.
func (h *Held[T]) Update(ctx context.Context, account jid.Bare, change func(tx store.Tx) (T, error), then func(now T)) error {
	var now T
	done := make(chan error, 1)
	h.db.Go(func(tx store.Tx) (err error) {
		now, err = change(tx)
		return err
	}).OnDone(func(err error) {
		if err == nil {
			h.set(account, now)
			if then != nil {
				then(now)
			}
		}
		done <- err
	})
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// set takes what was committed. Of accounts without sessions nothing is kept.
func (h *Held[T]) set(account jid.Bare, v T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.all[account]; e != nil {
		e.value, e.ready = v, true
		e.rev++
	}
}

func (h *Held[T]) forget(account jid.Bare) {
	if len(h.router.Sessions(account)) == 0 {
		h.drop(account)
	}
}

func (h *Held[T]) drop(account jid.Bare) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, account)
}
