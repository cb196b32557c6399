package presence

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// stage is a realm with the presence module alone: everything around it is played.
type stage struct {
	m      *module
	points *kit.Points
	roster *script
	router *wings
}

var (
	romeo  = jid.MustBare("romeo@montague.example")
	juliet = jid.MustBare("juliet@capulet.example")
)

func newStage(t testing.TB, cfg Config) *stage {
	t.Helper()
	st := &stage{points: new(kit.Points), roster: &script{states: make(map[pair]roster.State)}, router: &wings{sessions: make(map[jid.Bare][]kit.Session)}}
	realm := &kit.Realm{Name: "montague.example", Domains: []string{"montague.example"}, Router: st.router, Accounts: everybody{}, Points: st.points}
	realm.Built(st.roster)
	m, err := New(realm.NewEnv(kit.Info{Name: "presence"}, slog.New(slog.DiscardHandler)), cfg)
	if err != nil {
		t.Fatal(err)
	}
	st.m = m.(*module)
	if problems := realm.Freeze(nil); problems != nil {
		t.Fatal(problems)
	}
	return st
}

// enter adds a session.
func (st *stage) enter(full string) *actor {
	a := &actor{jid: jid.MustFull(full)}
	b := a.jid.Bare()
	st.router.sessions[b] = append(st.router.sessions[b], a)
	st.points.Bound.Tell(context.Background(), &kit.SessionEvent{Session: a})
	return a
}

// says is what a client sends. passed says that the stanza would be routed as it is.
func (st *stage) says(x *actor, s *stanza.Stanza) (passed bool, err error) {
	s.From = x.jid.JID()
	err = st.points.FromClient.Run(context.Background(), &kit.FromClient{Session: x, Stanza: s})
	if err == hook.Stop {
		return false, nil
	}
	return err == nil && !s.To.IsZero(), err
}

func (st *stage) arrives(account jid.Bare, s *stanza.Stanza) error {
	return st.points.ToAccount.Run(context.Background(), &kit.ToAccount{Account: account, Stanza: s})
}

type pair struct{ owner, contact jid.Bare }

// script is a roster in a map.
type script struct {
	mu         sync.Mutex
	states     map[pair]roster.State
	requests   map[pair][]byte
	uninterest bool
}

func (r *script) State(_ context.Context, owner, contact jid.Bare) (roster.State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.states[pair{owner, contact}], nil
}

func (r *script) Contacts(_ context.Context, owner jid.Bare) ([]roster.Contact, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []roster.Contact
	for p, s := range r.states {
		if p.owner == owner {
			out = append(out, roster.Contact{JID: p.contact, State: s})
		}
	}
	return out, nil
}

func (r *script) Request(_ context.Context, owner, contact jid.Bare) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests[pair{owner, contact}], nil
}

func (r *script) Change(_ context.Context, owner, contact jid.Bare, next func(roster.State) roster.State, request []byte, first func(was, now roster.State)) (was, now roster.State, err error) {
	r.mu.Lock()
	p := pair{owner, contact}
	was = r.states[p]
	now = next(was)
	r.states[p] = now
	if request != nil {
		r.requests = map[pair][]byte{p: request}
	}
	r.mu.Unlock()
	if was != now && first != nil {
		first(was, now)
	}
	return was, now, nil
}

func (r *script) Clear(_ context.Context, owner jid.Bare) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.states {
		if p.owner == owner {
			delete(r.states, p)
		}
	}
	return nil
}

func (r *script) Interested(kit.Session) bool { return !r.uninterest }

func (r *script) WhenRemoved(func(context.Context, jid.Bare, jid.Bare, roster.State)) {}

// wings is a router that only notes what is routed.
type wings struct {
	kit.Router
	mu       sync.Mutex
	sessions map[jid.Bare][]kit.Session
	routed   []*stanza.Stanza
}

func (w *wings) Route(_ context.Context, s *stanza.Stanza) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.routed = append(w.routed, s)
}

func (w *wings) Sessions(b jid.Bare) []kit.Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sessions[b]
}

func (w *wings) Session(full jid.Full) (kit.Session, bool) {
	for _, s := range w.Sessions(full.Bare()) {
		if s.JID() == full {
			return s, true
		}
	}
	return nil, false
}

func (w *wings) Local(domain string) bool { return domain == "montague.example" }

// take returns what was routed since it was last asked.
func (w *wings) take() []*stanza.Stanza {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.routed
	w.routed = nil
	return out
}

type everybody struct{ kit.Accounts }

func (everybody) Exists(context.Context, jid.Bare) (bool, error) { return true, nil }

// actor is a session that notes what it is sent.
type actor struct {
	kit.Session
	jid  jid.Full
	vars kit.Vars

	mu       sync.Mutex
	presence *stanza.Stanza
	priority int8
	got      []*stanza.Stanza
}

func (a *actor) JID() jid.Full   { return a.jid }
func (a *actor) Vars() *kit.Vars { return &a.vars }

func (a *actor) Send(_ context.Context, s *stanza.Stanza) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got = append(a.got, s)
}

func (a *actor) Presence() *stanza.Stanza {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.presence
}

func (a *actor) SetPresence(p *stanza.Stanza, priority int8) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.presence, a.priority = p, priority
}

func (a *actor) take() []*stanza.Stanza {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.got
	a.got = nil
	return out
}
