// Package csi spares inactive clients what can wait (XEP-0352): of presence they get the latest per sender, chat states
// not at all, other unimportant things when something important comes, or when they are active again.
//
// What is kept back is kept with the session (state.go), in an order that senders can rely on: before anything important
// joins the session's queue, all that was kept back does. It stays while the session has no stream, and goes over a restart
// of the server with the session; a session that is resumed is active (XEP-0352#stream-resumption). Messages between
// people are never kept back, only presence, and messages that xep/content says can wait: nobody's acknowledgement waits
// for them. Start reading at module.pass.
//
// Locks: each state has one. Only kit.Session.Queue is called under it.
package csi

import (
	"context"
	"sync/atomic"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/content"
	wire "github.com/stonechat-im/stonechat/xep/csi"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name:  "csi",
	Specs: []spec.Spec{{XEP: 352, Version: "1.0.0", Status: spec.Complete, Since: "0.1"}},
}, Config{Presence: true, ChatStates: true, Events: true, Max: 500}, New)

// Config is the [csi] section.
type Config struct {
	// Presence keeps presence back from inactive clients, and all but the latest of each contact for good.
	Presence bool
	// ChatStates keeps it from inactive clients that somebody is typing.
	ChatStates bool
	// Events keeps notifications back from inactive clients, such as those of what somebody listens to.
	Events bool
	// Max is how many stanzas are kept back for one client; with more, all are delivered.
	Max int
}

// Check implements kit.Checker.
func (c Config) Check() error {
	if c.Max < 1 {
		return &kit.ConfigError{Key: "max", Text: "must be at least 1"}
	}
	return nil
}

type module struct {
	cfg Config
	// What clients did not have to receive, since the start.
	savedStanzas, savedBytes atomic.Uint64
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{cfg: cfg}
	kit.AddFeature(env, func(w *elem.Writer) { w.Elem(wire.NS, wire.Feature.Local, "") })
	kit.HandleNonza(env, wire.Inactive, func(_ context.Context, s kit.Session, _ elem.Elem) error {
		stateOf(s).set(s, true)
		return nil
	})
	kit.HandleNonza(env, wire.Active, func(_ context.Context, s kit.Session, _ elem.Elem) error {
		activate(s)
		return nil
	})
	kit.On(env, &env.Points.ToSession, hook.Deliver, m.pass)
	kit.Tell(env, &env.Points.Resumed, func(_ context.Context, ev *kit.SessionEvent) { activate(ev.Session) })
	return m, nil
}

// activate delivers what was kept back and keeps nothing back any more.
func activate(s kit.Session) {
	if x, ok := states.Get(s); ok && x != nil {
		x.set(s, false)
	}
}

// Saved is how many stanzas, and bytes of them, inactive clients did not have to receive since the start: presence that was
// out of date, and chat states.
func (m *module) Saved() (stanzas, bytes uint64) { return m.savedStanzas.Load(), m.savedBytes.Load() }

// Inactive says whether a session's client is inactive.
func (m *module) Inactive(s kit.Session) bool {
	x, ok := states.Get(s)
	return ok && x != nil && x.inactive()
}

// pass decides about a stanza for an inactive client.
func (m *module) pass(_ context.Context, ev *kit.ToSession) error {
	x, ok := states.Get(ev.Session)
	if !ok || x == nil || !x.inactive() {
		return nil
	}
	switch m.hold(ev.Stanza) {
	case content.Drop:
		m.saved(ev.Stanza)
		return hook.Stop
	case content.Later:
		kept, old := x.keep(ev.Session, ev.Stanza, m.cfg.Max)
		if old != nil {
			m.saved(old)
		}
		if !kept {
			return nil
		}
		return hook.Stop
	}
	x.flush(ev.Session)
	return nil
}

func (m *module) saved(s *stanza.Stanza) {
	m.savedStanzas.Add(1)
	m.savedBytes.Add(uint64(len(s.AppendTo(nil))))
}

// hold says what can wait. Presence that is about more than availability cannot, nor that of a room about the client
// itself (XEP-0045#enter-pres, code 110).
func (m *module) hold(s *stanza.Stanza) content.Hold {
	switch s.Kind {
	case stanza.Presence:
		if !m.cfg.Presence || s.Type != stanza.Available && s.Type != stanza.Unavailable || aboutOneself(s) {
			return content.Now
		}
		return content.Later
	case stanza.Message:
		if s.Type == stanza.TypeError {
			return content.Now
		}
		h := content.Of(s).Hold()
		if h == content.Drop && !m.cfg.ChatStates || h == content.Later && !m.cfg.Events {
			return content.Now
		}
		return h
	}
	return content.Now
}

const nsRoom = "http://jabber.org/protocol/muc#user"

func aboutOneself(s *stanza.Stanza) bool {
	for c := range s.Child(nsRoom, "x").Children() {
		if c.Is(nsRoom, "status") && c.Attr("code") == "110" {
			return true
		}
	}
	return false
}
