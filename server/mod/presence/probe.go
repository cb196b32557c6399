package presence

import (
	"context"
	"time"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/delay"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// probe answers a probe that reached an account of ours (RFC 6121 §4.3.2).
func (m *module) probe(ctx context.Context, account jid.Bare, s *stanza.Stanza) error {
	asker := s.From.Bare()
	allowed := asker == account
	if !allowed {
		state, err := m.roster.State(ctx, account, asker)
		if err != nil {
			return err
		}
		allowed = state.Has(roster.From)
	}
	full, one := s.To.Full()
	switch {
	case one:
		m.probeOne(ctx, full, s, allowed)
	case !allowed: // rule 1; the address is bare so that nothing leaks
		m.route(ctx, stanza.Unsubscribed, account.JID(), asker.JID(), s.ID)
	default:
		m.show(ctx, account, s.From, s.ID)
	}
	return hook.Stop
}

// probeOne answers a probe to one resource: with the bare fact, and only to those who see its presence or were sent it
// directly (RFC 6121 §4.3.2, §4.6.6).
func (m *module) probeOne(ctx context.Context, full jid.Full, s *stanza.Stanza, allowed bool) {
	x, there := m.env.Router.Session(full)
	asker := s.From.Bare()
	switch {
	case there && allowed && x.Presence() != nil, there && liveOf(x).sees(asker):
		m.route(ctx, stanza.Available, full.JID(), s.From, "")
	case allowed:
		m.route(ctx, stanza.Unavailable, full.JID(), s.From, s.ID)
	default:
		m.route(ctx, stanza.Unsubscribed, full.Bare().JID(), asker.JID(), s.ID)
	}
}

// show sends the presence of all available sessions of an account to somebody who may see it, or that there are none. id
// is that of the probe, for the latter (RFC 6121 §4.3.2.1).
func (m *module) show(ctx context.Context, account jid.Bare, to jid.JID, id string) {
	if !m.current(account, func(p *stanza.Stanza, from jid.Full) {
		m.env.Router.Route(ctx, p.Readdress(from.JID(), to))
	}) {
		m.env.Router.Route(ctx, m.absence(ctx, account, to, id))
	}
}

// absence is the presence of an account without available sessions, with the time since when, if that is known (RFC 6121
// §4.3.2, rule 3).
func (m *module) absence(ctx context.Context, account jid.Bare, to jid.JID, id string) *stanza.Stanza {
	s := stanza.New(stanza.Presence, stanza.Unavailable, account.JID(), to, id)
	if m.past == nil {
		return s
	}
	at, ok, err := m.past.LastPresence(ctx, account)
	if err != nil {
		m.env.Log.Error("looking up when somebody was last available", "jid", account, "err", err)
	}
	if !ok || err != nil {
		return s
	}
	return s.With(&delay.Delay{From: account.JID(), Stamp: at.Truncate(time.Second)})
}

// hide sends unavailable presence from all sessions of an account to a contact who loses sight of them (RFC 6121 §3.2.2,
// §3.3.3). It is the end of presence that was sent directly, too (§4.6.1).
func (m *module) hide(ctx context.Context, account, contact jid.Bare) {
	for _, x := range m.env.Router.Sessions(account) {
		dropped := liveOf(x).drop(func(j jid.JID) bool { return j.Bare() == contact })
		if x.Presence() != nil {
			m.route(ctx, stanza.Unavailable, x.JID().JID(), contact.JID(), "")
			continue
		}
		for _, j := range dropped {
			m.route(ctx, stanza.Unavailable, x.JID().JID(), j, "")
		}
	}
}

// current calls f for the presence of each available session; false when there is none.
func (m *module) current(account jid.Bare, f func(p *stanza.Stanza, from jid.Full)) bool {
	any := false
	for _, x := range m.env.Router.Sessions(account) {
		if p := x.Presence(); p != nil {
			f(p, x.JID())
			any = true
		}
	}
	return any
}

// ask gets the presence of a contact for a session that has become available. A contact of this realm needs no probe
// (RFC 6121 §4.3.1): the session is told what a probe would have told it, and the account's other sessions, which know,
// are not.
func (m *module) ask(ctx context.Context, x kit.Session, contact jid.Bare) {
	owner := x.JID().Bare()
	if !m.env.Serves(contact.Domain()) || contact.Local() == "" {
		m.route(ctx, stanza.Probe, owner.JID(), contact.JID(), "")
		return
	}
	there, err := m.env.Accounts.Exists(ctx, contact)
	if err == nil && there {
		var state roster.State
		if state, err = m.roster.State(ctx, contact, owner); err == nil && state.Has(roster.From) {
			m.tellOne(ctx, x, contact)
			return
		}
	}
	if err != nil {
		m.env.Log.Error("asking for the presence of a contact", "jid", owner, "contact", contact, "err", err)
		return
	}
	m.route(ctx, stanza.Probe, owner.JID(), contact.JID(), "") // the answer changes the roster
}

// tellOne gives one session the presence of a contact, by way of what guards its account.
func (m *module) tellOne(ctx context.Context, x kit.Session, contact jid.Bare) {
	owner := x.JID().Bare()
	tell := func(s *stanza.Stanza) {
		ev := kit.ToAccount{Account: owner, Stanza: s}
		if m.env.Points.ToAccount.Run(ctx, &ev) == nil {
			x.Send(ctx, ev.Stanza)
		}
	}
	if !m.current(contact, func(p *stanza.Stanza, from jid.Full) { tell(p.Readdress(from.JID(), owner.JID())) }) {
		tell(m.absence(ctx, contact, owner.JID(), ""))
	}
}

// remind delivers a request that waits for its answer (RFC 6121 §3.1.3, rule 4).
func (m *module) remind(ctx context.Context, x kit.Session, contact jid.Bare) {
	raw, err := m.roster.Request(ctx, x.JID().Bare(), contact)
	if err != nil || raw == nil { // answered meanwhile
		if err != nil {
			m.env.Log.Error("reading a subscription request", "jid", x.JID(), "contact", contact, "err", err)
		}
		return
	}
	s, err := stanza.Parse(raw)
	if err != nil {
		m.env.Log.Error("a stored subscription request cannot be read", "jid", x.JID(), "contact", contact, "err", err)
		return
	}
	x.Send(ctx, s)
}
