//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// world is a server, a proxy before it, clients, and the books about what they tell each other.
type world struct {
	server  *server
	proxy   *proxy
	clients []*client
	books   *ledger
	bulk    string // more text for every letter
	ends    bool   // the server may have to end sessions without dying itself

	end  context.CancelFunc // of the clients
	done sync.WaitGroup     // they have ended
}

// heroes are the accounts.
var heroes = []string{"romeo", "juliet", "mercutio", "benvolio", "tybalt", "nurse", "paris", "rosaline"}

// newWorld starts a server, with extra lines in its configuration, and n clients. Tests that need a minute of one machine
// for themselves are skipped where that is not given.
func newWorld(t *testing.T, n int, dir, extra string) *world {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: faults take about a minute (-short)")
	}
	if raceEnabled {
		t.Skip("skipped: the race detector sees nothing of another process")
	}
	w := &world{server: newServer(t, dir, extra), books: newLedger()}
	w.server.start(t)
	w.proxy = newProxy(t, func() string { return w.server.addr.Load().(string) })
	for i, user := range heroes[:n] {
		w.server.addAccount(t, user, password)
		w.clients = append(w.clients, newClient(w, i, user))
	}
	w.enter(t)
	t.Cleanup(w.exit)
	return w
}

// enter brings the clients online.
func (w *world) enter(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w.end = cancel
	before := w.streams()
	for _, c := range w.clients {
		w.done.Go(func() { c.run(ctx) })
	}
	w.online(t, before)
}

// exit ends the clients without a word.
func (w *world) exit() {
	w.end()
	for _, c := range w.clients {
		c.mu.Lock()
		if c.raw != nil {
			_ = c.raw.Close()
		}
		c.mu.Unlock()
	}
	w.done.Wait()
}

// streams counts the streams of each client so far, for online.
func (w *world) streams() []int64 {
	out := make([]int64, len(w.clients))
	for i, c := range w.clients {
		out[i] = c.streams()
	}
	return out
}

// online waits until every client has a new stream since.
func (w *world) online(t *testing.T, since []int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i, c := range w.clients {
		if !c.online(ctx, since[i]) {
			t.Fatalf("%s does not come online", c.user)
		}
	}
}

// load has every client send letters to others until it is stopped: one every pace, or as fast as they are acknowledged.
func (w *world) load(pace time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var senders sync.WaitGroup
	for i := range w.clients {
		senders.Go(func() {
			tick := time.NewTicker(pace)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
				case <-ctx.Done():
					return
				}
				to := rand.IntN(len(w.clients) - 1)
				if to >= i {
					to++
				}
				w.post(ctx, i, to)
			}
		})
	}
	return func() {
		cancel()
		senders.Wait()
	}
}

// post has one client write to another.
func (w *world) post(ctx context.Context, from, to int) {
	_ = w.clients[from].send(ctx, func() (string, *letter) {
		x := w.books.write(from, to)
		return fmt.Sprintf("<message to='%s@localhost' type='chat' id='%s'><body>O, she doth teach the torches to burn bright! %s%s</body><origin-id xmlns='urn:xmpp:sid:0' id='%s'/></message>",
			w.clients[to].user, x.id, x.id, w.bulk, x.id), x
	})
}

// settle waits until everything has arrived; then every client logs in anew, and nothing more may come.
func (w *world) settle(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if !w.books.arrived(ctx, func(*letter) bool { return true }) {
		return // the books say what is missing
	}
	w.ping(ctx, t) // a session that is just beginning has got its stored messages
	w.books.seal()
	w.exit()
	for _, c := range w.clients {
		c.mu.Lock()
		c.smID = ""
		c.mu.Unlock()
	}
	w.enter(t)
	w.ping(ctx, t)
}

// ping has every client ask the server something in a session that lasts until the answer: what was sent before it has come.
func (w *world) ping(ctx context.Context, t *testing.T) {
	t.Helper()
	for _, c := range w.clients {
		err := errAway
		for errors.Is(err, errAway) {
			_, err = c.ask(ctx, "get", "localhost", "<ping xmlns='urn:xmpp:ping'/>")
		}
		if err != nil {
			t.Errorf("%s: %v", c.user, err)
		}
	}
}

// around is how long before a crash a message may have been seen that comes again after it, when its recipient had a stream
// that worked: its acknowledgement, or what that made the server write, had not got through.
const around = 5 * time.Second

// again says whether a message that a client has seen may be seen once more: in another session, because the server could
// not know that it had been. On a stream that has gone silent acknowledgements are lost until the client notices.
func (w *world) again(c *client, before, now sighting) bool {
	died, killed := w.server.killed(before.life)
	return now.epoch > before.epoch && (w.ends || killed && died.Sub(before.at) < around+2*c.calm)
}

// has says whether a link belongs to one of the clients.
func (w *world) has(k *link) bool {
	for _, c := range w.clients {
		c.mu.Lock()
		raw := c.raw
		c.mu.Unlock()
		if raw != nil && raw.LocalAddr().String() == k.client.RemoteAddr().String() {
			return true
		}
	}
	return false
}

// await looks until something is so.
func (w *world) await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); life(20) {
		if time.Now().After(end) {
			t.Fatal("in vain: ", what)
		}
	}
}

// check settles and balances the books.
func (w *world) check(t *testing.T) sum {
	t.Helper()
	w.settle(t)
	out := w.books.balance(t, func(x *letter, before, now sighting) bool { return w.again(w.clients[x.to], before, now) })
	resumed, fresh := int64(0), int64(0)
	for _, c := range w.clients {
		resumed += c.resumed.Load()
		fresh += c.fresh.Load()
	}
	t.Logf("%v; %d sessions, %d resumptions", out, fresh, resumed)
	return out
}

// strict is check where no session may end, so that nothing needs to be said or delivered again.
func (w *world) strict(t *testing.T) {
	t.Helper()
	for _, c := range w.clients {
		if n := c.fresh.Load(); n != 1 {
			t.Errorf("%s had %d sessions, and should have resumed the first", c.user, n)
		}
	}
	out := w.check(t)
	if out.again+out.redelivered+out.doubled+out.bounced > 0 {
		t.Errorf("no session ended, but %v", out)
	}
	if out.late > 0 {
		t.Errorf("%d messages were overtaken", out.late)
	}
}
