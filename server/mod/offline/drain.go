package offline

import (
	"context"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/delay"
)

// window is how many bytes of stored messages a session has unconfirmed at a time; its queue has room for other things.
const window = 512 << 10

// drain is the handing over of what was stored to one session.
type drain struct {
	session kit.Session
	account jid.Bare
	queue   []store.Item // not yet sent, oldest first
	open    int          // sent and not confirmed
	bytes   int          // of those
	active  bool         // somebody is sending from the queue
	over    bool         // the session has ended
}

// flight is one stored message in the hands of a session. It is told by the message's custody when that has ended.
type flight struct {
	m       *module
	d       *drain
	id      string
	size    int
	custody *stanza.Custody
	kept    bool // the session gave it up: it stays in the store
	spools  int  // how many sessions count it as stored again: Delivered tells of the end of that
}

// ready says on a session that it may be sent what waits for the account: it is available with no negative priority.
var ready = kit.NewVar[bool]("offline.ready")

// presence hands over what is stored when a session becomes ready for it (XEP-0160#flow 5).
func (m *module) presence(ctx context.Context, ev *kit.PresenceEvent) {
	now := ev.Now != nil && ev.Session.Priority() >= 0
	if now == ready.Value(ev.Session) {
		return
	}
	ready.Set(ev.Session, now)
	if now {
		m.drain(ctx, ev.Session)
	}
}

// ended takes back what a session was still to get, and looks for another one.
func (m *module) ended(ctx context.Context, ev *kit.SessionEvent) {
	account := ev.Session.JID().Bare()
	m.mu.Lock()
	b := m.boxes[account]
	if d := m.drains[ev.Session]; d != nil {
		delete(m.drains, ev.Session)
		d.over = true
		if b != nil {
			d.release(b)
		}
	}
	more := b != nil && b.idle()
	m.mu.Unlock()
	if more {
		m.catchUp(ctx, account)
	}
}

// release gives back what was not sent. The lock is held.
func (d *drain) release(b *box) {
	for i := range d.queue {
		if it := b.items[d.queue[i].ID]; it != nil {
			it.busy = false
		}
	}
	d.queue = nil
	for _, it := range b.items {
		if it.waits == d {
			it.waits = nil
		}
	}
}

// catchUp hands over what is stored if there is a session to take it: the available one of the highest priority.
func (m *module) catchUp(ctx context.Context, account jid.Bare) {
	var best kit.Session
	for _, s := range m.env.Router.Sessions(account) {
		if s.Presence() != nil && s.Priority() >= 0 && (best == nil || s.Priority() > best.Priority()) {
			best = s
		}
	}
	if best != nil {
		m.drain(ctx, best)
	}
}

// drain hands over to a session what is stored, nobody else is delivering, and the session does not have.
func (m *module) drain(ctx context.Context, s kit.Session) {
	account := s.JID().Bare()
	idle, behind := false, false
	err := m.with(ctx, account, func(b *box) error {
		idle, behind = b.idle(), b.writes > 0
		return nil
	})
	if err == nil && idle && behind {
		err = m.env.Store.Sync(ctx)
	}
	var page store.Page
	if err == nil && idle {
		page, err = m.log.Query(ctx, account.String(), store.Query{Limit: store.All})
	}
	if err != nil {
		m.env.Log.Error("reading stored messages", "jid", account, "err", err)
		return
	}
	if len(page.Items) == 0 {
		return
	}
	has := make(map[string]bool)
	for _, id := range s.Stored() { // what it was too slow to confirm was stored, and counts as not delivered
		has[id] = true
	}
	var d *drain
	_ = m.with(ctx, account, func(b *box) error {
		if d = m.drains[s]; d == nil {
			d = &drain{session: s, account: account}
			m.drains[s] = d
		}
		for _, it := range page.Items {
			if own := b.items[it.ID]; own != nil && !own.busy && !has[it.ID] {
				own.busy = true
				d.queue = append(d.queue, it)
			}
		}
		return nil
	})
	m.step(ctx, d)
}

