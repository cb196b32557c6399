package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stonechat-im/stonechat/elem"
)

const (
	nsMUC      = "http://jabber.org/protocol/muc"
	nsMUCUser  = "http://jabber.org/protocol/muc#user"
	nsMUCOwner = "http://jabber.org/protocol/muc#owner"
	nsData     = "jabber:x:data"
)

// joinTime bounds one join.
const joinTime = 30 * time.Second

// buildRooms fills rooms with occupants. In each, one speaks and all hear it, the speaker too.
func buildRooms(ctx context.Context, l *load) error {
	conns, err := l.open(ctx, l.cfg.Rooms*l.cfg.Occupants, false)
	if err != nil {
		return err
	}
	if err := l.roomLanes(ctx, conns); err != nil {
		return err
	}
	l.cfg.Window = min(l.cfg.Window, 4) // times the occupants
	return nil
}

// roomLanes divides sessions among cfg.Rooms rooms. Each room's first occupant makes it and speaks in it.
func (l *load) roomLanes(ctx context.Context, conns []*conn) error {
	service := l.cfg.Service
	if service == "" {
		service = "conference." + l.cfg.Domain
	}
	size := len(conns) / l.cfg.Rooms
	err := l.each(ctx, l.cfg.Rooms, func(ctx context.Context, r int) error {
		room := fmt.Sprintf("%s-%d@%s", l.name, r, service)
		for i, c := range conns[r*size : (r+1)*size] {
			if err := c.join(ctx, room, fmt.Sprintf("nick%d", i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	g := l.addGroup("muc")
	for r := range l.cfg.Rooms {
		occupants := conns[r*size : (r+1)*size]
		ln := l.addLane(g, occupants[0], message(fmt.Sprintf("%s-%d@%s", l.name, r, service), "groupchat", l.cfg.Size))
		for _, c := range occupants {
			ln.expect(c)
		}
	}
	return nil
}

// join enters a room and, where that makes the room, opens it as it is (XEP-0045#createroom-instant).
func (c *conn) join(ctx context.Context, room, nick string) error {
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	joined := make(chan error, 1)
	created := false
	watch := func(e elem.Elem) {
		if e.Local() != "presence" || !strings.EqualFold(e.Attr("from"), room+"/"+nick) && !strings.EqualFold(e.Attr("from"), room) {
			return
		}
		if e.Attr("type") == "error" {
			report(joined, refused("rooms", e))
			return
		}
		self := false
		for s := range e.Child(nsMUCUser, "x").Children() {
			self = self || s.Attr("code") == "110"
			created = created || s.Attr("code") == "201"
		}
		if self {
			report(joined, nil)
		}
	}
	c.watch.Store(&watch)
	defer c.watch.Store(nil)
	c.tell("<presence to='" + room + "/" + nick + "'><x xmlns='" + nsMUC + "'><history maxstanzas='0'/></x></presence>")
	select {
	case err := <-joined:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return errors.Join(errors.New("bench: joining a room took too long"), ctx.Err())
	}
	if !created {
		return nil
	}
	e, err := c.ask(ctx, "set", room, "<query xmlns='"+nsMUCOwner+"'><x xmlns='"+nsData+"' type='submit'/></query>")
	if err != nil || e.Attr("type") == "result" {
		return err
	}
	return refused("rooms", e)
}

// report gives the first result to who waits for it.
func report(to chan<- error, err error) {
	select {
	case to <- err:
	default:
	}
}
