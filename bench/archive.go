package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

const nsMAM = "urn:xmpp:mam:2"

// buildArchives fills the archives of users, in pairs, and makes reading the last page a lane.
func buildArchives(ctx context.Context, l *load) error {
	conns, err := l.open(ctx, l.cfg.Sessions&^1, true)
	if err != nil {
		return err
	}
	if err := l.fillArchives(ctx, conns); err != nil {
		return err
	}
	l.archiveLanes(conns)
	for _, c := range conns {
		c.before = c.others.Load()
	}
	l.cfg.Window = 1
	return nil
}

// archivePage asks for the last page of n (XEP-0313#query-paging-limit, XEP-0059#backwards).
func archivePage(n int) string {
	return "<query xmlns='" + nsMAM + "'><set xmlns='http://jabber.org/protocol/rsm'><max>" + strconv.Itoa(n) + "</max><before/></set></query>"
}

func (l *load) archiveLanes(conns []*conn) {
	l.askLanes("mam", conns, "set", archivePage(l.cfg.Page))
}

// fillArchives makes sure that each archive holds cfg.Archive messages. What is missing is sent between neighbours.
func (l *load) fillArchives(ctx context.Context, conns []*conn) error {
	const inOnePiece = 10
	return l.each(ctx, len(conns)/2, func(ctx context.Context, i int) error {
		a, b := conns[2*i], conns[2*i+1]
		have, err := a.archived(ctx)
		if err != nil {
			return err
		}
		text := fillMessage(b.bare, l.cfg.Size)
		for n := have; n < l.cfg.Archive; {
			from := b.others.Load()
			var sent int64
			for ; sent < inOnePiece && n < l.cfg.Archive; sent, n = sent+1, n+1 {
				a.tell(text)
			}
			if !l.await(ctx, l.cfg.Drain, func() bool { return b.others.Load()-from >= sent }) {
				return errors.New("bench: what fills the archives does not arrive")
			}
		}
		return l.awaitArchive(ctx, a)
	})
}

// fillMessage is a message without a mark.
func fillMessage(to string, size int) string {
	return "<message to='" + to + "' type='chat' id='fill'><body>" + filler(size-80) + "</body></message>"
}

// awaitArchive waits until a's archive holds what was sent: some servers write it later.
func (l *load) awaitArchive(ctx context.Context, a *conn) error {
	for range 50 {
		have, err := a.archived(ctx)
		if err != nil || have >= min(l.cfg.Archive, l.cfg.Page) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%w: archives: what was sent is not in them", ErrUnsupported)
}

// archived is how many messages the user's archive holds, as far as the server tells, and at least how many it returns.
func (c *conn) archived(ctx context.Context) (int, error) {
	from := c.others.Load()
	e, err := c.ask(ctx, "set", "", archivePage(c.load.cfg.Page))
	if err != nil {
		return 0, err
	}
	if e.Attr("type") != "result" {
		return 0, refused("archives", e)
	}
	count := e.Child(nsMAM, "fin").Child("http://jabber.org/protocol/rsm", "set").ChildText("http://jabber.org/protocol/rsm", "count")
	if n, err := strconv.Atoi(count); err == nil {
		return n, nil
	}
	return int(c.others.Load() - from), nil
}
