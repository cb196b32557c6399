package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/stonechat-im/stonechat/elem"
)

const nsRoster = "jabber:iq:roster"

// buildPresence logs in users in a ring, in which each has the nearest others for contacts, and makes all of them
// subscribed to each other where they are not yet.
func buildPresence(ctx context.Context, l *load) error {
	conns, err := l.open(ctx, l.cfg.Sessions, true)
	if err != nil {
		return err
	}
	if err := l.befriend(ctx, conns); err != nil {
		return err
	}
	l.presenceLanes(conns)
	l.cfg.Window = 1 // all users at once are storm enough
	return nil
}

// presenceLanes makes each user's presence a lane to his contacts. The mark is in the status: servers may drop ids of
// presence.
func (l *load) presenceLanes(conns []*conn) {
	g := l.addGroup("presence")
	for i, c := range conns {
		ln := l.addLane(g, c, "<presence><show>away</show><status>"+markHere+"</status></presence>")
		for _, j := range l.contacts(i, len(conns)) {
			ln.expect(conns[j])
		}
	}
}

// contacts lists the neighbours of place i in a ring of n: cfg.Contacts of them, half on each side.
func (l *load) contacts(i, n int) (out []int) {
	half := min(l.cfg.Contacts/2, (n-1)/2)
	for d := 1; d <= half; d++ {
		out = append(out, (i+d)%n, (i-d+n)%n)
	}
	return out
}

// befriend makes contacts subscribe to each other (RFC 6121 §3.1). Both ends ask, and both approve what they are asked.
func (l *load) befriend(ctx context.Context, conns []*conn) error {
	for _, c := range conns {
		watch := func(e elem.Elem) {
			if e.Local() == "presence" && e.Attr("type") == "subscribe" {
				c.tell("<presence to='" + e.Attr("from") + "' type='subscribed'/>")
			}
		}
		c.watch.Store(&watch)
	}
	last, still := int64(0), 0
	for {
		// Ask once, and again only when answers have ceased to come.
		missing, err := l.befriendOnce(ctx, conns, still%befriendAgain == 0)
		if err != nil {
			return err
		}
		if missing == 0 {
			for _, c := range conns {
				c.watch.Store(nil)
			}
			return nil
		}
		if still++; missing != last {
			still = 1
		}
		if last = missing; still > befriendMost {
			return errors.New("bench: contacts did not become subscribed to each other")
		}
		l.say("%d subscriptions to go", missing)
		time.Sleep(befriendEvery)
	}
}

// How often rosters are looked at while contacts subscribe to each other, and after how many looks without a change they
// are asked again, or given up.
const (
	befriendEvery = time.Second
	befriendAgain = 5
	befriendMost  = 30
)

// befriendOnce looks at all rosters, asks for subscriptions that are missing if told so, and returns how many are.
func (l *load) befriendOnce(ctx context.Context, conns []*conn, ask bool) (int64, error) {
	var missing atomic.Int64
	err := l.each(ctx, len(conns), func(ctx context.Context, i int) error {
		c := conns[i]
		have, err := c.roster(ctx)
		if err != nil {
			return err
		}
		for _, j := range l.contacts(i, len(conns)) {
			sub := have[conns[j].bare]
			if sub == "both" {
				continue
			}
			missing.Add(1)
			if ask && sub != "to" {
				c.tell("<presence to='" + conns[j].bare + "' type='subscribe'/>")
			}
		}
		return nil
	})
	return missing.Load(), err
}

// roster fetches a roster: contact → subscription (RFC 6121 §2.1.3).
func (c *conn) roster(ctx context.Context) (map[string]string, error) {
	e, err := c.ask(ctx, "get", "", "<query xmlns='"+nsRoster+"'/>")
	if err != nil {
		return nil, err
	}
	if e.Attr("type") != "result" {
		return nil, fmt.Errorf("%w: rosters: %s", ErrUnsupported, e.Raw())
	}
	out := make(map[string]string)
	for item := range e.Child(nsRoster, "query").Children() {
		out[item.Attr("jid")] = item.Attr("subscription")
	}
	return out, nil
}
