package mam

import (
	"context"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/content"
	"github.com/stonechat-im/stonechat/xep/stanzaid"
)

// fromClient archives what a session of ours sends, for its own account. What an account sends to itself is archived when
// it arrives, so that it is archived once (XEP-0313#business-storeret-user-archives).
func (m *module) fromClient(ctx context.Context, ev *kit.FromClient) error {
	if ev.Stanza.Kind != stanza.Message {
		return nil
	}
	owner := ev.Stanza.From.Bare()
	s := withoutForged(ev.Stanza, owner)
	ev.Stanza = s
	if s.To.IsZero() || s.To.Bare() == owner {
		return nil
	}
	set := content.Of(s)
	if !set.Archive(s.Type) {
		return nil
	}
	ok, err := m.wanted(ctx, owner, s.To)
	if err != nil || !ok {
		return err
	}
	id, commit := m.put(owner, s.To, s, set)
	ev.Archived = id
	if set.Has(content.Retraction) {
		m.retract(ctx, owner, s.To.Bare(), s, set, commit)
	}
	return nil
}

// toAccount archives what reaches an account of ours, and gives it its id (XEP-0313#archives_id).
func (m *module) toAccount(ctx context.Context, ev *kit.ToAccount) error {
	if ev.Stanza.Kind != stanza.Message {
		return nil
	}
	owner := ev.Account
	s := withoutForged(ev.Stanza, owner)
	ev.Stanza = s
	set := content.Of(s)
	if !set.Archive(s.Type) || m.bounces(s) {
		return nil
	}
	peer := s.From
	if peer.Bare() == owner {
		peer = s.To
	}
	ok, err := m.wanted(ctx, owner, peer)
	if err != nil || !ok {
		return err
	}
	id, commit := m.put(owner, peer, s, set)
	// Several goroutines may look at it from now on.
	ev.Stanza = s.With(&stanzaid.StanzaID{ID: id, By: owner.String()}).Index()
	if set.Has(content.Retraction) {
		m.retract(ctx, owner, peer.Bare(), s, set, commit)
	}
	return nil
}

// bounces says whether a message will be refused because its session is not there (RFC 6121 §8.5.3.2.1): what is rejected
// is not archived (XEP-0313#business-storeret).
func (m *module) bounces(s *stanza.Stanza) bool {
	full, one := s.To.Full()
	if !one || s.Type == stanza.Chat {
		return false
	}
	_, there := m.env.Router.Session(full)
	return !there
}

// withoutForged takes away stanza ids that claim to be ours, whether we add one or not (XEP-0359#rules, rule 2).
func withoutForged(s *stanza.Stanza, owner jid.Bare) *stanza.Stanza {
	by := owner.String()
	return s.Without(func(e elem.Elem) bool { return stanzaid.Forged(e, by) })
}

// put appends a message to an archive. The acknowledgement to its sender waits for the commit.
func (m *module) put(owner jid.Bare, peer jid.JID, s *stanza.Stanza, set content.Set) (id string, commit *store.Commit) {
	now := time.Now()
	it := store.Item{
		ID: stanzaid.New(now), At: now, Peer: peer.Bare().String(), Resource: peer.Resource(),
		Value: s.Forwarded(make([]byte, 0, s.Size()+64)),
	}
	if m.cfg.Search && !set.Has(content.Encrypted) { // there the body says that there is none
		it.Text = s.Body()
	}
	custody := s.Custody
	custody.Take()
	m.pending.Add(1)
	commit = m.log.Append(owner.String(), it)
	commit.OnDone(func(err error) {
		m.pending.Add(-1)
		if err != nil {
			m.env.Log.Error("a message could not be archived", "jid", owner, "err", err)
		}
		custody.Release(err)
	})
	return it.ID, commit
}
