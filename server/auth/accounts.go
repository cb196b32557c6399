// Package auth keeps accounts and checks who logs in.
//
// Of a password only SCRAM keys are kept (RFC 5803), one set for each hash. The database owns the accounts; in memory
// are only a cache of which exist and the counts of failed attempts. Start reading at Accounts, then login.go.
package auth

import (
	"context"
	"crypto"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/sasl"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
)

// tombstoneFor is how long a removed account is remembered.
const tombstoneFor = 90 * 24 * time.Hour

// hashes are those of which keys are kept, weakest first.
var hashes = []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA512}

// record is what is stored of an account, under its domain and local part.
type record struct {
	Created  time.Time            `json:"created"`
	Disabled bool                 `json:"disabled,omitempty"`
	Removed  time.Time            `json:"removed,omitzero"` // a tombstone: nothing else counts
	Keys     map[string]sasl.Keys `json:"keys,omitempty"`   // by hash name
}

// Hooks is what accounts ask of the rest of the server.
type Hooks struct {
	// EndSessions ends an account's sessions.
	EndSessions func(account jid.Bare, condition, text string)
	Created     func(account jid.Bare)
	Removed     func(account jid.Bare)
}

// Accounts implements kit.Accounts for all realms of a server.
type Accounts struct {
	db     store.DB
	stored store.Map[record]
	seen   store.Map[time.Time]
	secret []byte // makes the keys of accounts that do not exist
	log    *slog.Logger
	Hooks  Hooks

	failures attempts

	mu    sync.RWMutex
	known map[jid.Bare]struct{} // accounts that exist; may lack some
}

// knownMost bounds the cache of existing accounts.
const knownMost = 1 << 16

// Open reads or prepares the accounts in db.
func Open(ctx context.Context, db store.DB, log *slog.Logger) (*Accounts, error) {
	a := &Accounts{
		db:     db,
		stored: store.OpenMap[record](db, "accounts"),
		seen:   store.OpenMap[time.Time](db, "lastlogin"),
		log:    log,
		known:  make(map[jid.Bare]struct{}),
	}
	secrets := store.OpenKV[[]byte](db, "secrets")
	if err := db.Ready(); err != nil {
		return nil, err
	}
	err := db.Update(ctx, func(tx store.Tx) error {
		kv := secrets.In(tx)
		b, ok, err := kv.Get("fake-keys")
		if err != nil {
			return err
		}
		if !ok {
			b = make([]byte, 32)
			rand.Read(b)
			err = kv.Put("fake-keys", b)
		}
		a.secret = b
		return err
	})
	return a, err
}

// get reads an account that is there.
func (a *Accounts) get(ctx context.Context, b jid.Bare) (record, error) {
	r, ok, err := a.stored.Get(ctx, b.Domain(), b.Local())
	if err == nil && (!ok || !r.Removed.IsZero()) {
		err = kit.ErrNoAccount
	}
	return r, err
}

// Exists implements kit.Accounts.
func (a *Accounts) Exists(ctx context.Context, b jid.Bare) (bool, error) {
	a.mu.RLock()
	_, ok := a.known[b]
	a.mu.RUnlock()
	if ok {
		return true, nil
	}
	switch _, err := a.get(ctx, b); err {
	case nil:
		a.remember(b)
		return true, nil
	case kit.ErrNoAccount:
		return false, nil
	default:
		return false, err
	}
}

func (a *Accounts) remember(b jid.Bare) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.known) >= knownMost {
		clear(a.known)
	}
	a.known[b.Clone()] = struct{}{}
}

func (a *Accounts) forget(b jid.Bare) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.known, b)
}

// Get implements kit.Accounts.
func (a *Accounts) Get(ctx context.Context, b jid.Bare) (kit.AccountInfo, error) {
	r, err := a.get(ctx, b)
	if err != nil {
		return kit.AccountInfo{}, err
	}
	return a.info(ctx, b, r)
}

