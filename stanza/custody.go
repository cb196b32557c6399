package stanza

import (
	"sync"
	"sync/atomic"
)

// Custody counts who still has to secure a stanza before it may be acknowledged to its sender (XEP-0198): a commit that
// is under way, a recipient's session that has not taken it yet. When the last holder releases, the one who started it
// is told, once. Holds are taken only while there is another: by the sender's handlers before they return, or under the lock
// of the queue that holds one. A nil *Custody is allowed everywhere and means that nobody waits.
type Custody struct {
	holders atomic.Int32
	ended   atomic.Bool
	keeper  Keeper
	n       uint32
	mu      sync.Mutex
	err     error
}

// Keeper is told when the custody of a stanza has ended; n is the number it was started with. err says why the stanza
// could not be secured.
type Keeper interface {
	Secured(n uint32, err error)
}

// Take adds a holder, who must Release once.
func (c *Custody) Take() {
	if c != nil {
		c.holders.Add(1)
	}
}

// Release gives up one hold. err says that the stanza could not be secured; the first one is kept.
func (c *Custody) Release(err error) {
	if c == nil {
		return
	}
	if err != nil {
		c.mu.Lock()
		if c.err == nil {
			c.err = err
		}
		c.mu.Unlock()
	}
	if c.holders.Add(-1) == 0 && !c.ended.Swap(true) {
		c.mu.Lock()
		err = c.err
		c.mu.Unlock()
		c.keeper.Secured(c.n, err)
	}
}
