package bench

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Of all stanzas of a mixed day, in percent. The order is that of the groups.
const (
	chatShare     = 60
	presenceShare = 15
	rosterShare   = 10
	roomShare     = 10
	archiveShare  = 5
)

// mixedLogins is how many stanzas go by for each login.
const mixedLogins = 50

// runMixed does a bit of everything, at a rate: what a server has to do on an ordinary day, in its usual proportions. What
// the server does not do is left out and named in the result's notes.
func runMixed(ctx context.Context, l *load) error {
	if l.cfg.Rate <= 0 {
		return errors.New("bench: a mixed load needs a rate")
	}
	conns, err := l.open(ctx, l.cfg.Sessions&^1, true)
	if err != nil {
		return err
	}
	l.cfg.Rooms = min(l.cfg.Rooms, max(1, len(conns)/max(l.cfg.Occupants, 1)))
	parts := []struct {
		share int
		build func() error
	}{
		{chatShare, func() error { l.chatLanes(conns); return nil }},
		{presenceShare, func() error {
			err := l.befriend(ctx, conns)
			if err == nil {
				l.presenceLanes(conns)
			}
			return err
		}},
		{rosterShare, func() error {
			_, err := conns[0].roster(ctx)
			if err == nil {
				l.rosterLanes(conns)
			}
			return err
		}},
		{roomShare, func() error { return l.roomLanes(ctx, conns[:min(len(conns), l.cfg.Rooms*l.cfg.Occupants)]) }},
		{archiveShare, func() error {
			_, err := conns[0].archived(ctx)
			if err == nil {
				l.archiveLanes(conns)
			}
			return err
		}},
	}
	for _, p := range parts {
		if err := p.build(); errors.Is(err, ErrUnsupported) {
			l.note(err.Error())
			continue
		} else if err != nil {
			return err
		}
		l.groups[len(l.groups)-1].shares = p.share
	}
	if err := l.settle(); err != nil {
		return err
	}
	return l.measure(ctx, func(ctx context.Context) error {
		var visits sync.WaitGroup
		visits.Go(func() { l.comeAndGo(ctx) })
		defer visits.Wait()
		return l.pace(ctx, l.blend())
	})
}

// blend lists lanes such that groups come in their shares and, in each, lanes in turn.
func (l *load) blend() (order []*lane) {
	due := make([]int, len(l.groups))
	next := make([]int, len(l.groups))
	longest := 0
	for _, g := range l.groups {
		longest = max(longest, len(g.lanes))
	}
	for range 100 * longest {
		most, sum := 0, 0
		for i, g := range l.groups {
			sum += g.shares
			if due[i] += g.shares; due[i] > due[most] {
				most = i
			}
		}
		due[most] -= sum
		g := l.groups[most]
		order = append(order, g.lanes[next[most]%len(g.lanes)])
		next[most]++
	}
	return order
}

// comeAndGo logs in and out beside the rest.
func (l *load) comeAndGo(ctx context.Context) {
	each := time.Duration(float64(time.Second) * mixedLogins / l.cfg.Rate)
	for i := int64(0); ctx.Err() == nil && !l.stopping.Load(); i++ {
		at := time.Now()
		if err := l.visit(ctx, int(i)%len(l.users), i+1); err != nil && ctx.Err() == nil {
			l.failed.Add(1)
			l.note(err.Error())
		}
		if rest := each - time.Since(at); rest > 0 {
			time.Sleep(rest)
		}
	}
}
