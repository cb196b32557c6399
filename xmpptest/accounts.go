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

// accountShape is where server/auth keeps accounts: domain → local part.
const accountShape = "accounts"

// credentials are both sides of the Password. Deriving keys from it takes long enough to be felt over hundreds of
// transcripts. All test accounts have the same password, so it is done once: one account is made and logs in, and the
// others get a copy of what was stored of it.
type credentials struct {
	stored []byte          // by server/auth
	keys   sasl.ClientKeys // of the client
}

var credentialsOnce = sync.OnceValues(func() (c credentials, err error) {
	ctx := context.Background()
	db := memory.New()
	defer func() {
		if cerr := db.Close(); err == nil {
			err = cerr
		}
	}()
	a, err := auth.Open(ctx, db, slog.New(slog.DiscardHandler))
	if err != nil {
		return c, err
	}
	a.Hooks.Created = func(jid.Bare) {}
	b, err := jid.NewBare("romeo", Host)
	if err != nil {
		return c, err
	}
	if err := a.Create(ctx, b, Password); err != nil {
		return c, err
	}
	err = db.View(ctx, func(tx store.Tx) error {
		v, ok, err := tx.Get(accountShape, b.Domain(), b.Local())
		if err == nil && !ok {
			err = fmt.Errorf("accounts are not stored in %q", accountShape)
		}
		c.stored = append([]byte(nil), v...)
		return err
	})
	if err != nil {
		return c, err
	}
	server, err := a.NewLogin(auth.Policy{}, auth.Peer{Domain: b.Domain()}).Begin(ctx, mechanism)
	if err != nil {
		return c, err
	}
	client, err := sasl.NewScramClient(mechanism, sasl.ScramClientOptions{Username: b.Local(), Password: Password})
	if err != nil {
		return c, err
	}
	c.keys, err = talk(client, server)
	return c, err
})

// talk runs an exchange between a client and a server and returns the client's keys.
func talk(client *sasl.ScramClient, server sasl.Exchange) (keys sasl.ClientKeys, err error) {
	message, _, err := client.Start()
	for err == nil {
		var done bool
		if message, done, err = server.Next(message); err != nil {
			break
		}
		if done {
			err = client.Done(message)
			return client.Keys(), err
		}
		message, err = client.Next(message)
	}
	return keys, err
}

// addUser makes an account with the Password.
func (s *Server) addUser(name string) error {
	b, err := s.account(name)
	if err != nil {
		return err
	}
	c, err := credentialsOnce()
	if err != nil {
		return err
	}
	if err := s.db.Update(s.t.Context(), func(tx store.Tx) error {
		return tx.Put(accountShape, b.Domain(), b.Local(), c.stored)
	}); err != nil {
		return err
	}
	s.Run.Accounts.Hooks.Created(b)
	return nil
}
