package roster

import (
	"context"
	"slices"
	"sync"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	wire "github.com/stonechat-im/stonechat/xep/roster"
)

// book is what is held in memory of the roster of an account that has sessions. It is loaded when somebody first asks,
// follows every commit, and goes with the last session.
type book struct {
	mu       sync.Mutex
	ready    bool
	loading  int            // loads under way
	late     []*change      // commits during them
	contacts []wire.Contact // ordered; replaced, never changed
	rev      uint64         // commits up to this one are in contacts
	queue    []*change      // whose push has not been sent
	draining bool           // somebody is sending them
}

// open makes sure that an account with sessions has a book, and returns it; nil for accounts without.
func (m *module) open(owner jid.Bare) *book {
	if b, ok := m.books.Load(owner); ok {
		return b.(*book)
	}
	if len(m.env.Router.Sessions(owner)) == 0 {
		return nil
	}
	b, _ := m.books.LoadOrStore(owner.Clone(), new(book))
	return b.(*book)
}

// ended forgets the book of an account whose last session has gone.
func (m *module) ended(_ context.Context, ev *kit.SessionEvent) { m.forget(ev.Session.JID().Bare()) }

func (m *module) forget(owner jid.Bare) {
	if len(m.env.Router.Sessions(owner)) == 0 {
		m.books.Delete(owner)
	}
}

// loaded returns the book of an account with sessions, ready to be read; nil for accounts without.
func (m *module) loaded(ctx context.Context, owner jid.Bare) (*book, error) {
	b := m.open(owner)
	if b == nil || b.isReady() {
		return b, nil
	}
	_, _, err := m.load(ctx, owner, b)
	return b, err
}

// load reads a roster and makes its book ready. A commit that the reading may have missed is in late or comes after.
func (m *module) load(ctx context.Context, owner jid.Bare, b *book) (head, []store.Pair[entry], error) {
	b.mu.Lock()
	b.loading++
	b.mu.Unlock()
	h, all, err := m.read(ctx, owner)
	b.mu.Lock()
	if err == nil && !b.ready {
		b.ready, b.rev, b.contacts = true, h.Rev, contacts(all)
		for _, c := range b.late {
			b.apply(c)
		}
	}
	if b.loading--; b.loading == 0 {
		b.late = nil
	}
	b.mu.Unlock()
	m.forget(owner) // the last session may have ended meanwhile
	return h, all, err
}

// read returns a roster as it is stored, ordered by address.
func (m *module) read(ctx context.Context, owner jid.Bare) (h head, all []store.Pair[entry], err error) {
	err = m.env.Store.View(ctx, func(tx store.Tx) (err error) {
		if h, _, err = m.heads.In(tx).Get(owner.String()); err == nil {
			all, err = m.items.In(tx).All(owner.String())
		}
		return err
	})
	return h, all, err
}

// contacts leaves out what cannot be read as an address: nobody could have stored that.
func contacts(all []store.Pair[entry]) []wire.Contact {
	out := make([]wire.Contact, 0, len(all))
	for i := range all {
		if b, err := jid.ParseBare(all[i].Key); err == nil {
			out = append(out, wire.Contact{JID: b, State: all[i].Value.State})
		}
	}
	slices.SortFunc(out, func(a, b wire.Contact) int { return a.JID.Compare(b.JID) })
	return out
}

func search(list []wire.Contact, contact jid.Bare) (int, bool) {
	return slices.BinarySearchFunc(list, contact, func(c wire.Contact, b jid.Bare) int { return c.JID.Compare(b) })
}

func find(list []wire.Contact, contact jid.Bare) wire.State {
	if i, ok := search(list, contact); ok {
		return list[i].State
	}
	return 0
}

func (b *book) isReady() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ready
}

func (b *book) snapshot() []wire.Contact {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.contacts
}

func (b *book) revision() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rev
}

// follow takes a commit into the book of its account. It runs in the writer of the store.
func (m *module) follow(c *change) {
	if c.clear {
		m.answers.drop(c.owner)
	}
	x, ok := m.books.Load(c.owner)
	if !ok {
		return
	}
	b := x.(*book)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.ready:
		b.apply(c)
	case b.loading > 0:
		b.late = append(b.late, c)
	}
	if c.push != nil || c.first != nil {
		b.queue = append(b.queue, c)
	}
	c.book = b
}

// apply changes the contacts. The lock is held.
func (b *book) apply(c *change) {
	if c.clear {
		b.contacts, b.rev = nil, 0
		return
	}
	if c.rev <= b.rev {
		return // it was loaded with the rest
	}
	b.rev = c.rev
	i, there := search(b.contacts, c.contact)
	list := make([]wire.Contact, 0, len(b.contacts)+1)
	list = append(list, b.contacts[:i]...)
	if !c.absent {
		contact := c.contact
		if there {
			contact = b.contacts[i].JID
		} else {
			contact = contact.Clone()
		}
		list = append(list, wire.Contact{JID: contact, State: c.now})
	}
	if there {
		i++
	}
	b.contacts = append(list, b.contacts[i:]...)
}

// drain sends what is queued, in order. When somebody else is at it, he sends ours too.
func (b *book) drain(tell func(*change)) {
	b.mu.Lock()
	if b.draining {
		b.mu.Unlock()
		return
	}
	b.draining = true
	orderly := false
	defer func() {
		if !orderly { // a panic on the way: the next one goes on
			b.mu.Lock()
			b.draining = false
			b.mu.Unlock()
		}
	}()
	for len(b.queue) > 0 {
		c := b.queue[0]
		b.queue = b.queue[1:]
		b.mu.Unlock()
		tell(c)
		b.mu.Lock()
	}
	b.queue, b.draining, orderly = nil, false, true
	b.mu.Unlock()
}