func (a *Accounts) info(ctx context.Context, b jid.Bare, r record) (kit.AccountInfo, error) {
	seen, _, err := a.seen.Get(ctx, b.String(), "")
	return kit.AccountInfo{JID: b, Created: r.Created, Disabled: r.Disabled, LastSeen: seen}, err
}

// List implements kit.Accounts.
func (a *Accounts) List(ctx context.Context, domain string) ([]kit.AccountInfo, error) {
	all, err := a.stored.All(ctx, domain)
	if err != nil {
		return nil, err
	}
	var out []kit.AccountInfo
	for _, e := range all {
		if !e.Value.Removed.IsZero() {
			continue
		}
		b, err := jid.NewBare(e.Key, domain)
		if err != nil {
			return nil, err
		}
		i, err := a.info(ctx, b, e.Value)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
}

// deriveAll makes the keys of a password.
func deriveAll(password string) (map[string]sasl.Keys, error) {
	keys := make(map[string]sasl.Keys, len(hashes))
	for _, h := range hashes {
		k, err := sasl.Derive(h, password, nil, 0)
		if err != nil {
			return nil, kit.ErrBadPassword
		}
		keys[h.String()] = k
	}
	return keys, nil
}

// change reads an account, lets f change it and stores it, in one transaction.
func (a *Accounts) change(ctx context.Context, b jid.Bare, f func(r *record, there bool) error) error {
	return a.db.Update(ctx, func(tx store.Tx) error {
		m := a.stored.In(tx)
		r, ok, err := m.Get(b.Domain(), b.Local())
		if err != nil {
			return err
		}
		if err := f(&r, ok && r.Removed.IsZero()); err != nil {
			return err
		}
		return m.Put(b.Domain(), b.Local(), r)
	})
}

// Create implements kit.Accounts.
func (a *Accounts) Create(ctx context.Context, b jid.Bare, password string) error {
	if b.Local() == "" {
		return kit.ErrNoAccount
	}
	keys, err := deriveAll(password)
	if err != nil {
		return err
	}
	err = a.change(ctx, b, func(r *record, there bool) error {
		if there {
			return kit.ErrAccountExists
		}
		*r = record{Created: time.Now().UTC().Truncate(time.Second), Keys: keys}
		return nil
	})
	if err == nil {
		a.remember(b)
		a.Hooks.Created(b)
	}
	return err
}

// SetPassword implements kit.Accounts.
func (a *Accounts) SetPassword(ctx context.Context, b jid.Bare, password string) error {
	keys, err := deriveAll(password)
	if err != nil {
		return err
	}
	return a.change(ctx, b, func(r *record, there bool) error {
		if !there {
			return kit.ErrNoAccount
		}
		r.Keys = keys
		return nil
	})
}

// Disable implements kit.Accounts.
func (a *Accounts) Disable(ctx context.Context, b jid.Bare, disabled bool) error {
	err := a.change(ctx, b, func(r *record, there bool) error {
		if !there {
			return kit.ErrNoAccount
		}
		r.Disabled = disabled
		return nil
	})
	if err == nil && disabled {
		a.Hooks.EndSessions(b, "policy-violation", "this account has been disabled")
	}
	return err
}

// Remove implements kit.Accounts.
func (a *Accounts) Remove(ctx context.Context, b jid.Bare) error {
	err := a.change(ctx, b, func(r *record, there bool) error {
		if !there {
			return kit.ErrNoAccount
		}
		*r = record{Created: r.Created, Removed: time.Now().UTC()}
		return nil
	})
	if err != nil {
		return err
	}
	a.forget(b)
	a.Hooks.Removed(b) // while what is stored is still there: contacts are told by it
	a.Hooks.EndSessions(b, "not-authorized", "this account has been removed")
	return a.db.RemoveOwner(ctx, b.String())
}

// Tombstone implements kit.Accounts.
func (a *Accounts) Tombstone(ctx context.Context, b jid.Bare) (bool, error) {
	r, ok, err := a.stored.Get(ctx, b.Domain(), b.Local())
	return ok && !r.Removed.IsZero() && time.Since(r.Removed) < tombstoneFor, err
}

var _ kit.Accounts = (*Accounts)(nil)
