package pep

import (
	"sync"
	"sync/atomic"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/xep/caps"
)

// interest is what a client has announced, and what that turned out to mean.
type interest struct {
	caps  caps.Caps
	known atomic.Pointer[wants] // nil until it has answered
}

// in says whether the client wants to be notified of a node.
func (i *interest) in(node string) bool {
	if i == nil {
		return false
	}
	w := i.known.Load()
	return w != nil && (*w)[node]
}

// neighbours are the clients elsewhere that are available to accounts here.
type neighbours struct {
	most int
	mu   sync.RWMutex
	all  map[jid.Bare]map[jid.JID]*interest
}

func newNeighbours(most int) *neighbours {
	return &neighbours{most: most, all: make(map[jid.Bare]map[jid.JID]*interest)}
}

// meet notes presence with capabilities. It returns nil when nothing is new about them, or when there are too many.
func (n *neighbours) meet(account jid.Bare, who jid.JID, c caps.Caps) (now, was *interest) {
	n.mu.Lock()
	defer n.mu.Unlock()
	of := n.all[account]
	was = of[who]
	if was != nil && was.caps == c || was == nil && len(of) >= n.most {
		return nil, nil
	}
	if of == nil {
		of = make(map[jid.JID]*interest)
		n.all[account.Clone()] = of
	}
	now = &interest{caps: c}
	of[who.Clone()] = now
	return now, was
}

// part forgets a client.
func (n *neighbours) part(account jid.Bare, who jid.JID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	of := n.all[account]
	delete(of, who)
	if of != nil && len(of) == 0 {
		delete(n.all, account)
	}
}

// still says whether i is what was last heard of a client.
func (n *neighbours) still(account jid.Bare, who jid.JID, i *interest) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.all[account][who] == i
}

// interested returns the clients that want to be notified of a node.
func (n *neighbours) interested(account jid.Bare, node string) []jid.JID {
	n.mu.RLock()
	defer n.mu.RUnlock()
	var out []jid.JID
	for who, i := range n.all[account] {
		if i.in(node) {
			out = append(out, who)
		}
	}
	return out
}

func (n *neighbours) drop(account jid.Bare) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.all, account)
}
