package router

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
)

// askFor is how long the server waits for an answer to a request of its own.
const askFor = time.Minute

// asks holds the requests that the server has asked and not had answered, by id.
type asks struct {
	mu   sync.Mutex
	open map[string]*ask
}

type ask struct {
	of    jid.JID // who was asked, and alone may answer (RFC 6120 §8.1.2.1)
	by    jid.JID
	timer *time.Timer
	done  func(*stanza.Stanza)
}

// Ask implements kit.Router.
func (r *Router) Ask(ctx context.Context, s *stanza.Stanza, answer func(*stanza.Stanza)) {
	q := *s
	q.ID = rand.Text()
	a := &ask{of: q.To, by: q.From, done: answer}
	r.asks.mu.Lock()
	if r.asks.open == nil {
		r.asks.open = make(map[string]*ask)
	}
	r.asks.open[q.ID] = a
	a.timer = time.AfterFunc(askFor, func() {
		if r.asks.take(q.ID, a) {
			answer(nil)
		}
	})
	r.asks.mu.Unlock()
	r.Route(ctx, &q)
}

// take removes an open request; false when it was answered or given up already.
func (as *asks) take(id string, a *ask) bool {
	as.mu.Lock()
	defer as.mu.Unlock()
	if as.open[id] != a {
		return false
	}
	delete(as.open, id)
	return true
}

// answer hands a result or error to whoever asked; false when s answers nothing of ours, or does not come from the
// address that was asked.
func (as *asks) answer(s *stanza.Stanza) bool {
	as.mu.Lock()
	a := as.open[s.ID]
	as.mu.Unlock()
	if a == nil || a.by != s.To || a.of != s.From || !as.take(s.ID, a) {
		return false
	}
	a.timer.Stop()
	a.done(s.Index())
	return true
}
