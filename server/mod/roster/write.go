package roster

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/roster"
)

// entry is what is stored about a contact.
type entry struct {
	Name    string     `json:"name,omitempty"`
	Groups  []string   `json:"groups,omitempty"`
	State   wire.State `json:"state,omitempty"`
	Listed  bool       `json:"listed,omitempty"`  // it is in the roster; otherwise there is only a request
	Ver     uint64     `json:"ver,omitempty"`     // version that its last visible change made
	Request []byte     `json:"request,omitempty"` // the contact's request, while it waits
}

func (e *entry) item(contact jid.Bare) wire.Item {
	return wire.Item{JID: contact.JID(), Name: e.Name, Groups: e.Groups, Subscription: e.State.Subscription(),
		Ask: e.State.Has(wire.PendingOut), Approved: e.State.Has(wire.Approved)}
}

// head is what is stored about a roster as a whole. The roster of somebody who never had one has the zero head.
type head struct {
	Epoch    string `json:"epoch"` // tells this roster from one that was removed with an account of the same name
	Rev      uint64 `json:"rev"`   // counts all writes
	Ver      uint64 `json:"ver"`   // counts the changes that clients see
	Items    int    `json:"items"`
	Requests int    `json:"requests,omitempty"` // from people who are not in the roster
	Gone     []gone `json:"gone,omitempty"`     // contacts removed last, oldest first
	Floor    uint64 `json:"floor,omitempty"`    // removals up to this version may be missing from Gone
}

// gone is a contact that was removed.
type gone struct {
	JID string `json:"jid"`
	Ver uint64 `json:"ver"`
}

// goneMost is how many removals are remembered for clients that come back (RFC 6121 §2.6.3).
const goneMost = 32

// version is the ver attribute (RFC 6121 §2.1.1).
func (h *head) version() string { return h.at(h.Ver) }

func (h *head) at(ver uint64) string {
	if ver == 0 {
		return "0" // the same for all empty rosters
	}
	return h.Epoch + "-" + strconv.FormatUint(ver, 10)
}

// since reads a version that a client has; ok is false when what changed since then is not known.
func (h *head) since(version string) (ver uint64, ok bool) {
	epoch, n, found := strings.Cut(version, "-")
	ver, err := strconv.ParseUint(n, 10, 64)
	return ver, found && err == nil && epoch == h.Epoch && ver >= h.Floor && ver <= h.Ver
}

// change is one write to a roster and what follows from it.
type change struct {
	owner, contact jid.Bare
	was, now       wire.State
	first          func() // to be done before the push
	push           []byte // payload of the push; nil when clients see no difference
	ver            uint64
	touched        bool // something was written
	listed         bool // the contact is in the roster afterwards
	absent         bool // the contact is not stored any more
	clear          bool // nothing is
	rev            uint64
	book           *book // that has taken it; nil when the account has no session
}

// write changes one entry in one transaction. edit says whether clients see a difference; an entry that it leaves as it
// was is not written. When write returns, the books know; finish does the rest.
func (m *module) write(ctx context.Context, c *change, edit func(e *entry) (seen bool, err error)) error {
	owner, key := c.owner.String(), c.contact.String()
	return m.commit(ctx, c, func(tx store.Tx) error {
		items, heads := m.items.In(tx), m.heads.In(tx)
		e, _, err := items.Get(owner, key)
		if err != nil {
			return err
		}
		old := e
		seen, err := edit(&e)
		if err != nil {
			return err
		}
		c.was, c.now, c.listed = old.State, e.State, e.Listed
		if !seen && e.State == old.State {
			return nil
		}
		h, _, err := heads.Get(owner)
		if err != nil {
			return err
		}
		if err := m.count(&h, key, &old, &e, seen); err != nil {
			return err
		}
		c.touched, c.rev = true, h.Rev
		if seen {
			c.ver, c.push = h.Ver, pushOf(&h, h.Ver, c.contact, &e)
		}
		if c.absent = !e.Listed && e.State == 0; c.absent {
			_, err = items.Delete(owner, key)
		} else {
			err = items.Put(owner, key, e)
		}
		if err != nil {
			return err
		}
		return heads.Put(owner, h)
	})
}

// count moves versions, sums and the memory of removals along, and keeps the limits.
func (m *module) count(h *head, key string, old, e *entry, seen bool) error {
	waits := func(e *entry) bool { return !e.Listed && e.State.Has(wire.PendingIn) }
	h.Items += one(e.Listed) - one(old.Listed)
	h.Requests += one(waits(e)) - one(waits(old))
	if e.Listed && !old.Listed && h.Items > m.cfg.Items || waits(e) && !waits(old) && h.Requests > m.cfg.Requests {
		return ErrFull
	}
	h.Rev++
	if !seen {
		return nil
	}
	if h.Epoch == "" {
		h.Epoch = strings.ToLower(rand.Text()[:10])
	}
	h.Ver++
	e.Ver = h.Ver
	h.Gone = slices.DeleteFunc(h.Gone, func(g gone) bool { return g.JID == key })
	if !e.Listed {
		h.Gone = append(h.Gone, gone{key, h.Ver})
	}
	if over := len(h.Gone) - goneMost; over > 0 {
		h.Floor = h.Gone[over-1].Ver
		h.Gone = slices.Delete(h.Gone, 0, over)
	}
	return nil
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pushOf is the payload of a roster push (RFC 6121 §2.1.6).
func pushOf(h *head, ver uint64, contact jid.Bare, e *entry) []byte {
	it := e.item(contact)
	if !e.Listed {
		it = wire.Item{JID: contact.JID(), Subscription: wire.SubRemove}
	}
	w := elem.NewWriter(nil, stanza.NSClient)
	(&wire.Query{Ver: h.at(ver), HasVer: true, Items: []wire.Item{it}}).Encode(w)
	return w.Bytes()
}

// commit runs fn in the writer and waits until it is durable. The books follow in the writer's goroutine, so that their
// order is that of the commits.
func (m *module) commit(ctx context.Context, c *change, fn func(store.Tx) error) error {
	m.open(c.owner)
	done := make(chan error, 1)
	m.env.Store.Go(fn).OnDone(func(err error) {
		if err == nil && c.touched {
			m.follow(c)
		}
		done <- err
	})
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// finish does what follows from a change: first, and the push to all interested sessions.
func (m *module) finish(ctx context.Context, c *change) {
	switch {
	case !c.touched:
	case c.book != nil:
		c.book.drain(func(c *change) { m.tell(ctx, c) })
	default:
		m.tell(ctx, c)
	}
}

func (m *module) tell(ctx context.Context, c *change) {
	if c.first != nil {
		c.first()
	}
	if c.push == nil {
		return
	}
	for _, s := range m.env.Router.Sessions(c.owner) {
		if interested.Value(s) {
			s.Send(ctx, stanza.Raw(stanza.IQ, stanza.Set, c.owner.JID(), s.JID().JID(), pushID(c.ver), c.push))
		}
	}
}

// pushID names a push. Nobody waits for the answer (RFC 6121 §2.1.6).
func pushID(ver uint64) string { return "push" + strconv.FormatUint(ver, 10) }
