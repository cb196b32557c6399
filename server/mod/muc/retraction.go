package muc

import (
	"context"
	"time"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
	"github.com/stonechat-im/stonechat/xep/occupantid"
	"github.com/stonechat-im/stonechat/xep/retract"
	"github.com/stonechat-im/stonechat/xep/stanzaid"
)

// addRetraction puts tombstones in place of messages that their writers or moderators take back (XEP-0424, XEP-0425).
func (m *module) addRetraction() {
	m.feature(retract.NS, retract.FeatureTombstone, retract.NSModerate)
	on("retraction", &m.points.speak, hook.Guard, func(ev *speaking) error {
		// Only the room says that a moderator has retracted something (XEP-0425#rules).
		if e := ev.st.Child(retract.NS, "retract"); e.Child(retract.NSModerate, "moderated").Ok() {
			return stanza.BadRequest.With("ask the room to moderate a message")
		}
		return nil
	})
	on("retraction", &m.points.speak, hook.Copy, func(ev *speaking) error {
		var in retract.Retract
		e := ev.st.Child(retract.NS, "retract")
		if !e.Ok() || in.Decode(e) != nil {
			return nil
		}
		by := ev.by.in.who
		ev.hold(ev.room.retract(in.ID, by, &retract.Retracted{ID: ev.st.ID, Stamp: ev.now}))
		return nil
	})
	onRoom(m, stanza.Set, moderate)
}

// retract puts a tombstone in place of a message, in the archive and in the history. With by, only a message of his; what is
// not there is left (XEP-0424#rules).
func (r *Room) retract(id string, by jid.Bare, stone *retract.Retracted) *store.Commit {
	r.m.past.of(r).remove(id, by)
	return r.queue(func(tx store.Tx) error {
		archive := r.m.archive.In(tx)
		it, ok, err := archive.Item(r.addr.String(), id)
		switch {
		case err != nil:
			return err
		case !ok && by.IsZero():
			return stanza.ItemNotFound.With("there is no such message")
		case !ok || !by.IsZero() && it.Peer != by.String():
			return nil
		}
		v, err := readSaid(it.Value)
		if err != nil {
			return err
		}
		s, err := stanza.Parse(v.message)
		if err != nil {
			return err
		}
		v.message = tombstone(s, stone).Forwarded(nil)
		return archive.Replace(r.addr.String(), id, v.value())
	})
}

// tombstone is what is left of a message: who wrote it, and that it is gone (XEP-0424#tombstones).
func tombstone(s *stanza.Stanza, stone *retract.Retracted) *stanza.Stanza {
	out := stanza.New(s.Kind, s.Type, s.From, s.To, s.ID)
	if e := s.Child(occupantid.NS, "occupant-id"); e.Ok() {
		out = out.With(copied{e})
	}
	return out.With(stone)
}

// moderate retracts somebody else's message (XEP-0425#usecase).
func moderate(_ context.Context, q *request, in *retract.Moderate) (stanza.Payload, error) {
	r := q.room
	switch {
	case q.role() < wire.Moderator:
		return nil, stanza.Forbidden.With("only moderators may retract others' messages")
	case !in.Retract:
		return nil, stanza.BadRequest.With("say what is to be done with the message")
	}
	by := &retract.Moderated{Occupant: r.occupantID(q.by)}
	if o := r.find(q.by); len(o) > 0 {
		by.By = o[0].addr.String()
	}
	now := time.Now()
	q.wait = append(q.wait, r.retract(in.ID, jid.Bare{}, &retract.Retracted{Stamp: now, Moderated: by, Reason: in.Reason}))
	q.done = append(q.done, func() *store.Commit {
		return r.proclaim(now, &retract.Retract{ID: in.ID, Moderated: by, Reason: in.Reason})
	})
	return nil, nil
}

// proclaim is something that the room itself says to everybody and keeps.
func (r *Room) proclaim(now time.Time, what ...stanza.Payload) *store.Commit {
	id := stanzaid.New(now)
	s := stanza.New(stanza.Message, stanza.Groupchat, r.addr.JID(), r.addr.JID(), id, append(what, &stanzaid.StanzaID{ID: id, By: r.addr.String()})...)
	r.toAll(s, nil)
	return r.archived(id, now, jid.Bare{}, "", &said{message: forwarded(s)})
}
