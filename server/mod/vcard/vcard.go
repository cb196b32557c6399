// Package vcard keeps people's cards (XEP-0054), byte for byte as they wrote them. Anybody may read one, its owner alone
// may write it. The state is in the store.
package vcard

import (
	"context"
	"fmt"

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
	cards store.KV[[]byte]
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{cfg, store.OpenKV[[]byte](env.Store, "vcard")}
	kit.HandleIQ(env, kit.OwnAccount, stanza.Get, m.get)
	kit.HandleIQ(env, kit.OwnAccount, stanza.Set, m.set)
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

func (m *module) set(ctx context.Context, iq *kit.IQ, card *wire.Card) (stanza.Payload, error) {
	if n := len(card.Bytes()); n > int(m.cfg.Max) {
		return nil, stanza.PolicyViolation.With(fmt.Sprintf("the card has %d bytes; there may be %d", n, m.cfg.Max))
	}
	return nil, m.cards.Put(ctx, iq.Account.String(), card.Bytes())
}
