package muc

import (
	"context"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/disco"
	wire "github.com/stonechat-im/stonechat/xep/muc"
	"github.com/stonechat-im/stonechat/xep/ping"
	"github.com/stonechat-im/stonechat/xep/vcard"
)

// request is a request to a room, whose lock is held while its handler runs.
type request struct {
	room        *Room
	iq          *kit.IQ
	by          jid.Bare
	client      *client // the session that asks, if it is in the room; nil otherwise
	affiliation wire.Affiliation
	now         time.Time
	wait        []*store.Commit        // what must be stored before the answer
	done        []func() *store.Commit // what comes once that is stored; the answer waits for it as well
	after       []func()               // what comes behind the answer
}

// actor is who asks, as others may be told.
func (q *request) actor() *actor {
	a := &actor{jid: q.by.JID()}
	if c := q.client; c != nil {
		a.nick = c.in.nick
	} else if o := q.room.find(q.by); len(o) > 0 {
		a.nick = o[0].nick
	}
	return a
}

// role is the role that the requester has in the room: that of his strongest session.
func (q *request) role() wire.Role {
	role := wire.NoRole
	for _, o := range q.room.find(q.by) {
		role = max(role, o.role)
	}
	return role
}

// onRoom has requests to rooms answered. The answer goes through the room's outbox, so that it stands behind what it has
// caused, and after what it confirms has been stored.
func onRoom[T any, P stanza.Decoder[T]](m *module, typ stanza.Type, h func(ctx context.Context, q *request, in P) (stanza.Payload, error)) {
	kit.HandleIQ(m.env, m.svc.Node(), typ, func(ctx context.Context, iq *kit.IQ, in P) (stanza.Payload, error) {
		r, err := m.acquire(ctx, iq.To.Bare())
		if err != nil {
			return nil, err
		}
		if r == nil {
			return nil, stanza.ItemNotFound.With("there is no such room")
		}
		q := &request{room: r, iq: iq, by: iq.From.Bare(), client: r.clients[iq.From], now: time.Now()}
		q.affiliation = r.affiliationOf(q.by)
		out, err := answer(ctx, q, in, h)
		for err == nil && len(q.wait) > 0 {
			err = q.stored(ctx)
		}
		q.reply(out, err)
		for _, f := range q.after {
			if err == nil {
				f()
			}
		}
		r.release(ctx)
		return nil, kit.Later
	})
}

// stored waits until what the request has changed is stored, without the room's lock, and does what comes then.
func (q *request) stored(ctx context.Context) (err error) {
	r, wait, done := q.room, q.wait, q.done
	q.wait, q.done = nil, nil
	r.release(ctx)
	for _, c := range wait {
		if werr := c.Wait(ctx); err == nil {
			err = werr
		}
	}
	r.mu.Lock()
	for _, f := range done {
		if err == nil {
			q.wait = append(q.wait, f())
		}
	}
	return err
}

// answer runs a handler so that a panic leaves the room usable.
func answer[P any](ctx context.Context, q *request, in P, h func(ctx context.Context, q *request, in P) (stanza.Payload, error)) (out stanza.Payload, err error) {
	done := false
	defer func() {
		if !done {
			q.room.mu.Unlock()
		}
	}()
	if q.room.state == locked && q.affiliation != wire.Owner {
		done = true
		return nil, stanza.ItemNotFound.With("the room is not configured yet")
	}
	out, err = h(ctx, q, in)
	done = true
	return out, err
}

func (q *request) reply(out stanza.Payload, err error) {
	switch {
	case err != nil:
		q.room.reject(q.iq.Stanza, err)
	case out == nil:
		q.room.post(q.iq.Reply(stanza.Result))
	default:
		q.room.post(q.iq.Reply(stanza.Result, out))
	}
}

// handleRequests ties in the core's requests. Features tie in theirs themselves.
func (m *module) handleRequests() {
	pong := func(context.Context, *kit.IQ, *ping.Ping) (stanza.Payload, error) { return nil, nil }
	kit.HandleIQ(m.env, m.svc.Self(), stanza.Get, pong)
	onRoom(m, stanza.Get, func(context.Context, *request, *ping.Ping) (stanza.Payload, error) { return nil, nil })
	kit.HandleIQ(m.env, m.svc.Self(), stanza.Get, m.serviceInfo)
	kit.HandleRawIQ(m.env, m.svc.Self(), stanza.Get, kit.Name(disco.NSItems, "query"), m.serviceItems)
	onRoom(m, stanza.Get, roomInfo)
	onRoom(m, stanza.Get, roomItems)
	onRoom(m, stanza.Get, adminGet)
	onRoom(m, stanza.Set, adminSet)
	onRoom(m, stanza.Get, ownerGet)
	onRoom(m, stanza.Set, ownerSet)
}

// passIQ deals with requests that no table takes: those to occupants go to one of their sessions (XEP-0045#bizrules-iq).
func (m *module) passIQ(ctx context.Context, s *stanza.Stanza) {
	if s.To.IsBare() {
		m.refuse(ctx, s, stanza.ServiceUnavailable)
		return
	}
	to, from, err := m.occupantFor(ctx, s)
	switch {
	case err != nil:
		m.refuse(ctx, s, err)
	case to.IsZero():
		m.env.Router.Route(ctx, s.Reply(stanza.Result))
	default:
		m.env.Router.Ask(ctx, s.Readdress(from, to), func(a *stanza.Stanza) {
			if a == nil {
				a = s.Bounce(stanza.RecipientUnavailable.With("no answer came"))
			}
			a = a.Readdress(s.To, s.From)
			a.ID = s.ID
			m.env.Router.Route(context.WithoutCancel(ctx), a)
		})
	}
}

// occupantFor says to which session a request goes, and from which occupant address. A zero address means that the room
// answers in its stead: a ping to oneself (XEP-0410#serveroptimization).
func (m *module) occupantFor(ctx context.Context, s *stanza.Stanza) (to, from jid.JID, err error) {
	r, err := m.acquire(ctx, s.To.Bare())
	if err != nil {
		return to, from, err
	}
	if r == nil {
		return to, from, notInRoom(s.Payload())
	}
	defer r.release(ctx)
	c := r.clients[s.From]
	if c == nil {
		return to, from, notInRoom(s.Payload())
	}
	if err := m.points.act.Run(ctx, &acting{r, c, s, time.Now()}); err != nil {
		return to, from, err
	}
	o := r.nicks[s.To.Resource()]
	switch {
	case o == nil:
		return to, from, stanza.ItemNotFound.With("nobody has that nickname")
	case o == c.in && s.Type == stanza.Get && s.Payload().Is(ping.NS, "ping"):
		return to, from, nil
	case s.Payload().Is(vcard.NS, "vCard"): // it is the account's, and the client cannot answer for it
		return o.who.JID(), c.in.addr, nil
	}
	return o.face().jid, c.in.addr, nil
}

// notInRoom is what somebody hears who asks an occupant something and is not in the room: bad-request for service
// discovery (XEP-0045#disco-occupant), else not-acceptable (XEP-0410#performingselfping).
func notInRoom(payload elem.Elem) error {
	if payload.Space() == disco.NSInfo || payload.Space() == disco.NSItems {
		return stanza.BadRequest.With("you are not in the room")
	}
	return notOccupant()
}
