package muc

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

const shardCount = 32

// shard is a part of the rooms. Its lock is held for look-ups alone.
type shard struct {
	mu    sync.Mutex
	slots map[jid.Bare]*slot
}

// slot is one room that exists, in memory or only in the store.
type slot struct {
	listing
	room *Room // nil while nobody uses it
}

// listing is what is known of a room without loading it.
type listing struct {
	addr    jid.Bare
	name    string
	public  bool
	creator jid.Bare
}

func (m *module) shard(b jid.Bare) *shard { return &m.shards[maphash.Comparable(m.seed, b)%shardCount] }

// index fills the shards with the rooms that are stored, at the first use.
func (m *module) index(ctx context.Context) error {
	if m.indexed.Load() {
		return nil
	}
	m.indexing.Lock()
	defer m.indexing.Unlock()
	if m.indexed.Load() {
		return nil
	}
	err := m.stored(ctx, func(b jid.Bare, rec record) {
		sh := m.shard(b)
		sh.mu.Lock()
		defer sh.mu.Unlock()
		sh.slots[b] = &slot{listing: rec.listing(b)}
	})
	m.indexed.Store(err == nil)
	return err
}

func (rec *record) listing(b jid.Bare) listing {
	creator, _ := jid.ParseBare(rec.Creator) // zero where it cannot be read: nobody's
	return listing{b, first(rec.Settings[string(roomName)]), first(rec.Settings[string(publicRoom)]) == "1", creator}
}

// acquire returns the room of an address with its lock held; nil when there is none. The caller releases it.
func (m *module) acquire(ctx context.Context, addr jid.Bare) (*Room, error) {
	if err := m.index(ctx); err != nil {
		return nil, err
	}
	sh := m.shard(addr)
	for {
		sh.mu.Lock()
		sl := sh.slots[addr]
		if sl == nil {
			sh.mu.Unlock()
			return nil, nil
		}
		r, mine := sl.room, false
		if r == nil {
			r, mine = newRoom(m, sl.addr), true
			sl.room = r
		}
		sh.mu.Unlock()
		if mine {
			m.load(ctx, sh, r)
		}
		r, err := r.enter(ctx)
		if r != nil || err != nil {
			return r, err
		}
	}
}

// load loads a room and lets in those who wait for it.
func (m *module) load(ctx context.Context, sh *shard, r *Room) {
	r.failed = r.load(context.WithoutCancel(ctx)) // others wait for it as well
	if r.failed != nil {
		sh.mu.Lock()
		sh.slots[r.addr].room = nil // the next one tries again
		sh.mu.Unlock()
	}
	close(r.ready)
}

// enter takes the room's lock; nil, nil when it is the wrong room by now and the caller must look again.
func (r *Room) enter(ctx context.Context) (*Room, error) {
	select {
	case <-r.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if r.failed != nil {
		return nil, r.failed
	}
	r.mu.Lock()
	switch r.state {
	case unloaded:
		r.mu.Unlock()
		return nil, nil
	case dead:
		gone := r.gone
		r.mu.Unlock()
		select {
		case <-gone:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	r.used = time.Now()
	return r, nil
}

// create returns a new locked room with its lock held, or the room that somebody else has made in the meantime.
func (m *module) create(ctx context.Context, addr, by jid.Bare) (r *Room, isNew bool, err error) {
	addr = addr.Clone()
	r = newRoom(m, addr)
	r.found(by.Clone(), time.Now())
	r.mu.Lock()
	sh := m.shard(addr)
	sh.mu.Lock()
	if sh.slots[addr] != nil {
		sh.mu.Unlock()
		r, err = m.acquire(ctx, addr)
		return r, false, err
	}
	sh.slots[addr] = &slot{r.record.listing(addr), r}
	sh.mu.Unlock()
	return r, true, nil
}

// relist brings the list of rooms up to date with one of them, whose lock is held.
func (m *module) relist(r *Room) {
	l := r.record.listing(r.addr)
	sh := m.shard(r.addr)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sl := sh.slots[r.addr]; sl != nil && sl.room == r {
		sl.listing = l
	}
}

// bury takes a dead room out when the store has forgotten it, so that a new one of its name does not find its bones.
func (m *module) bury(r *Room, last *store.Commit) {
	<-last.Done()
	sh := m.shard(r.addr)
	sh.mu.Lock()
	if sl := sh.slots[r.addr]; sl != nil && sl.room == r {
		delete(sh.slots, r.addr)
	}
	sh.mu.Unlock()
	close(r.gone)
}

// sweep lets go of persistent rooms that nobody has used for a while.
func (m *module) sweep(now time.Time) {
	for _, r := range m.loaded() {
		r.mu.Lock()
		idle := r.stored && r.state == open && len(r.clients) == 0 && !r.busy && now.Sub(r.used) > time.Duration(m.cfg.Idle)
		if idle {
			select {
			case <-r.last.Done(): // what is stored is all there is to know
				r.state = unloaded
			default:
				idle = false
			}
		}
		r.mu.Unlock()
		if idle {
			m.unload(r)
		}
	}
}

func (m *module) unload(r *Room) {
	sh := m.shard(r.addr)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sl := sh.slots[r.addr]; sl != nil && sl.room == r {
		sl.room = nil
	}
}

// loaded returns the rooms in memory that are ready.
func (m *module) loaded() []*Room {
	var out []*Room
	for i := range m.shards {
		sh := &m.shards[i]
		sh.mu.Lock()
		for _, sl := range sh.slots {
			if sl.room == nil {
				continue
			}
			select {
			case <-sl.room.ready:
				out = append(out, sl.room)
			default:
			}
		}
		sh.mu.Unlock()
	}
	return out
}

// listings returns the rooms of a domain for which ok says so, ordered by address.
func (m *module) listings(ctx context.Context, ok func(*listing) bool) ([]listing, error) {
	if err := m.index(ctx); err != nil {
		return nil, err
	}
	var out []listing
	for i := range m.shards {
		sh := &m.shards[i]
		sh.mu.Lock()
		for _, sl := range sh.slots {
			if ok(&sl.listing) {
				out = append(out, sl.listing)
			}
		}
		sh.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b listing) int { return a.addr.Compare(b.addr) })
	return out, nil
}

// created counts the rooms that somebody has made and that are still there.
func (m *module) created(by jid.Bare) (n int) {
	for i := range m.shards {
		sh := &m.shards[i]
		sh.mu.Lock()
		for _, sl := range sh.slots {
			if sl.creator == by {
				n++
			}
		}
		sh.mu.Unlock()
	}
	return n
}

// stopping puts everybody out, so that clients know that they must enter again (XEP-0045#service-shutdown-kick).
func (m *module) stopping(ctx context.Context, _ *kit.Stopping) {
	for _, r := range m.loaded() {
		r, err := r.enter(ctx)
		if r == nil || err != nil {
			continue
		}
		for _, o := range r.occupants() {
			p := &portrait{who: o, from: o.addr, typ: stanza.Unavailable, items: r.items(o, o.clients, wire.NoRole), codes: []wire.Code{wire.CodeShutdown}}
			r.send(r.draw(p, true, jid.JID{}, "", wire.CodeSelf), o.clients)
		}
		r.release(ctx)
	}
}
