package muc

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// Room is one room in memory. m and addr never change; mu guards the rest.
type Room struct {
	m    *module
	addr jid.Bare

	ready  chan struct{} // closed when the room has been loaded, or when that failed
	failed error         // why; settled before ready is closed

	mu           sync.Mutex
	state        state
	gone         chan struct{} // closed when nothing of a dead room is left in the store
	toBury       bool          // it has died in the hands of whoever holds the lock
	record       record
	stored       bool // the room is persistent: record and affiliations lie in the store
	affiliations map[jid.Bare]affiliation
	nicks        map[string]*occupant
	clients      map[jid.JID]*client
	all          []*client     // in the order of entering; replaced, never changed, so that the outbox can hold it
	features     map[any]any   // what features keep, see local
	last         *store.Commit // the latest write
	used         time.Time
	turns        uint64 // counts presence
	outbox
}

// state is where a room stands in its life.
type state uint8

const (
	locked   state = iota // made, and not yet configured (XEP-0045#createroom)
	open                  // anybody may try to enter
	unloaded              // let go of: another Room stands for it, or will
	dead                  // destroyed
)

// saltSize is the length of the secret behind a room's occupant ids (XEP-0421#id-generation).
const saltSize = 32

func newRoom(m *module, addr jid.Bare) *Room {
	return &Room{m: m, addr: addr, ready: make(chan struct{}), affiliations: make(map[jid.Bare]affiliation),
		nicks: make(map[string]*occupant), clients: make(map[jid.JID]*client), features: make(map[any]any)}
}

// found makes r a new, locked room. Nobody else has it yet.
func (r *Room) found(by jid.Bare, now time.Time) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	r.record = record{Created: now.UTC(), Creator: by.String(), Salt: salt, Settings: make(map[string][]string)}
	for i := range r.m.settings {
		if s := &r.m.settings[i]; s.show == nil {
			r.record.Settings[s.Var] = s.Values
		}
	}
	r.affiliations[by] = affiliation{Affiliation: wire.Owner}
	r.used = now
	close(r.ready)
}

// load fills r from the store. Nobody else can look at it before ready is closed.
func (r *Room) load(ctx context.Context) error {
	rec, affs, err := r.m.store.load(ctx, r.addr)
	if err != nil {
		return err
	}
	r.record, r.affiliations, r.stored, r.state, r.used = rec, affs, true, open, time.Now()
	r.last = new(store.Commit)    // it is in the store
	for i := range r.m.settings { // of settings that are newer than the room
		s := &r.m.settings[i]
		if _, ok := rec.Settings[s.Var]; !ok && s.show == nil {
			rec.Settings[s.Var] = s.Values
		}
	}
	return r.m.points.loaded.Run(ctx, &loading{r})
}

// local is a piece of state that a feature keeps with each room. Its identity is the key.
type local[T any] struct{ _ byte }

// of returns the room's piece, which begins as the zero T. The room's lock is held.
func (l *local[T]) of(r *Room) *T {
	if x, ok := r.features[l]; ok {
		return x.(*T)
	}
	x := new(T)
	r.features[l] = x
	return x
}

// queue queues a write behind all that the room has written before.
func (r *Room) queue(fn func(store.Tx) error) *store.Commit {
	c := r.m.env.Store.Go(fn)
	c.OnDone(func(err error) {
		if _, meant := stanza.AsError(err); err != nil && !meant {
			r.m.log.Error("a room could not be stored", "room", r.addr, "err", err)
		}
	})
	r.last = c
	return c
}

// save stores the record of a persistent room; of another it does nothing.
func (r *Room) save() *store.Commit {
	r.m.relist(r)
	if !r.stored {
		return nil
	}
	rec := r.record
	rec.Settings = maps.Clone(rec.Settings)
	return r.queue(func(tx store.Tx) error { return r.m.store.rooms.In(tx).Put(r.addr.String(), rec) })
}

// saveAll stores a room that has become persistent.
func (r *Room) saveAll() *store.Commit {
	r.stored = true
	affs := maps.Clone(r.affiliations)
	r.queue(func(tx store.Tx) error {
		for b, a := range affs {
			if err := r.m.store.affiliations.In(tx).Put(r.addr.String(), b.String(), a); err != nil {
				return err
			}
		}
		return nil
	})
	return r.save()
}

// unstore makes a persistent room one that is in memory alone. Its archive stays for as long as the room does.
func (r *Room) unstore() *store.Commit {
	r.stored = false
	r.m.relist(r)
	return r.queue(func(tx store.Tx) error { return r.m.store.drop(tx, r.addr) })
}

// setAffiliation changes somebody's affiliation in memory and queues it for the store.
func (r *Room) setAffiliation(b jid.Bare, a affiliation) *store.Commit {
	b = b.Clone()
	gone := a.Affiliation == wire.NoAffiliation && a.Nick == ""
	if gone {
		delete(r.affiliations, b)
	} else {
		r.affiliations[b] = a
	}
	if !r.stored {
		return nil
	}
	return r.queue(func(tx store.Tx) error {
		if gone {
			_, err := r.m.store.affiliations.In(tx).Delete(r.addr.String(), b.String())
			return err
		}
		return r.m.store.affiliations.In(tx).Put(r.addr.String(), b.String(), a)
	})
}

// listed returns those with an affiliation, in the order of their addresses.
func (r *Room) listed(a wire.Affiliation) []jid.Bare {
	var out []jid.Bare
	for b, x := range r.affiliations {
		if x.Affiliation == a {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, jid.Bare.Compare)
	return out
}

// destroy sends everybody away and forgets the room (XEP-0045#destroyroom). The caller buries it when it has released it.
func (r *Room) destroy(d *wire.Destroy) {
	for _, o := range r.occupants() {
		x := &wire.User{Codes: []wire.Code{wire.CodeSelf}, Items: []wire.Item{{Affiliation: wire.NoAffiliation, Role: wire.NoRole}}, Destroy: d}
		r.send(stanza.New(stanza.Presence, stanza.Unavailable, r.occupantJID(o.nick), jid.JID{}, "", x, o.id), o.clients)
	}
	r.nicks, r.clients, r.all = make(map[string]*occupant), make(map[jid.JID]*client), nil
	r.state, r.gone, r.toBury = dead, make(chan struct{}), true
	if r.last != nil { // something has been stored
		r.queue(func(tx store.Tx) error { return r.m.forget(tx, r.addr) })
	}
}

// emptied deals with a room that nobody is in any more: one that is not persistent is over.
func (r *Room) emptied() {
	if len(r.clients) > 0 || r.state == dead || r.stored && r.state == open {
		return
	}
	r.destroy(nil)
}

// release gives the room's lock back, carries out what is in the outbox, and buries the room if it has died.
func (r *Room) release(ctx context.Context) {
	bury, last := r.toBury, r.last
	r.toBury = false
	r.carryOut(ctx)
	if bury {
		r.m.bury(r, last)
	}
}
