package carbons

import (
	"context"
	"slices"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/carbons"
	"github.com/stonechat-im/stonechat/xep/content"
	"github.com/stonechat-im/stonechat/xep/forward"
	"github.com/stonechat-im/stonechat/xep/stanzaid"
)

// sent copies what a session sends to the others (XEP-0280#outbound). What it sends to its own account is copied where it
// arrives, so that nobody gets it twice.
func (m *module) sent(ctx context.Context, ev *kit.FromClient) error {
	s := ev.Stanza
	if s.Kind != stanza.Message || s.To.IsZero() {
		return nil
	}
	account := s.From.Bare()
	if s.To.Bare() == account {
		return nil
	}
	others := m.others(account, func(x kit.Session) bool { return x == ev.Session })
	if len(others) == 0 || !m.eligible(account, s, true) {
		return nil
	}
	if ev.Archived != "" { // XEP-0313#archives_id
		s = s.With(&stanzaid.StanzaID{ID: ev.Archived, By: account.String()})
	}
	copyTo(ctx, account, others, s, true)
	return nil
}

// received copies what reaches an account to those of its sessions that do not get it anyway (XEP-0280#inbound).
func (m *module) received(ctx context.Context, ev *kit.ToAccount) error {
	s, account := ev.Stanza, ev.Account
	if s.Kind != stanza.Message {
		return nil
	}
	sessions := m.env.Router.Sessions(account)
	if !slices.ContainsFunc(sessions, wants) {
		return nil // most messages end here, and cost nothing
	}
	if len(sessions) == 1 && (s.To.IsBare() || sessions[0].JID().JID() == s.To) {
		return nil
	}
	gets, delivered := m.recipients(sessions, s)
	if !delivered {
		return nil
	}
	others := m.others(account, func(x kit.Session) bool { return gets(x) || x.JID().JID() == s.From })
	if len(others) == 0 || !m.eligible(account, s, false) {
		return nil
	}
	copyTo(ctx, account, others, s, false)
	return nil
}

func wants(x kit.Session) bool { return wanted.Value(x) }

// others lists the sessions of an account that want copies, without those that have the message itself.
func (m *module) others(account jid.Bare, has func(kit.Session) bool) []kit.Session {
	var out []kit.Session
	for _, x := range m.env.Router.Sessions(account) {
		if wants(x) && !has(x) {
			out = append(out, x)
		}
	}
	return out
}

// recipients says which sessions a message is delivered to by RFC 6121 §8.5; delivered is false when it will be refused.
func (m *module) recipients(sessions []kit.Session, s *stanza.Stanza) (gets func(kit.Session) bool, delivered bool) {
	if full, one := s.To.Full(); one {
		for _, x := range sessions {
			if x.JID() == full { // §8.5.3.1
				return func(y kit.Session) bool { return y == x }, true
			}
		}
		if s.Type != stanza.Chat { // §8.5.3.2.1
			return nil, false
		}
	}
	least := int8(0)
	for _, x := range sessions {
		if x.Presence() != nil {
			least = max(least, x.Priority())
		}
	}
	return func(x kit.Session) bool { return x.Presence() != nil && x.Priority() >= least }, true // §8.5.2.1.1
}

// eligible carries out XEP-0280#recommended-rules, and remembers the messages that are copied: an error is, when it answers
// one of them.
func (m *module) eligible(account jid.Bare, s *stanza.Stanza, sent bool) bool {
	peer := s.From
	if sent {
		peer = s.To
	}
	if s.Type == stanza.TypeError {
		return m.trace.has(account, entry{peer.Bare(), s.ID, !sent})
	}
	set := content.Of(s)
	if !set.Copy(s.Type) {
		return false
	}
	// A private message in a room reaches all sessions that are in it by way of the room.
	if !sent && set.Has(content.Room) && !set.Has(content.Invitation) && !s.From.IsBare() {
		return false
	}
	m.trace.add(account, entry{peer.Bare(), s.ID, sent})
	return true
}

func copyTo(ctx context.Context, account jid.Bare, to []kit.Session, s *stanza.Stanza, sent bool) {
	c := stanza.New(stanza.Message, s.Type, account.JID(), jid.JID{}, "", &wire.Copy{Sent: sent, Forwarded: forward.Forwarded{Stanza: s}})
	c.Index()
	for _, x := range to {
		x.Send(ctx, c.Readdress(account.JID(), x.JID().JID()))
	}
}
