// Package offline keeps messages for those who are not there (XEP-0160), and hands them over with the time of their
// arrival (XEP-0203) when a session becomes available.
//
// The promise behind it: what was acknowledged to a sender is not lost. A message is in the store before its sender is
// told, and leaves the store only when a session has confirmed it (XEP-0198), or has written it where there is no stream
// management. Dying in between delivers a message twice rather than never. The same store takes messages that a session
// has but does not confirm (kit.Undelivered.Spool).
//
// State in memory: a box for each account that has had something stored since the start (box.go), and the deliveries under
// way (drain.go), all under one lock, which is not held while the store, the router or a session is called. Work that
// nobody waits for is done by Run. Start reading at undelivered.
package offline

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name: "offline",
	Specs: []spec.Spec{
		{XEP: 160, Version: "1.0.1", Status: spec.Complete, Since: "0.1"},
		{XEP: 203, Version: "2.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 334, Version: "1.0.0", Status: spec.Partial, Since: "0.1", Note: "what concerns offline storage"},
	},
	Host: []string{"msgoffline"}, // XEP-0160#disco
}, Config{Max: 500, Size: 8 << 20}, New)

// Config is the [offline] section.
type Config struct {
	// Max is how many messages wait for one account; the senders of further ones are told.
	Max int
	// Size is how many bytes of messages wait for one account.
	Size kit.Size
}

type module struct {
	env *kit.Env
	cfg Config
	log store.Log

	mu      sync.Mutex
	boxes   map[jid.Bare]*box
	drains  map[kit.Session]*drain
	flights map[*stanza.Custody]*flight
	todo    []func(ctx context.Context)
	wake    chan struct{} // there is something to do
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{
		env: env, cfg: cfg, log: store.OpenLog(env.Store, "offline", store.LogOptions{}),
		boxes: make(map[jid.Bare]*box), drains: make(map[kit.Session]*drain), flights: make(map[*stanza.Custody]*flight),
		wake: make(chan struct{}, 1),
	}
	kit.On(env, &env.Points.Undelivered, hook.Fallback, m.undelivered)
	kit.Tell(env, &env.Points.Delivered, m.delivered)
	kit.Tell(env, &env.Points.Presence, m.presence)
	kit.Tell(env, &env.Points.Ended, m.ended)
	kit.Tell(env, &env.Points.Removed, m.removed)
	return m, nil
}

// Run does what nobody waits for, until ctx ends, and then what is left.
func (m *module) Run(ctx context.Context) error {
	for {
		select {
		case <-m.wake:
			m.work(ctx)
		case <-ctx.Done():
			m.work(context.WithoutCancel(ctx))
			return nil
		}
	}
}

func (m *module) work(ctx context.Context) {
	m.mu.Lock()
	todo := m.todo
	m.todo = nil
	m.mu.Unlock()
	for _, f := range todo {
		f(ctx)
	}
}

// later has Run do something. The lock is held.
func (m *module) later(f func(ctx context.Context)) {
	m.todo = append(m.todo, f)
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// undelivered stores a message that no session took, or that one has not confirmed.
func (m *module) undelivered(ctx context.Context, ev *kit.Undelivered) error {
	if m.own(ev) {
		return hook.Stop
	}
	switch judge(ev.Account, ev.Stanza) {
	case drop:
		ev.Trivial = true
		return hook.Stop
	case refuse:
		ev.Trivial = true
		return nil
	}
	return m.put(ctx, ev)
}

// put appends a message to its account's box. The sender's acknowledgement waits for the commit.
func (m *module) put(ctx context.Context, ev *kit.Undelivered) error {
	account, s := ev.Account.Clone(), ev.Stanza
	id, value := rand.Text(), s.AppendTo(nil)
	err := m.with(ctx, account, func(b *box) error {
		if !ev.Spool && (len(b.items) >= m.cfg.Max || b.bytes+len(value) > int(m.cfg.Size)) { // XEP-0160#flow 3
			return stanza.ServiceUnavailable.With(fmt.Sprintf("%s has too many messages waiting", account))
		}
		b.add(id, len(value))
		b.writes++
		return nil
	})
	if err != nil {
		return err
	}
	ev.Stored = id
	s.Custody.Take()
	m.log.Append(account.String(), store.Item{
		ID: id, At: time.Now(), Peer: strings.Clone(s.From.Bare().String()), Resource: strings.Clone(s.From.Resource()), Value: value,
	}).OnDone(func(err error) {
		m.appended(account, id, s, err)
		s.Custody.Release(err)
	})
	if !ev.Spool {
		m.mu.Lock() // a session may have become available meanwhile, and looked too early
		m.later(func(ctx context.Context) { m.catchUp(ctx, account) })
		m.mu.Unlock()
	}
	return hook.Stop
}

// appended is told by the store how an append went.
func (m *module) appended(account jid.Bare, id string, s *stanza.Stanza, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.boxes[account]; b != nil {
		b.writes--
		if err != nil {
			b.drop(id)
		}
		m.tidy(account, b)
	}
	if err == nil {
		return
	}
	m.later(func(ctx context.Context) {
		m.env.Log.Error("storing a message", "jid", account, "id", s.ID, "err", err)
		if s.Custody != nil { // its sender gets no acknowledgement, and will say it again
			return
		}
		if b := s.Bounce(&stanza.Error{Condition: stanza.InternalServerError}); b != nil {
			m.env.Router.Route(ctx, b)
		}
	})
}

// delivered forgets a message that was stored while a session had it. A session that ended while it stored one takes that
// back, too; then another may have the message, and its flight decides.
func (m *module) delivered(_ context.Context, ev *kit.Delivered) {
	account, id := ev.Account.Clone(), strings.Clone(ev.Stored)
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.boxes[account]; b != nil {
		if it := b.items[id]; it != nil && it.flight != nil && it.flight.spools > 0 {
			it.flight.spools--
			return
		}
	}
	m.forget(account, id)
}

// removed forgets an account; the store does the same.
func (m *module) removed(_ context.Context, ev *kit.AccountEvent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.boxes, ev.Account)
}
