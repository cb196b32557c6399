package mam

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/content"
	"github.com/stonechat-im/stonechat/xep/retract"
)

// A retracted message is looked for among the newest that were exchanged with the same peer: reach of them, step at a
// time. One sender may have retractMost of them looked for in a minute; more retractions are archived and delivered like
// all others, and leave what they retract alone (tombstones are optional, XEP-0424#tombstones).
const (
	reach       = 1000
	step        = 100
	retractMost = 30
)

// retract puts a tombstone in the place of the message that s, which commit is going to archive, retracts. That it failed
// is no reason to refuse s.
func (m *module) retract(ctx context.Context, owner, peer jid.Bare, s *stanza.Stanza, set content.Set, commit *store.Commit) {
	err := commit.Wait(ctx) // what was said before is in the store now
	if err == nil {
		err = m.bury(ctx, owner, peer, s, set.Has(content.Room))
	}
	if err != nil {
		m.env.Log.Error("a retracted message stays in the archive", "jid", owner, "from", s.From, "err", err)
	}
}

func (m *module) bury(ctx context.Context, owner, peer jid.Bare, s *stanza.Stanza, room bool) error {
	var r retract.Retract
	if s.ID == "" || r.Decode(s.Child(retract.NS, "retract")) != nil || !m.limit.allow(owner, s.From.Bare(), time.Now()) {
		return nil
	}
	id, old, err := m.said(ctx, owner, peer, s, r.ID, room)
	if err != nil || old == nil {
		return err
	}
	tomb := stanza.New(old.Kind, old.Type, old.From, old.To, old.ID, &retract.Retracted{ID: s.ID, Stamp: time.Now()})
	return m.log.Replace(ctx, owner.String(), id, tomb.Forwarded(nil))
}

// said finds the message with a message id that the author of s said to peer, or peer to owner; nil for none. Only its
// author may retract a message, and behind a room's address authors differ by resource (XEP-0424#rules).
func (m *module) said(ctx context.Context, owner, peer jid.Bare, s *stanza.Stanza, id string, room bool) (archiveID string, old *stanza.Stanza, err error) {
	mark := elem.AppendAttr([]byte(" id='"), id)
	q := store.Query{Peer: peer.String(), Backward: true, Limit: step}
	for range reach / step {
		page, err := m.log.Query(ctx, owner.String(), q)
		if err != nil {
			return "", nil, err
		}
		for i := len(page.Items) - 1; i >= 0; i-- {
			it := &page.Items[i]
			if !bytes.Contains(it.Value, mark) {
				continue
			}
			old, err := stanza.Parse(it.Value)
			if err != nil {
				return "", nil, err
			}
			if old.ID != id || old.From.Bare() != s.From.Bare() || room && old.From != s.From {
				continue
			}
			if old.Has(retract.NS, "retracted") {
				return "", nil, nil
			}
			return it.ID, old, nil
		}
		if page.Complete || len(page.Items) == 0 {
			break
		}
		q.Before = page.Items[0].ID
	}
	return "", nil, nil
}

// limiter counts the retractions of the running minute, for each archive by their senders.
type limiter struct {
	mu    sync.Mutex
	since time.Time
	count map[[2]jid.Bare]int
}

func (l *limiter) allow(owner, sender jid.Bare, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) >= time.Minute {
		l.since, l.count = now, make(map[[2]jid.Bare]int)
	}
	k := [2]jid.Bare{owner, sender}
	n := l.count[k]
	if n == 0 {
		k = [2]jid.Bare{owner.Clone(), sender.Clone()}
	}
	l.count[k] = n + 1
	return n < retractMost
}
