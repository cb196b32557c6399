package muc

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// message takes messages to a room or to one of its occupants (XEP-0045#bizrules-message).
func (m *module) message(ctx context.Context, s *stanza.Stanza) {
	r, err := m.acquire(ctx, s.To.Bare())
	if r == nil && err == nil {
		err = stanza.ItemNotFound.With("there is no such room")
	}
	if err != nil {
		m.refuse(ctx, s, err)
		return
	}
	defer r.release(ctx)
	if s.Type == stanza.TypeError {
		r.bounced(ctx, s)
		return
	}
	if err := r.message(ctx, s); err != nil {
		r.reject(s, err)
	}
}

func (r *Room) message(ctx context.Context, s *stanza.Stanza) error {
	c := r.clients[s.From]
	if r.state == locked && r.affiliationOf(s.From.Bare()) != wire.Owner {
		return stanza.ItemNotFound.With("there is no such room")
	}
	if err := r.m.points.act.Run(ctx, &acting{r, c, s, time.Now()}); err != nil {
		return err
	}
	switch {
	case !s.To.IsBare():
		return r.whisper(ctx, c, s)
	case s.Type == stanza.Groupchat:
		return r.speak(ctx, c, s)
	}
	switch err := r.m.points.messages.Run(ctx, &addressed{r, s, c}); {
	case errors.Is(err, hook.Stop):
		return nil
	case err != nil:
		return err
	case c == nil:
		return notOccupant()
	}
	return stanza.BadRequest.With("messages to all are of type groupchat")
}

func notOccupant() error {
	return stanza.NotAcceptable.With("you are not in the room").WithType(stanza.Cancel)
}

// speak sends an occupant's message to everybody (XEP-0045#message).
func (r *Room) speak(ctx context.Context, c *client, s *stanza.Stanza) error {
	if c == nil {
		return notOccupant()
	}
	ev := &speaking{room: r, by: c, now: time.Now(), custody: s.Custody}
	ev.subject = s.Has(stanza.NSClient, "subject") && !s.Has(stanza.NSClient, "body") && !s.Has(stanza.NSClient, "thread")
	ev.st = s.Without(func(e elem.Elem) bool { return r.reserved(e) }).Readdress(c.in.addr, r.addr.JID())
	if ev.st.ID == "" {
		ev.st.ID = rand.Text()
	}
	if err := r.m.points.speak.Run(ctx, ev); err != nil {
		if errors.Is(err, hook.Stop) {
			return nil
		}
		return err
	}
	r.toAll(ev.st, s.Custody)
	return nil
}

// toAll queues a message for everybody. The sender's acknowledgement waits until it has been handed over.
func (r *Room) toAll(s *stanza.Stanza, custody *stanza.Custody) {
	if len(r.all) == 0 {
		return
	}
	custody.Take()
	r.waiting = append(r.waiting, parcel{st: s.Index(), to: r.all, custody: custody})
}

// notice is a message of the room itself to everybody.
func (r *Room) notice(x *wire.User, to []*client) {
	r.send(stanza.New(stanza.Message, stanza.Groupchat, r.addr.JID(), r.addr.JID(), rand.Text(), x), to)
}

// whisper passes a private message on, to all sessions of the one it is for (XEP-0045#privatemessage).
func (r *Room) whisper(ctx context.Context, c *client, s *stanza.Stanza) error {
	switch {
	case s.Type == stanza.Groupchat:
		return stanza.BadRequest.With("a private message cannot be of type groupchat")
	case c == nil:
		return notOccupant()
	}
	to := r.nicks[s.To.Resource()]
	if to == nil {
		return stanza.ItemNotFound.With("nobody has that nickname")
	}
	ev := &whispering{room: r, by: c, to: to}
	ev.st = s.Without(func(e elem.Elem) bool { return r.reserved(e) }).Readdress(c.in.addr, to.addr)
	if err := r.m.points.whisper.Run(ctx, ev); err != nil {
		return err
	}
	ev.st = ev.st.With(&wire.User{})
	s.Custody.Take()
	r.waiting = append(r.waiting, parcel{st: ev.st.Index(), to: to.clients, custody: s.Custody})
	return nil
}

// bounced deals with an error message: a session that cannot be reached is removed; another error that answers a private
// message goes to who wrote it.
func (r *Room) bounced(ctx context.Context, s *stanza.Stanza) {
	c := r.clients[s.From]
	if c == nil {
		return
	}
	if unreachable(stanza.ReadError(s).Condition) || s.To.IsBare() {
		r.lost(c, s)
		return
	}
	if to := r.nicks[s.To.Resource()]; to != nil && to != c.in {
		r.send(s.Without(func(e elem.Elem) bool { return r.reserved(e) }).Readdress(c.in.addr, to.addr), to.clients)
	}
}

// unreachable says whether an error means that somebody is not there (XEP-0045#impl-service-ghosts; servers and clients
// say service-unavailable for it as well, RFC 6121 §8.5.3).
func unreachable(c stanza.Condition) bool {
	switch c {
	case stanza.Gone, stanza.ItemNotFound, stanza.RecipientUnavailable, stanza.Redirect, stanza.RemoteServerNotFound,
		stanza.RemoteServerTimeout, stanza.ServiceUnavailable, stanza.InternalServerError, stanza.JIDMalformed, stanza.UndefinedCondition:
		return true
	}
	return false
}
