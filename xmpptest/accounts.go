package xmpptest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/sasl"
	"github.com/stonechat-im/stonechat/server/auth"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/memory"
)

// Deriving keys from a password takes long enough to be felt over hundreds of transcripts. All test accounts have the
// same password, so it is done once: an account is made, and the others get a copy of what was stored of it.

// accountShape is where server/auth keeps accounts: domain → local part.
const accountShape = "accounts"

// storedAccount is what server/auth stores of an account with the Password.
var storedAccount = sync.OnceValues(func() (record []byte, err error) {
	ctx := context.Background()
	db := memory.New()
	defer func() {
		if cerr := db.Close(); err == nil {
			err = cerr
		}
	}()
	a, err := auth.Open(ctx, db, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	a.Hooks.Created = func(jid.Bare) {}
	b, err := jid.NewBare("romeo", Host)
	if err != nil {
		return nil, err
	}
	if err := a.Create(ctx, b, Password); err != nil {
		return nil, err
	}
	err = db.View(ctx, func(tx store.Tx) error {
		v, ok, err := tx.Get(accountShape, b.Domain(), b.Local())
		if err == nil && !ok {
			err = fmt.Errorf("accounts are not stored in %q", accountShape)
		}
		record = append([]byte(nil), v...)
		return err
	})
	return record, err
})

// addUser makes an account with the Password.
func (s *Server) addUser(name string) error {
	b, err := s.account(name)
	if err != nil {
		return err
	}
	rec, err := storedAccount()
	if err != nil {
		return err
	}
	if err := s.db.Update(s.t.Context(), func(tx store.Tx) error {
		return tx.Put(accountShape, b.Domain(), b.Local(), rec)
	}); err != nil {
		return err
	}
	s.Run.Accounts.Hooks.Created(b)
	return nil
}

// keyring remembers the client's side of the same derivation.
type keyring struct {
	mu   sync.Mutex
	keys *sasl.ClientKeys
}

var keys keyring

func (k *keyring) get() *sasl.ClientKeys {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys
}

func (k *keyring) put(c sasl.ClientKeys) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = &c
}