// step sends from the queue until the window is full.
func (m *module) step(ctx context.Context, d *drain) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d.active {
		return // whoever is at it looks again
	}
	d.active = true
	for len(d.queue) > 0 && (d.open == 0 || d.bytes < window) {
		it := d.queue[0]
		d.queue[0] = store.Item{}
		d.queue = d.queue[1:]
		d.open++
		d.bytes += len(it.Value)
		m.mu.Unlock()
		m.deliver(ctx, d, &it)
		m.mu.Lock()
	}
	d.active = false
	m.retire(d)
}

// retire forgets a drain that has nothing more to do. The lock is held.
func (m *module) retire(d *drain) {
	if len(d.queue) == 0 && d.open == 0 && !d.active && m.drains[d.session] == d {
		delete(m.drains, d.session)
	}
}

// landed notes that a message of a drain is confirmed or given up. The lock is held.
func (m *module) landed(d *drain, size int) {
	d.open--
	d.bytes -= size
	if len(d.queue) > 0 && !d.active {
		m.later(func(ctx context.Context) { m.step(ctx, d) })
	}
	m.retire(d)
}

// deliver sends one stored message.
func (m *module) deliver(ctx context.Context, d *drain, it *store.Item) {
	r, s, err := revive(d.account, it)
	if err != nil {
		m.env.Log.Error("a stored message cannot be read; it is dropped", "jid", d.account, "item", it.ID, "err", err)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.forget(d.account, it.ID)
		m.landed(d, len(it.Value))
		return
	}
	f := &flight{m: m, d: d, id: it.ID, size: len(it.Value)}
	f.custody = r.Hold(f, 0)
	s.Custody = f.custody
	m.mu.Lock()
	m.flights[f.custody] = f
	if b := m.boxes[d.account]; b != nil && b.items[it.ID] != nil {
		b.items[it.ID].flight = f
	}
	m.mu.Unlock()
	if !d.session.Offer(ctx, s) { // it has ended
		m.mu.Lock()
		f.kept = true
		m.mu.Unlock()
	}
	f.custody.Release(nil)
}

// revive reads a stored message and stamps it with the time of its arrival, unless we did so before (XEP-0203).
func revive(account jid.Bare, it *store.Item) (*stanza.Received, *stanza.Stanza, error) {
	s, err := stanza.Parse(it.Value)
	if err != nil {
		return nil, nil, err
	}
	for c := range s.Root().Children() {
		if c.Is(delay.NS, "delay") && c.Attr("from") == account.Domain() {
			return &stanza.Received{}, s, nil
		}
	}
	domain := account.DomainBare().JID()
	return &stanza.Received{}, s.With(&delay.Delay{From: domain, Stamp: it.At, Reason: "Offline Storage"}), nil
}

// Secured implements stanza.Keeper: nobody holds the message any longer. It was confirmed, unless somebody said otherwise.
func (f *flight) Secured(_ uint32, err error) {
	m := f.m
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.flights, f.custody)
	var it *item
	if b := m.boxes[f.d.account]; b != nil {
		it = b.items[f.id]
	}
	if it != nil {
		it.flight = nil
	}
	switch {
	case it == nil: // the account is gone, or another session confirmed it
	case f.spools > 0:
		it.busy = false // a new session may have it, too
		if !f.d.over {
			it.waits = f.d // its window stays taken
			return
		}
	case f.kept, err != nil:
		it.busy = false
		account := f.d.account
		m.later(func(ctx context.Context) { m.catchUp(ctx, account) })
	default:
		m.forget(f.d.account, f.id)
	}
	m.landed(f.d, f.size)
}

// own deals with a message that comes from the store itself: it is there already.
func (m *module) own(ev *kit.Undelivered) bool {
	if ev.Stanza.Custody == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.flights[ev.Stanza.Custody]
	switch {
	case f == nil:
		return false
	case ev.Spool:
		f.spools++
		ev.Stored = f.id
	default:
		f.kept = true
	}
	return true
}
