// Package vcard keeps people's cards (XEP-0054), byte for byte as they wrote them. Anybody may read one, its owner alone
// may write it. The state is in the store.
package vcard

import (
	"context"
	"fmt"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/vcard"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name:    "vcard",
	Specs:   []spec.Spec{{XEP: 54, Version: "1.3.0", Status: spec.Complete, Since: "0.1"}},
	Host:    []string{wire.NS},
	Account: []string{wire.NS},
}, Config{Max: 128 << 10}, New)

// Config is the [vcard] section.
type Config struct {
	// Max is the most bytes that a card may have; pictures are most of it.
	Max kit.Size
}

type module struct {
	cfg   Config
	db    store.DB
	cards store.KV[[]byte]
	set   func(ctx context.Context, owner jid.Bare, write func(store.Tx) error) error // nil: nobody else wants to write
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{cfg: cfg, db: env.Store, cards: store.OpenKV[[]byte](env.Store, "vcard")}
	kit.HandleIQ(env, kit.OwnAccount, stanza.Get, m.get)
	kit.HandleIQ(env, kit.OwnAccount, stanza.Set, m.change)
	kit.HandleIQ(env, kit.Account, stanza.Get, m.get)
	kit.HandleIQ(env, kit.Account, stanza.Set, func(context.Context, *kit.IQ, *wire.Card) (stanza.Payload, error) {
		return nil, stanza.Forbidden.With("a card is changed by its owner alone")
	})
	return m, nil
}

func (m *module) get(ctx context.Context, iq *kit.IQ, _ *wire.Card) (stanza.Payload, error) {
	b, ok, err := m.cards.Get(ctx, iq.Account.String())
	switch {
	case err != nil:
		return nil, err
	case ok:
		return wire.FromBytes(b), nil
	case iq.From.Bare() == iq.Account:
		return nil, stanza.ItemNotFound.With("there is no card yet")
	}
	return nil, stanza.ServiceUnavailable // as for an account that does not exist (XEP-0054#usecases)
}

func (m *module) change(ctx context.Context, iq *kit.IQ, card *wire.Card) (stanza.Payload, error) {
	write := func(tx store.Tx) error { return m.PutCard(tx, iq.Account, card.Bytes()) }
	if m.set != nil {
		return nil, m.set(ctx, iq.Account, write)
	}
	return nil, m.db.Update(ctx, write)
}

// WhenSet has f carry out what a client writes, in a transaction of f's, so that something else can be stored together
// with the card. For use at start.
func (m *module) WhenSet(f func(ctx context.Context, owner jid.Bare, write func(store.Tx) error) error) {
	m.set = f
}

// Card returns the card of an account, and whether there is one.
func (m *module) Card(tx store.Tx, owner jid.Bare) ([]byte, bool, error) {
	return m.cards.In(tx).Get(owner.String())
}

// PutCard stores a card. One that is too large is refused.
func (m *module) PutCard(tx store.Tx, owner jid.Bare, card []byte) error {
	if len(card) > int(m.cfg.Max) {
		return stanza.PolicyViolation.With(fmt.Sprintf("the card has %d bytes; there may be %d", len(card), m.cfg.Max))
	}
	return m.cards.In(tx).Put(owner.String(), card)
}
