// Package session is the table of bound resources and their outbound queues.
//
// A Session belongs to an account and has a queue; a stream (transport.Conn) may be attached to it or not. Its owner is
// everybody: senders append to the queue under its lock, and a writer goroutine exists only while there is something to
// write. No lock is held during I/O, none is taken inside another, and no handler runs under one.
//
// With stream management on (XEP-0198), what has been written stays in the unacked queue until the peer confirms it; a
// session that loses its stream is then detached and waits to be resumed. Start reading at Session, then writer.go.
package session

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
)

const shards = 64

// Table holds all sessions of a server, in shards by account.
type Table struct {
	seed   maphash.Seed
	shards [shards]shard
	count  atomic.Int64
}

type shard struct {
	mu       sync.RWMutex
	accounts map[jid.Bare]*entry
}

// entry holds the sessions of one account. The slices are replaced, never changed, so that readers need no lock.
type entry struct {
	sessions []*Session
	shown    []kit.Session // the same, as modules see them
}

// NewTable returns an empty table.
func NewTable() *Table {
	t := &Table{seed: maphash.MakeSeed()}
	for i := range t.shards {
		t.shards[i].accounts = make(map[jid.Bare]*entry)
	}
	return t
}

func (t *Table) shard(b jid.Bare) *shard {
	return &t.shards[maphash.Comparable(t.seed, b)%shards]
}

// Len is the number of sessions, detached ones included.
func (t *Table) Len() int { return int(t.count.Load()) }

// Of returns the sessions of an account, oldest first. The slice must not be changed.
func (t *Table) Of(b jid.Bare) []*Session {
	sh := t.shard(b)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	if e := sh.accounts[b]; e != nil {
		return e.sessions
	}
	return nil
}

// Shown is Of in the form that modules are given.
func (t *Table) Shown(b jid.Bare) []kit.Session {
	sh := t.shard(b)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	if e := sh.accounts[b]; e != nil {
		return e.shown
	}
	return nil
}

// Find returns the session of a full address; nil for none.
func (t *Table) Find(full jid.Full) *Session {
	for _, s := range t.Of(full.Bare()) {
		if s.jid == full {
			return s
		}
	}
	return nil
}

// Each calls f for every session until it returns false. Sessions that come and go meanwhile may be missed.
func (t *Table) Each(f func(*Session) bool) {
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.RLock()
		all := make([][]*Session, 0, len(sh.accounts))
		for _, e := range sh.accounts {
			all = append(all, e.sessions)
		}
		sh.mu.RUnlock()
		for _, list := range all {
			for _, s := range list {
				if !f(s) {
					return
				}
			}
		}
	}
}

// Bind adds a session for a full address. A session that had the address is taken out and returned for the caller to
// end: the newer one wins (RFC 6120 §7.7.2.2). most bounds the sessions of one account; ok is false when they are too
// many (§7.6.2.1).
func (t *Table) Bind(s *Session, most int) (old *Session, ok bool) {
	b := s.jid.Bare()
	sh := t.shard(b)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.accounts[b]
	if e == nil {
		e = &entry{}
		sh.accounts[b.Clone()] = e
	}
	list := make([]*Session, 0, len(e.sessions)+1)
	for _, x := range e.sessions {
		if x.jid == s.jid {
			old = x
			continue
		}
		list = append(list, x)
	}
	if most > 0 && len(list) >= most {
		return nil, false
	}
	e.set(append(list, s))
	if old == nil {
		t.count.Add(1)
	}
	return old, true
}

func (e *entry) set(list []*Session) {
	e.sessions = list
	e.shown = make([]kit.Session, len(list))
	for i, s := range list {
		e.shown[i] = s
	}
}

// remove takes a session out; false when it was not in.
func (t *Table) remove(s *Session) bool {
	b := s.jid.Bare()
	sh := t.shard(b)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.accounts[b]
	if e == nil {
		return false
	}
	list := make([]*Session, 0, len(e.sessions))
	for _, x := range e.sessions {
		if x != s {
			list = append(list, x)
		}
	}
	if len(list) == len(e.sessions) {
		return false
	}
	t.count.Add(-1)
	if len(list) == 0 {
		delete(sh.accounts, b)
		return true
	}
	e.set(list)
	return true
}

// Owner is what a session asks of the rest of the server.
type Owner interface {
	// ToSession runs the realm's chain for a stanza that is about to be queued; nil keeps it back.
	ToSession(ctx context.Context, ev *kit.ToSession) error
	// Spool stores a message that the session has but did not acknowledge; Unspool forgets it again.
	Spool(ev *kit.Undelivered)
	Unspool(account jid.Bare, stored string)
	// Redeliver finds another way for a stanza whose session has ended.
	Redeliver(account jid.Bare, d Undelivered)
	Detached(s *Session)
	Ended(s *Session)
}
