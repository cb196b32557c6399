// Package ping answers pings to the host and to accounts (XEP-0199). It has no state. Asking silent clients whether they
// are there is the listener's business: server/c2s.
package ping

import (
	"context"

	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/ping"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name:    "ping",
	Specs:   []spec.Spec{{XEP: 199, Version: "2.0.1", Status: spec.Complete, Since: "0.1"}},
	Host:    []string{wire.NS},
	Account: []string{wire.NS},
}, Config{}, New)

// Config is the [ping] section; there is nothing to set.
type Config struct{}

// New ties the module into a realm.
func New(env *kit.Env, _ Config) (kit.Module, error) {
	pong := func(context.Context, *kit.IQ, *wire.Ping) (stanza.Payload, error) { return nil, nil }
	kit.HandleIQ(env, kit.Server, stanza.Get, pong)
	kit.HandleIQ(env, kit.Account, stanza.Get, pong)
	return nil, nil
}
