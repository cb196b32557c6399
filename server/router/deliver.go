package router

import (
	"context"
	"errors"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/session"
	"github.com/stonechat-im/stonechat/stanza"
)

// toAccount carries out RFC 6121 §8.5 for an account of ours.
func (r *Router) toAccount(ctx context.Context, realm *kit.Realm, s *stanza.Stanza) {
	account := s.To.Bare()
	sessions := r.Table.Of(account)
	if len(sessions) == 0 {
		exists, err := realm.Accounts.Exists(ctx, account)
		if err != nil {
			r.Log.Error("looking up an account", "jid", account, "err", err)
			r.bounce(ctx, s, stanza.InternalServerError.With(""))
			return
		}
		if !exists {
			r.noSuchUser(ctx, realm, s)
			return
		}
	}
	if s.Kind == stanza.IQ && s.To.IsBare() { // §8.5.2.1.3, §8.5.2.2.3: the server answers for the account
		target := kit.OwnAccount
		if s.From.Bare() != account {
			target = kit.Account
			if s.Type == stanza.Get || s.Type == stanza.Set {
				if err := realm.Points.Asked.Run(ctx, &kit.Asked{Account: account, Stanza: s}); err != nil {
					r.refused(ctx, s, err)
					return
				}
			}
		}
		r.answer(ctx, realm, target, s)
		return
	}
	ev := toAccounts.Get().(*kit.ToAccount)
	ev.Account, ev.Stanza = account, s
	err := realm.Points.ToAccount.Run(ctx, ev)
	s = ev.Stanza
	*ev = kit.ToAccount{}
	toAccounts.Put(ev)
	if err != nil {
		r.refused(ctx, s, err)
		return
	}
	s.Index() // from here on several goroutines may look at it
	if full, ok := s.To.Full(); ok {
		for _, x := range sessions {
			if x.JID() == full && x.Offer(ctx, s) { // §8.5.3.1
				return
			}
		}
	}
	switch s.Kind {
	case stanza.Message:
		r.message(ctx, realm, account, sessions, s)
	case stanza.Presence:
		// §8.5.2.1.2; errors answer subscriptions and probes, which are sent from the bare address (§3.1.2)
		if s.To.IsBare() && (s.Type == stanza.Available || s.Type == stanza.Unavailable || s.Type == stanza.TypeError) {
			for _, x := range sessions {
				if _, available := x.Reach(); available {
					x.Offer(ctx, s)
				}
			}
		}
	case stanza.IQ: // §8.5.3.2.3
		r.bounce(ctx, s, stanza.ServiceUnavailable.With(""))
	}
}

// refused bounces what a handler refused; hook.Stop means that it took the stanza.
func (r *Router) refused(ctx context.Context, s *stanza.Stanza, err error) {
	if errors.Is(err, hook.Stop) {
		return
	}
	se, meant := stanza.AsError(err)
	if !meant {
		r.Log.Error("handling a stanza", "to", s.To, "id", s.ID, "err", err)
	}
	r.bounce(ctx, s, se)
}

// noSuchUser is RFC 6121 §8.5.1. A removed account answers so that rosters elsewhere heal; see docs/deviations.md.
func (r *Router) noSuchUser(ctx context.Context, realm *kit.Realm, s *stanza.Stanza) {
	switch {
	case s.Kind == stanza.IQ && s.To.IsBare():
		r.answer(ctx, realm, kit.NoAccount, s)
	case s.Kind == stanza.IQ, s.Kind == stanza.Message && s.Type != stanza.Headline:
		r.bounce(ctx, s, stanza.ServiceUnavailable.With(""))
	case s.Kind == stanza.Presence && s.Type == stanza.Probe:
		account := s.To.Bare()
		if gone, err := realm.Accounts.Tombstone(ctx, account); err == nil && gone {
			r.Route(ctx, stanza.New(stanza.Presence, stanza.TypeError, account.JID(), s.From.Bare().JID(), "", stanza.Gone.With("")))
		}
		r.Route(ctx, stanza.New(stanza.Presence, stanza.Unsubscribed, account.JID(), s.From.Bare().JID(), ""))
	}
}

// message delivers a message that no session took by its full address: Table 1 of RFC 6121 §8.5.4.
//
//	             normal  chat   groupchat  headline  error
//	bare         M or O  M or O E          A or S    S
//	no match     E       M or O E          S         S
//
// M: all sessions of the highest priority, A: all sessions, both of no negative priority; O: Undelivered, and an error
// when nobody stores it; E: error; S: silence.
func (r *Router) message(ctx context.Context, realm *kit.Realm, account jid.Bare, sessions []*session.Session, s *stanza.Stanza) {
	bare := s.To.IsBare()
	switch {
	case s.Type == stanza.TypeError, s.Type == stanza.Headline && !bare:
		return
	case s.Type == stanza.Groupchat, s.Type == stanza.Normal && !bare:
		r.bounce(ctx, s, stanza.ServiceUnavailable.With(""))
		return
	}
	least := int8(0)
	if s.Type != stanza.Headline {
		for _, x := range sessions {
			if p, available := x.Reach(); available && p > least {
				least = p
			}
		}
	}
	taken := false
	var all *session.Fanout
	if len(sessions) > 1 {
		all = new(session.Fanout)
	}
	for _, x := range sessions {
		if p, available := x.Reach(); available && p >= least && x.OfferAmong(ctx, s, all) {
			taken = true
		}
	}
	if !taken && s.Type != stanza.Headline {
		r.undelivered(ctx, realm, account, s)
	}
}

func (r *Router) undelivered(ctx context.Context, realm *kit.Realm, account jid.Bare, s *stanza.Stanza) {
	err := realm.Points.Undelivered.Run(ctx, &kit.Undelivered{Account: account, Stanza: s})
	if err == nil {
		err = stanza.ServiceUnavailable.With("")
	}
	r.refused(ctx, s, err)
}

// Redeliver finds another way for a stanza that a session could not confirm before it ended (XEP-0198#resumption): a
// message to another session or to storage, an error for what somebody waits for.
func (r *Router) Redeliver(ctx context.Context, account jid.Bare, d session.Undelivered) {
	s := d.Stanza
	realm := r.Realm(account.Domain())
	if d.Stored || realm == nil {
		return
	}
	switch {
	case s.Kind == stanza.Presence, s.Type == stanza.TypeError, s.Type == stanza.Result, s.Type == stanza.Headline:
	case s.From == account.JID(): // a copy that the server made for this session alone
	case s.Kind == stanza.Message && s.From == account.JID(): // a copy or a result that we made for that session
	case s.Kind == stanza.IQ, s.Type == stanza.Groupchat:
		if !(d.Sent && s.Kind == stanza.IQ) { // an IQ that was sent may have been carried out
			r.bounce(ctx, s, stanza.RecipientUnavailable.With(""))
		}
	default:
		c := s.Custody
		s = s.Readdress(s.From, account.JID()) // the session it was for is gone
		s.Custody = c                          // and its sender still waits
		r.message(ctx, realm, account, r.Table.Of(account), s)
	}
}
