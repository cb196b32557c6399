//go:build linux

package faults

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// letter is one message and what became of it.
type letter struct {
	id       string
	from, to int // clients
	number   int // among those of from to to
	acked    bool
	bounced  bool       // its sender was told that it was not delivered
	again    int        // how often it was said again without knowing whether the server had it
	seen     []sighting // by its recipient
}

// sighting is one arrival of a letter.
type sighting struct {
	epoch int   // the recipient's session, see client.epoch
	life  int32 // the server's, see server.life
	at    time.Time
}

// ledger has an entry for every letter.
type ledger struct {
	mu      sync.Mutex
	changed *sync.Cond
	all     []*letter
	byID    map[string]*letter
	counts  map[[2]int]int // letters written, by sender and recipient
	latest  map[[2]int]int // number of the last one seen, by sender and recipient
	late    int            // how many came after a later one of the same sender
	sealed  bool           // everything has arrived: whatever comes now is one too many
	faults  []string       // what must not happen at all
}

func newLedger() *ledger {
	l := &ledger{byID: make(map[string]*letter), counts: make(map[[2]int]int), latest: make(map[[2]int]int)}
	l.changed = sync.NewCond(&l.mu)
	return l
}

func (l *ledger) write(from, to int) *letter {
	l.mu.Lock()
	defer l.mu.Unlock()
	pair := [2]int{from, to}
	l.counts[pair]++
	x := &letter{id: fmt.Sprintf("L%d", len(l.all)), from: from, to: to, number: l.counts[pair]}
	l.all = append(l.all, x)
	l.byID[x.id] = x
	return x
}

func (l *ledger) acked(x *letter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x.acked = true
	l.changed.Broadcast()
}

// again notes that letters are said again by a client that cannot know whether the server has them.
func (l *ledger) again(list []*letter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range list {
		x.again++
	}
}

func (l *ledger) bounced(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x := l.byID[id]; x != nil {
		x.bounced = true
	}
	l.changed.Broadcast()
}

func (l *ledger) saw(id string, by int, s sighting) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.byID[id]
	switch {
	case x == nil || x.to != by:
		l.faults = append(l.faults, fmt.Sprintf("client %d got %q, which was not for it", by, id))
		return
	case l.sealed:
		l.faults = append(l.faults, fmt.Sprintf("client %d got %s once more after everything had arrived", by, id))
	}
	pair := [2]int{x.from, x.to}
	if len(x.seen) == 0 {
		if x.number < l.latest[pair] {
			l.late++
		}
		l.latest[pair] = max(l.latest[pair], x.number)
	}
	x.seen = append(x.seen, s)
	l.changed.Broadcast()
}

func (l *ledger) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// arrived waits until every letter that counts was acknowledged, and seen unless it bounced. It is false when that takes
// longer than ctx.
func (l *ledger) arrived(ctx context.Context, counts func(*letter) bool) bool {
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.changed.Broadcast()
	})
	defer stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for next := 0; ; l.changed.Wait() {
		for next < len(l.all) && (!counts(l.all[next]) || l.all[next].done()) {
			next++
		}
		if next == len(l.all) || ctx.Err() != nil {
			return next == len(l.all)
		}
	}
}

// seal says that everything has arrived.
func (l *ledger) seal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sealed = true
}

// sum is what the books say.
type sum struct {
	written, bounced, unacked, lost int
	again                           int // seen twice because their senders had to say them again
	redelivered                     int // seen again because the recipient's acknowledgement died with the server
	doubled, late                   int
}

func (s sum) String() string {
	return fmt.Sprintf("%d messages, %d bounced, %d not acknowledged, %d lost, %d said again after a crash, %d redelivered after a crash, %d doubled, %d out of order",
		s.written, s.bounced, s.unacked, s.lost, s.again, s.redelivered, s.doubled, s.late)
}

// balance goes through the books. mayAgain says whether a message may have been delivered again. Examples of what is wrong are
// reported as errors.
func (l *ledger) balance(t *testing.T, mayAgain func(x *letter, before, now sighting) bool) (out sum) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var bad []string
	for _, x := range l.all {
		out.written++
		switch {
		case !x.acked:
			out.unacked++
			bad = append(bad, fmt.Sprintf("%s was never acknowledged", x))
		case x.bounced:
			out.bounced++
		case len(x.seen) == 0:
			out.lost++
			bad = append(bad, fmt.Sprintf("%s was lost", x))
		}
		again, redelivered, doubled := x.twice(func(before, now sighting) bool { return mayAgain(x, before, now) })
		out.again += again
		out.redelivered += redelivered
		out.doubled += doubled
		if doubled > 0 {
			bad = append(bad, fmt.Sprintf("%s came twice", x))
		}
	}
	out.late = l.late
	bad = append(bad, l.faults...)
	if n := len(bad); n > 12 {
		bad = append(bad[:12], fmt.Sprintf("and %d more", n-12))
	}
	if len(bad) > 0 {
		t.Error(strings.Join(bad, "\n"))
	}
	return out
}

// twice sorts what came more than once: because the sender had to say it again, because it was delivered again, or for no
// good reason. In one session each time that it was said may show once.
func (x *letter) twice(mayAgain func(before, now sighting) bool) (again, redelivered, doubled int) {
	said := 1 + x.again
	inSession := make(map[int]int)
	for i, now := range x.seen {
		if inSession[now.epoch]++; inSession[now.epoch] > said {
			doubled++
			continue
		}
		if slices.ContainsFunc(x.seen[:i], func(before sighting) bool { return mayAgain(before, now) }) {
			redelivered++
		}
	}
	more := len(x.seen) - doubled - said // that need another reason than having been said again
	redelivered, doubled = min(redelivered, max(more, 0)), doubled+max(more-redelivered, 0)
	return max(len(x.seen)-1, 0) - redelivered - doubled, redelivered, doubled
}

func (x *letter) done() bool { return x.acked && (x.bounced || len(x.seen) > 0) }

func (x *letter) String() string {
	s := fmt.Sprintf("%s from %d to %d, said again %d times", x.id, x.from, x.to, x.again)
	for _, v := range x.seen {
		s += fmt.Sprintf(", seen in session %d, life %d at %s", v.epoch, v.life, v.at.Format("05.000"))
	}
	return s
}
