package carbons

import (
	"strings"
	"sync"

	"github.com/stonechat-im/stonechat/jid"
)

// remembered is how many copied messages are remembered for one account.
const remembered = 32

// entry is a message of which copies were made.
type entry struct {
	peer jid.Bare
	id   string
	sent bool // by the account
}

// recent is a ring of entries.
type recent struct {
	list [remembered]entry
	next int
}

// trace holds what was copied lately, by account.
type trace struct {
	mu  sync.Mutex
	all map[jid.Bare]*recent
}

func (t *trace) add(account jid.Bare, e entry) {
	if e.id == "" {
		return
	}
	e.peer, e.id = e.peer.Clone(), strings.Clone(e.id)
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.all[account]
	if r == nil {
		r = new(recent)
		t.all[account.Clone()] = r
	}
	r.list[r.next] = e
	r.next = (r.next + 1) % remembered
}

func (t *trace) has(account jid.Bare, e entry) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.all[account]
	if r == nil || e.id == "" {
		return false
	}
	for i := range r.list {
		if r.list[i] == e {
			return true
		}
	}
	return false
}

func (t *trace) forget(account jid.Bare) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, account)
}
