package muc

import (
	"bytes"
	"context"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// presence takes presence to a room or to one of its occupants (XEP-0045#bizrules-presence).
func (m *module) presence(ctx context.Context, s *stanza.Stanza) {
	switch s.Type {
	case stanza.Available:
		if err := m.available(ctx, s); err != nil {
			m.refuse(ctx, s, err)
		}
	case stanza.Unavailable, stanza.TypeError, stanza.Probe:
		r, err := m.acquire(ctx, s.To.Bare())
		if r == nil || err != nil {
			return
		}
		defer r.release(ctx)
		c := r.clients[s.From]
		switch {
		case s.Type == stanza.Probe:
			r.probed(s, c)
		case c == nil: // "MUST silently ignore"
		case s.Type == stanza.Unavailable:
			r.leave(c, r.stripped(s), s.ID)
		default:
			r.lost(c, s)
		}
	}
}

// available is a request to enter, a change of nickname, or a change of availability.
func (m *module) available(ctx context.Context, s *stanza.Stanza) error {
	if s.To.IsBare() {
		return stanza.JIDMalformed.With("say under which nickname you want to enter: " + s.To.String() + "/nickname")
	}
	if err := checkNick(s.To.Resource()); err != nil {
		return err
	}
	var join *wire.Join
	if x := s.Child(wire.NS, "x"); x.Ok() {
		join = new(wire.Join)
		if err := join.Decode(x); err != nil {
			return stanza.BadRequest.With(err.Error())
		}
	}
	r, err := m.acquire(ctx, s.To.Bare())
	isNew := false
	if r == nil && err == nil {
		if join == nil {
			m.env.Router.Route(ctx, notInside(s))
			return nil
		}
		if err := m.mayCreate(s.From.Bare()); err != nil {
			return err
		}
		r, isNew, err = m.create(ctx, s.To.Bare(), s.From.Bare())
	}
	if err != nil {
		return err
	}
	if r == nil {
		return stanza.ItemNotFound.With("")
	}
	defer r.release(ctx)
	if err := r.available(ctx, s, join, isNew); err != nil {
		r.reject(s, err)
		if isNew {
			r.emptied()
		}
	}
	return nil
}

// notInside tells a client that it is not in a room of which it seems to believe so (XEP-0045#enter-gc).
func notInside(s *stanza.Stanza) *stanza.Stanza {
	return stanza.New(stanza.Presence, stanza.Unavailable, s.To, s.From, s.ID, &wire.User{
		Codes: []wire.Code{wire.CodeKicked, wire.CodeTechnical, wire.CodeSelf},
		Items: []wire.Item{{Affiliation: wire.NoAffiliation, Role: wire.NoRole}},
	})
}

func (r *Room) available(ctx context.Context, s *stanza.Stanza, join *wire.Join, isNew bool) error {
	c := r.clients[s.From]
	if c == nil && join == nil {
		r.post(notInside(s))
		return nil
	}
	if err := r.m.points.act.Run(ctx, &acting{r, c, s, time.Now()}); err != nil {
		return err
	}
	ev := &entering{room: r, from: s.From, who: s.From.Bare(), join: join, nick: s.To.Resource(), again: c != nil}
	ev.affiliation = r.affiliationOf(ev.who)
	o := r.nicks[ev.nick]
	ev.inside = c != nil || o != nil && o.who == ev.who
	if err := r.mayEnter(ctx, ev); err != nil {
		return err
	}
	if isNew {
		ev.codes = append(ev.codes, wire.CodeCreated)
	}
	switch {
	case c == nil:
		c = &client{jid: s.From.Clone()}
		r.face(c, s)
		r.admit(c, ev.nick, r.defaultRole(ev.affiliation))
		r.roster(c)
		r.broadcast(c.in, c, s.ID, ev.codes...)
		ev.client = c
		return r.m.points.entered.Run(ctx, ev)
	case ev.nick != c.in.nick:
		r.face(c, s)
		r.rename(c, ev.nick, s.ID, ev.codes)
	case join == nil:
		r.face(c, s)
		r.broadcast(c.in, c, s.ID)
	default: // it has lost track: everything once more (XEP-0045#enter-muc)
		was := c.shown
		r.face(c, s)
		r.roster(c)
		r.show(r.portrait(c.in), !bytes.Equal(was, c.shown) && r.broadcasts(c.in.role), []*client{c}, c, s.ID, ev.codes...)
	}
	if join != nil {
		ev.client = c
		return r.m.points.entered.Run(ctx, ev)
	}
	return nil
}

// face notes what a session shows of itself.
func (r *Room) face(c *client, s *stanza.Stanza) {
	r.turns++
	c.shown, c.rank, c.turn = bytes.Clone(r.stripped(s)), rank(s), r.turns
}

// mayEnter asks who could be against it. The nickname may be another afterwards (XEP-0045#enter-errorcodes).
func (r *Room) mayEnter(ctx context.Context, ev *entering) error {
	switch {
	case ev.affiliation == wire.Outcast:
		return stanza.Forbidden.With("you are banned from this room")
	case r.state == locked && ev.affiliation != wire.Owner:
		return stanza.ItemNotFound.With("the room is not configured yet")
	}
	wanted := ev.nick
	if err := r.m.points.enter.Run(ctx, ev); err != nil {
		return err
	}
	if o := r.nicks[ev.nick]; o != nil && o.who != ev.who {
		return stanza.Conflict.With("the nickname is in use")
	}
	if ev.nick != wanted {
		ev.codes = append(ev.codes, wire.CodeNickChangedByRoom)
	}
	return nil
}

// rename gives a session another nickname (XEP-0045#changenick). Its user's other sessions keep theirs.
func (r *Room) rename(c *client, nick, id string, codes []wire.Code) {
	o := c.in
	role := o.role
	p := &portrait{who: o, from: o.addr, typ: stanza.Unavailable, items: r.items(o, []*client{c}, role), codes: []wire.Code{wire.CodeNewNick}}
	p.items[0].Nick = nick
	r.unseat(c)
	if len(o.clients) == 0 {
		r.show(p, r.broadcasts(role), []*client{c}, c, id)
	} else {
		r.show(p, false, []*client{c}, c, id)
	}
	r.seat(c, nick, role)
	if len(o.clients) > 0 {
		r.broadcast(o, nil, "")
	}
	r.broadcast(c.in, c, id, codes...)
}

// probed answers a probe for an occupant (XEP-0045#bizrules-presence).
func (r *Room) probed(s *stanza.Stanza, c *client) {
	if s.To.IsBare() {
		return
	}
	if c == nil {
		r.reject(s, notOccupant())
		return
	}
	nick := s.To.Resource()
	if o := r.nicks[nick]; o != nil {
		var codes []wire.Code
		if o == c.in {
			codes = []wire.Code{wire.CodeSelf}
		}
		if o == c.in || r.broadcasts(o.role) {
			r.post(r.draw(r.portrait(o), o == c.in || r.discloses(c.in.role), c.jid, s.ID, codes...))
		}
		return
	}
	who, ok := r.reservedBy(nick)
	if !ok || !r.broadcasts(r.defaultRole(r.affiliationOf(who))) {
		r.reject(s, stanza.ItemNotFound.With("nobody has that nickname"))
		return
	}
	it := wire.Item{Affiliation: r.affiliationOf(who), Role: wire.NoRole, Nick: nick}
	if r.discloses(c.in.role) {
		it.JID = who.String()
	}
	r.post(stanza.New(stanza.Presence, stanza.Unavailable, s.To, c.jid, s.ID, r.occupantID(who), &wire.User{Items: []wire.Item{it}}))
}

// lost removes a session whose client or server cannot be reached (XEP-0045#impl-service-ghosts, #service-error-kick).
func (r *Room) lost(c *client, s *stanza.Stanza) {
	se := stanza.ReadError(s)
	r.leave(c, status(se.Error()), "", wire.CodeTechnical)
}

// status is the status of presence that the room words itself.
func status(text string) []byte {
	return stanza.New(stanza.Presence, stanza.Unavailable, jid.JID{}, jid.JID{}, "", plain{"status", text}).Inner()
}
