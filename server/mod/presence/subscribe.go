package presence

import (
	"context"
	"errors"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// subscription deals with a subscription stanza that a client sends (RFC 6121 §3.1.2, §3.1.5, §3.2.2, §3.3.2, §3.4.2):
// the roster first, then the push, then the stanza.
func (m *module) subscription(ctx context.Context, x kit.Session, s *stanza.Stanza) error {
	owner, contact := x.JID().Bare(), s.To.Bare()
	switch {
	case s.To.IsZero():
		return stanza.BadRequest.With("a subscription is addressed to somebody")
	case contact == owner:
		return hook.Stop // one always sees one's own presence
	}
	var r row
	was, _, err := m.roster.Change(ctx, owner, contact, func(state roster.State) roster.State {
		r = outbound(s.Type, state)
		return r.next
	}, nil, nil)
	if err != nil {
		return err
	}
	if !r.pass {
		return hook.Stop
	}
	if s.Type == stanza.Unsubscribed && was.Has(roster.From) { // §3.2.2: while the contact still sees
		m.hide(ctx, owner, contact)
	}
	out := s.Readdress(owner.JID(), contact.JID()) // §3: from the bare address
	out.Custody = s.Custody
	m.env.Router.Route(ctx, out)
	if s.Type == stanza.Subscribed { // §3.1.5
		m.current(owner, func(p *stanza.Stanza, from jid.Full) {
			m.env.Router.Route(ctx, p.Readdress(from.JID(), contact.JID()))
		})
	}
	return hook.Stop
}

// subscriptionIn deals with a subscription stanza for an account of ours (RFC 6121 §3.1.3, §3.1.6, §3.2.3, §3.3.3).
func (m *module) subscriptionIn(ctx context.Context, account jid.Bare, s *stanza.Stanza) error {
	contact := s.From.Bare()
	if contact == account {
		return hook.Stop
	}
	if full, ok := s.To.Full(); ok {
		if _, there := m.env.Router.Session(full); !there && s.Type != stanza.Subscribe {
			return hook.Stop // RFC 6121 §8.5.3.2.2
		}
	}
	s = s.Readdress(contact.JID(), account.JID())
	if s.Type == stanza.Subscribe {
		return m.requestIn(ctx, account, contact, s)
	}
	var r row
	was, _, err := m.roster.Change(ctx, account, contact, func(state roster.State) roster.State {
		r = inbound(s.Type, state)
		return r.next
	}, nil, func(_, _ roster.State) { // before the push (§3.1.6, §3.2.3, §3.3.3)
		m.deliver(ctx, account, s, m.roster.Interested)
	})
	if err != nil {
		return err
	}
	if s.Type == stanza.Unsubscribe && was.Has(roster.From) {
		m.hide(ctx, account, contact)
	}
	if r.reply != 0 {
		m.route(ctx, r.reply, account.JID(), contact.JID(), s.ID)
	}
	return hook.Stop
}

// requestIn deals with a request for a subscription.
func (m *module) requestIn(ctx context.Context, account, contact jid.Bare, s *stanza.Stanza) error {
	kept := s
	if len(s.Inner()) > int(m.cfg.RequestBytes) {
		kept = stanza.Raw(s.Kind, s.Type, s.From, s.To, s.ID, nil)
	}
	var r row
	_, _, err := m.roster.Change(ctx, account, contact, func(state roster.State) roster.State {
		r = inbound(s.Type, state)
		return r.next
	}, kept.AppendTo(nil), nil)
	if errors.Is(err, stanza.NotAcceptable) { // too many wait: this one was never here
		m.env.Log.Warn("dropping a subscription request: too many wait for an answer", "jid", account, "from", contact)
		return hook.Stop
	}
	if err != nil {
		return err
	}
	if r.reply != 0 { // granted before, or in advance
		m.route(ctx, r.reply, account.JID(), contact.JID(), s.ID)
		m.show(ctx, account, contact.JID(), "")
		return hook.Stop
	}
	m.route(ctx, stanza.Unavailable, account.JID(), contact.JID(), "") // §3.1.3, rule 3: it has arrived
	if r.pass {
		m.deliver(ctx, account, s, func(x kit.Session) bool { return x.Presence() != nil })
	}
	return hook.Stop
}

// deliver sends a stanza to those of an account's sessions for which it is meant.
func (m *module) deliver(ctx context.Context, account jid.Bare, s *stanza.Stanza, meant func(kit.Session) bool) {
	for _, x := range m.env.Router.Sessions(account) {
		if meant(x) {
			x.Send(ctx, s)
		}
	}
}

// contactRemoved ends the subscriptions with a contact that a client has removed (RFC 6121 §2.5.2).
func (m *module) contactRemoved(ctx context.Context, owner, contact jid.Bare, was roster.State) {
	if was.Has(roster.From) {
		m.hide(ctx, owner, contact)
	}
	m.cancel(ctx, owner, contact, was)
}

// cancel tells a contact that there is no subscription any more, and no request for one.
func (m *module) cancel(ctx context.Context, owner, contact jid.Bare, was roster.State) {
	if was&(roster.To|roster.PendingOut) != 0 {
		m.route(ctx, stanza.Unsubscribe, owner.JID(), contact.JID(), "")
	}
	if was.Has(roster.From) {
		m.route(ctx, stanza.Unsubscribed, owner.JID(), contact.JID(), "")
	}
}

// accountRemoved tells everybody that an account is no more, so that no roster keeps waiting for it. The roster is
// forgotten before the contacts' servers can answer.
func (m *module) accountRemoved(ctx context.Context, ev *kit.AccountEvent) {
	owner := ev.Account
	contacts, err := m.roster.Contacts(ctx, owner)
	if err != nil {
		m.env.Log.Error("reading the roster of an account that is being removed", "jid", owner, "err", err)
	}
	for _, x := range m.env.Router.Sessions(owner) {
		was, directed := liveOf(x).stop(x, true)
		m.farewell(ctx, x, gone(x), was, directed)
	}
	if err := m.roster.Clear(ctx, owner); err != nil {
		m.env.Log.Error("clearing a roster", "jid", owner, "err", err)
	}
	for i := range contacts {
		if contacts[i].State.Has(roster.PendingIn) { // a denial
			m.route(ctx, stanza.Unsubscribed, owner.JID(), contacts[i].JID.JID(), "")
		}
		m.cancel(ctx, owner, contacts[i].JID, contacts[i].State)
	}
}
