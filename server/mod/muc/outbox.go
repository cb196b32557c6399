package muc

import (
	"context"

	"github.com/stonechat-im/stonechat/stanza"
)

// outbox is what a room has yet to send, in order. The room's lock guards it.
type outbox struct {
	waiting []parcel
	spare   []parcel // the last batch's memory
	busy    bool     // somebody carries parcels out
}

// parcel is one stanza for one or many.
type parcel struct {
	st      *stanza.Stanza
	to      []*client       // nil: st is addressed
	custody *stanza.Custody // released when st has been handed over
}

// send appends a stanza for several clients; it is written once, whatever their number. The slice must not change.
func (r *Room) send(s *stanza.Stanza, to []*client) {
	if len(to) > 0 {
		r.waiting = append(r.waiting, parcel{st: s.Index(), to: to})
	}
}

// post appends a stanza that is addressed already.
func (r *Room) post(s *stanza.Stanza) {
	if s != nil {
		r.waiting = append(r.waiting, parcel{st: s})
	}
}

// reject appends the error that answers s.
func (r *Room) reject(s *stanza.Stanza, err error) {
	se, meant := stanza.AsError(err)
	if !meant {
		r.m.log.Error("a room failed", "room", r.addr, "from", s.From, "id", s.ID, "err", err)
	}
	r.post(r.m.errorFor(s, se))
}

// carryOut releases the room's lock and delivers what is waiting, unless somebody is at it: then that one finds it. What
// belongs to many is not cut short by the end of the one who carries it, so his context's end does not count.
func (r *Room) carryOut(ctx context.Context) {
	if r.busy || len(r.waiting) == 0 {
		r.mu.Unlock()
		return
	}
	r.busy = true
	held := true
	defer func() { // also when the router panics: the room must go on
		if !held {
			r.mu.Lock()
		}
		r.busy = false
		r.mu.Unlock()
	}()
	ctx = context.WithoutCancel(ctx)
	for len(r.waiting) > 0 {
		batch := r.waiting
		r.waiting = r.spare[:0]
		r.mu.Unlock()
		held = false
		for i := range batch {
			r.m.deliver(ctx, &batch[i])
		}
		clear(batch)
		r.mu.Lock()
		held = true
		if r.spare = batch[:0]; cap(batch) > 1024 {
			r.spare = nil
		}
	}
}

func (m *module) deliver(ctx context.Context, p *parcel) {
	if p.to == nil {
		m.env.Router.Route(ctx, p.st)
	}
	for _, c := range p.to {
		m.env.Router.Route(ctx, p.st.Readdress(p.st.From, c.jid))
	}
	p.custody.Release(nil)
}
