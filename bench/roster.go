package bench

import (
	"context"
	"fmt"

	"github.com/stonechat-im/stonechat/elem"
)

// buildRosters gives each user a roster of cfg.Contacts items and makes fetching it a lane.
func buildRosters(ctx context.Context, l *load) error {
	conns, err := l.open(ctx, l.cfg.Sessions, false)
	if err != nil {
		return err
	}
	if err := l.fillRosters(ctx, conns); err != nil {
		return err
	}
	l.rosterLanes(conns)
	l.cfg.Window = 1
	return nil
}

func (l *load) rosterLanes(conns []*conn) {
	l.askLanes("roster", conns, "get", "<query xmlns='"+nsRoster+"'/>")
}

// askLanes makes an IQ of each session's to its own account a lane; its answer is the arrival.
func (l *load) askLanes(name string, conns []*conn, typ, payload string) {
	g := l.addGroup(name)
	for _, c := range conns {
		l.addLane(g, c, "<iq type='"+typ+"' id='"+markHere+"'>"+payload+"</iq>").expect(c)
	}
}

// fillRosters adds contacts that do not exist where rosters are too short.
func (l *load) fillRosters(ctx context.Context, conns []*conn) error {
	return l.each(ctx, len(conns), func(ctx context.Context, i int) error {
		have, err := conns[i].roster(ctx)
		if err != nil {
			return err
		}
		for n := len(have); n < l.cfg.Contacts; n++ {
			item := fmt.Sprintf("<query xmlns='"+nsRoster+"'><item jid='contact%d@%s' name='Contact %d'><group>Verona</group></item></query>", n, l.cfg.Domain, n)
			if e, err := conns[i].ask(ctx, "set", "", item); err != nil {
				return err
			} else if e.Attr("type") != "result" {
				return refused("rosters", e)
			}
		}
		return nil
	})
}

// refused makes an error of the answer to something that the server should do.
func refused(what string, e elem.Elem) error {
	return fmt.Errorf("%w: %s: %s", ErrUnsupported, what, e.Raw())
}
