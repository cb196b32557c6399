// Package carbons copies what one session of an account sends and receives to those of its sessions that asked for that
// (XEP-0280), so that all of them see both sides of every conversation.
//
// Which messages are copied is the business of xep/content, apart from what depends on where a message comes from
// (copies.go). That a session wants copies is kept with the session, and follows it over a resumption. In memory there is
// also, for accounts with such sessions, a short list of what was copied lately, because errors are copied where the
// message was (trace.go; one lock for all, held for a moment).
package carbons

import (
	"context"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/carbons"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name:    "carbons",
	Specs:   []spec.Spec{{XEP: 280, Version: "1.0.1", Status: spec.Complete, Since: "0.1"}},
	Host:    []string{wire.NS, wire.NSRules},
	Account: []string{wire.NS, wire.NSRules},
}, Config{}, New)

// Config is the [carbons] section; there is nothing to set.
type Config struct{}

type module struct {
	env   *kit.Env
	trace trace
}

// wanted marks the sessions that asked for copies.
var wanted = kit.NewVar[bool]("carbons").Kept()

// New ties the module into a realm.
func New(env *kit.Env, _ Config) (kit.Module, error) {
	m := &module{env: env, trace: trace{all: make(map[jid.Bare]*recent)}}
	kit.HandleIQ(env, kit.Account, stanza.Set, func(_ context.Context, iq *kit.IQ, _ *wire.Enable) (stanza.Payload, error) {
		return nil, m.want(iq, true)
	})
	kit.HandleIQ(env, kit.Account, stanza.Set, func(_ context.Context, iq *kit.IQ, _ *wire.Disable) (stanza.Payload, error) {
		return nil, m.want(iq, false)
	})
	kit.On(env, &env.Points.ToAccount, hook.Rewrite, stripForged)
	kit.On(env, &env.Points.FromClient, hook.Copy, m.sent)
	kit.On(env, &env.Points.ToAccount, hook.Copy, m.received)
	kit.Tell(env, &env.Points.Ended, m.ended)
	return m, nil
}

// want turns copies for a session on or off. Doing so again is no error (XEP-0280#bizrules-multi).
func (m *module) want(iq *kit.IQ, yes bool) error {
	if iq.Session == nil || iq.From.Bare() != iq.Account {
		return stanza.NotAllowed // XEP-0280#enabling-errors, #disabling-errors
	}
	wanted.Set(iq.Session, yes)
	return nil
}

// stripForged takes away what claims to be a copy: ours do not come this way (XEP-0280#security).
func stripForged(_ context.Context, ev *kit.ToAccount) error {
	if ev.Stanza.Kind == stanza.Message {
		ev.Stanza = ev.Stanza.Without(func(e elem.Elem) bool { return wire.IsCopy(e) })
	}
	return nil
}

func (m *module) ended(_ context.Context, ev *kit.SessionEvent) {
	if account := ev.Session.JID().Bare(); len(m.env.Router.Sessions(account)) == 0 {
		m.trace.forget(account)
	}
}
