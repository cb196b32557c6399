package pep

import (
	"context"
	"slices"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/mod/pubsub"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/caps"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// interests is what a session's client wants.
var interests = kit.NewVar[*interest]("pep")

// both says whether two accounts share presence with each other, which is what notifications without subscription need
// (XEP-0060#filtered-notifications).
func both(s roster.State) bool { return s.Has(roster.From) && s.Has(roster.To) }

// Audience implements pubsub.Rules: the owner's own sessions, those of contacts, and of clients elsewhere those that are
// available to the owner, as far as they want to (XEP-0163#notify).
func (m *module) Audience(ctx context.Context, n *pubsub.Notice, tell func(jid.JID)) {
	m.sessions(n.Host, n.Node, tell)
	blocked := m.blocker(ctx, n.Host)
	contacts, err := m.contacts.Contacts(ctx, n.Host)
	if err != nil {
		m.env.Log.Error("reading a roster", "jid", n.Host, "err", err)
	}
	for i := range contacts {
		c := &contacts[i]
		if !both(c.State) || !m.env.Serves(c.JID.Domain()) {
			continue
		}
		var there []jid.JID
		m.sessions(c.JID, n.Node, func(to jid.JID) { there = append(there, to) })
		if len(there) == 0 || blocked(c.JID.JID()) || !n.Admits(ctx, c.JID) {
			continue
		}
		for _, to := range there {
			tell(to)
		}
	}
	for _, to := range m.near.interested(n.Host, n.Node) {
		if !blocked(to) && n.Admits(ctx, to.Bare()) {
			tell(to)
		}
	}
}

// sessions calls tell for the available sessions of an account here that want to be notified of a node.
func (m *module) sessions(account jid.Bare, node string, tell func(jid.JID)) {
	for _, x := range m.env.Router.Sessions(account) {
		if x.Presence() != nil && interests.Value(x).in(node) {
			tell(x.JID().JID())
		}
	}
}

// blocker returns who is blocked by an account; everybody, when that cannot be said.
func (m *module) blocker(ctx context.Context, owner jid.Bare) func(jid.JID) bool {
	if m.blocks == nil {
		return func(jid.JID) bool { return false }
	}
	f, err := m.blocks.Blocker(ctx, owner)
	switch {
	case err != nil:
		m.env.Log.Error("reading a list of blocked addresses", "jid", owner, "err", err)
		return func(jid.JID) bool { return true }
	case f == nil:
		return func(jid.JID) bool { return false }
	}
	return f
}

// presence learns what a session's client wants, and sends it the last items of what it has not wanted before
// (XEP-0163#notify-last).
func (m *module) presence(ctx context.Context, ev *kit.PresenceEvent) {
	x := ev.Session
	if ev.Now == nil {
		interests.Set(x, nil)
		return
	}
	m.announced(ctx, x, capsOf(ev.Now))
}

// resumed learns what is no longer known after a restart of the server.
func (m *module) resumed(ctx context.Context, ev *kit.SessionEvent) {
	if p := ev.Session.Presence(); p != nil && interests.Value(ev.Session) == nil {
		m.announced(ctx, ev.Session, capsOf(p))
	}
}

func (m *module) announced(ctx context.Context, x kit.Session, c caps.Caps) {
	was := interests.Value(x)
	if c == (caps.Caps{}) {
		interests.Set(x, nil)
		return
	}
	if was != nil && was.caps == c {
		return
	}
	now := &interest{caps: c}
	interests.Set(x, now)
	ctx = context.WithoutCancel(ctx)
	m.resolver.resolve(ctx, x.JID().Bare(), x.JID().JID(), c, func(w wants) {
		if interests.Value(x) == now {
			now.known.Store(&w)
			m.catchUp(ctx, x, fresh(w, was))
		}
	})
}

// fresh are the nodes in w that were not wanted before, in order.
func fresh(w wants, was *interest) []string {
	var out []string
	for node := range w {
		if !was.in(node) {
			out = append(out, node)
		}
	}
	slices.Sort(out)
	return out
}

// catchUp sends a session the last items of its own account and of its contacts here. Contacts' servers elsewhere do that
// themselves when they get its presence.
func (m *module) catchUp(ctx context.Context, x kit.Session, nodes []string) {
	if len(nodes) == 0 {
		return
	}
	owner, to := x.JID().Bare(), x.JID().JID()
	m.engine.SendLast(ctx, owner, nodes, to)
	contacts, err := m.contacts.Contacts(ctx, owner)
	if err != nil {
		m.env.Log.Error("reading a roster", "jid", owner, "err", err)
		return
	}
	for i := range contacts {
		c := &contacts[i]
		if both(c.State) && m.env.Serves(c.JID.Domain()) && !m.blocker(ctx, c.JID)(to) {
			m.engine.SendLast(ctx, c.JID, nodes, to)
		}
	}
}

// approved sends the last items of two accounts here to each other's sessions, once both are subscribed to each other:
// from is about to be noted as granted in the roster of account, and is in that of the other already
// (XEP-0060#impl-notify, case 5).
func (m *module) approved(ctx context.Context, account, from jid.Bare) error {
	theirs, err := m.contacts.State(ctx, from, account)
	if err != nil || !both(theirs) {
		return err
	}
	m.introduce(ctx, from, account)
	m.introduce(ctx, account, from)
	return nil
}

// introduce sends the last items of an account to the sessions of another.
func (m *module) introduce(ctx context.Context, owner, to jid.Bare) {
	if m.blocker(ctx, owner)(to.JID()) {
		return
	}
	for _, x := range m.env.Router.Sessions(to) {
		i := interests.Value(x)
		if i == nil || x.Presence() == nil {
			continue
		}
		if w := i.known.Load(); w != nil {
			m.engine.SendLast(ctx, owner, fresh(*w, nil), x.JID().JID())
		}
	}
}

// neighbour learns of clients elsewhere that are available to an account, and sends them its last items.
func (m *module) neighbour(ctx context.Context, ev *kit.ToAccount) error {
	s := ev.Stanza
	switch here := m.env.Serves(s.From.Domain()); {
	case s.Kind != stanza.Presence:
		return nil
	case here && s.Type == stanza.Subscribed:
		return m.approved(ctx, ev.Account, s.From.Bare())
	case here || !s.To.IsBare() || !s.From.IsFull():
		return nil
	}
	switch s.Type {
	case stanza.Unavailable, stanza.TypeError:
		m.near.part(ev.Account, s.From)
		return nil
	case stanza.Available:
	default:
		return nil
	}
	c := capsOf(s)
	if c == (caps.Caps{}) {
		m.near.part(ev.Account, s.From)
		return nil
	}
	state, err := m.contacts.State(ctx, ev.Account, s.From.Bare())
	if err != nil || !state.Has(roster.From) { // who does not see the account's presence subscribes
		return err
	}
	now, was := m.near.meet(ev.Account, s.From, c)
	if now == nil {
		return nil
	}
	account, who := ev.Account.Clone(), s.From.Clone()
	ctx = context.WithoutCancel(ctx)
	m.resolver.resolve(ctx, account, who, c, func(w wants) {
		if !m.near.still(account, who, now) {
			return
		}
		now.known.Store(&w)
		if nodes := fresh(w, was); len(nodes) > 0 && !m.blocker(ctx, account)(who) {
			m.engine.SendLast(ctx, account, nodes, who)
		}
	})
	return nil
}
