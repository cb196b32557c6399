package presence

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/delay"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// available broadcasts a session's presence (RFC 6121 §4.2, §4.4). Initial presence also asks for that of others.
func (m *module) available(ctx context.Context, x kit.Session, s *stanza.Stanza) error {
	priority, err := priorityOf(s)
	if err != nil {
		return err
	}
	owner, l := x.JID().Bare(), liveOf(x)
	if _, err := m.roster.Contacts(ctx, owner); err != nil {
		return err
	}
	was, ok := l.begin(x, stamped(x, s), priority)
	if !ok {
		return nil
	}
	contacts, err := m.roster.Contacts(ctx, owner) // again: who was approved before begin was not sent this presence
	if err != nil {
		return err
	}
	m.broadcast(ctx, x, s, contacts)
	if was == nil {
		m.arrive(ctx, x, contacts)
	}
	m.env.Points.Presence.Tell(ctx, &kit.PresenceEvent{Session: x, Was: was, Now: s})
	if l.over() { // it ended while we told everybody that it is there
		m.broadcast(ctx, x, gone(x), contacts)
	}
	return nil
}

// priorityOf reads the priority (RFC 6121 §4.7.2.3).
func priorityOf(s *stanza.Stanza) (int8, error) {
	e := s.Child(stanza.NSClient, "priority")
	if !e.Ok() {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(e.Text()), 10, 8)
	if err != nil {
		return 0, stanza.BadRequest.With("a priority is a whole number from -128 to 127")
	}
	return int8(n), nil
}

// stamped is the presence as late comers get it: with the time at which it was sent (XEP-0203#protocol). It shares no
// memory with what came in, because it is kept for long.
func stamped(x kit.Session, s *stanza.Stanza) *stanza.Stanza {
	var p *stanza.Stanza
	if s.Has(delay.NS, "delay") {
		p = s.With()
	} else {
		p = s.With(&delay.Delay{From: x.JID().JID(), Stamp: time.Now().Truncate(time.Millisecond)})
	}
	p.From, p.Custody = x.JID().JID(), nil
	p.ID, p.Lang = strings.Clone(s.ID), strings.Clone(s.Lang)
	return p.Index()
}

// broadcast sends presence to all who are subscribed to it, and to the account's own sessions, the sender's included (RFC
// 6121 §4.2.2, §4.4.2, §4.5.2).
func (m *module) broadcast(ctx context.Context, x kit.Session, s *stanza.Stanza, contacts []roster.Contact) {
	from, owner := x.JID().JID(), x.JID().Bare()
	own := s.Readdress(from, owner.JID())
	x.Send(ctx, own)
	for _, other := range m.env.Router.Sessions(owner) {
		if other != x && other.Presence() != nil {
			other.Send(ctx, own)
		}
	}
	blocked := m.blocked(ctx, owner)
	for i := range contacts {
		if contacts[i].State.Has(roster.From) && !blocked(contacts[i].JID.JID()) {
			m.env.Router.Route(ctx, s.Readdress(from, contacts[i].JID.JID()))
		}
	}
}

// arrive tells a session that has just become available what it missed: its account's other sessions, its contacts, and
// requests that wait for an answer.
func (m *module) arrive(ctx context.Context, x kit.Session, contacts []roster.Contact) {
	owner := x.JID().Bare()
	for _, other := range m.env.Router.Sessions(owner) {
		if p := other.Presence(); p != nil && other != x {
			x.Send(ctx, p.Readdress(other.JID().JID(), owner.JID()))
		}
	}
	blocked := m.blocked(ctx, owner)
	for i := range contacts {
		contact, state := contacts[i].JID, contacts[i].State
		if blocked(contact.JID()) {
			continue
		}
		if state.Has(roster.To) {
			m.ask(ctx, x, contact)
		}
		if state.Has(roster.PendingIn) {
			m.remind(ctx, x, contact)
		}
		if state.Has(roster.PendingOut) && !m.env.Router.Local(contact.Domain()) { // §3.1.2: it may have been lost
			m.route(ctx, stanza.Subscribe, owner.JID(), contact.JID(), "")
		}
	}
}

// leave ends a session's presence; s is the client's unavailable presence or one of our making (RFC 6121 §4.5.2).
func (m *module) leave(ctx context.Context, x kit.Session, s *stanza.Stanza) {
	was, directed := liveOf(x).stop(x, false)
	m.farewell(ctx, x, s, was, directed)
}

// ended is leave for a session that is gone, when it has not said so itself.
func (m *module) ended(ctx context.Context, ev *kit.SessionEvent) {
	x := ev.Session
	was, directed := liveOf(x).stop(x, true)
	m.farewell(ctx, x, gone(x), was, directed)
}

func gone(x kit.Session) *stanza.Stanza {
	return stanza.New(stanza.Presence, stanza.Unavailable, x.JID().JID(), jid.JID{}, "")
}

func (m *module) farewell(ctx context.Context, x kit.Session, s, was *stanza.Stanza, directed []jid.JID) {
	if was == nil && len(directed) == 0 {
		return
	}
	contacts, err := m.roster.Contacts(ctx, x.JID().Bare())
	if err != nil { // who was sent presence directly can still be told
		m.env.Log.Error("reading a roster to say that a session has gone", "jid", x.JID(), "err", err)
	}
	if was != nil {
		m.broadcast(ctx, x, s, contacts)
	}
	blocked := m.blocked(ctx, x.JID().Bare())
	for _, j := range directed {
		if blocked(j) {
			continue
		}
		if was == nil || !find(contacts, j.Bare()).Has(roster.From) {
			m.env.Router.Route(ctx, s.Readdress(x.JID().JID(), j))
		}
	}
	if was != nil {
		m.env.Points.Presence.Tell(ctx, &kit.PresenceEvent{Session: x, Was: was})
	}
}

// blocked says whom an account blocks: they get no presence from it (XEP-0191#block). When that cannot be found out, it is
// everybody.
func (m *module) blocked(ctx context.Context, owner jid.Bare) func(jid.JID) bool {
	if m.blocks == nil {
		return func(jid.JID) bool { return false }
	}
	f, err := m.blocks.Blocker(ctx, owner)
	switch {
	case err != nil:
		m.env.Log.Error("reading a block list", "jid", owner, "err", err)
		return func(jid.JID) bool { return true }
	case f == nil:
		return func(jid.JID) bool { return false }
	}
	return f
}

func find(contacts []roster.Contact, b jid.Bare) roster.State {
	for i := range contacts {
		if contacts[i].JID == b {
			return contacts[i].State
		}
	}
	return 0
}
