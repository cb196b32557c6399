package offline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/memory"
	"github.com/stonechat-im/stonechat/stanza"
)

var juliet = jid.MustBare("juliet@capulet.example")

// world is a server with one account, reduced to what the module sees of it. It acts as router and as keeper of what
// senders wait for.
type world struct {
	kit.Router
	ctx      context.Context
	db       store.DB
	m        *module
	points   *kit.Points
	sessions []*fake
	bounced  []string
	mu       sync.Mutex
	secured  map[uint32]error // by number of the message
	got      map[string]int   // how often a session confirmed a message, by id
	spooled  map[string]bool  // counted as stored while a session had them: these may come twice
	lost     map[uint32]bool  // not yet secured when the server died: their senders say them again
}

func newWorld(t rapid.TB, ctx context.Context, db store.DB, cfg Config) *world {
	w := &world{ctx: ctx, db: db, secured: make(map[uint32]error), got: make(map[string]int), spooled: make(map[string]bool), lost: make(map[uint32]bool)}
	w.start(t, cfg)
	return w
}

func (w *world) start(t rapid.TB, cfg Config) {
	w.points = new(kit.Points)
	r := &kit.Realm{Name: "capulet.example", Domains: []string{"capulet.example"}, Store: w.db, Router: w, Points: w.points}
	m, err := New(r.NewEnv(Def.Info, slog.New(slog.DiscardHandler)), cfg)
	if err = errors.Join(err, w.db.Ready()); err != nil {
		t.Fatal(err)
	}
	w.m = m.(*module)
	r.Freeze(nil)
}

// settle lets the module do all it has to do.
func (w *world) settle() {
	for {
		w.m.work(w.ctx)
		_ = w.db.Sync(w.ctx)
		w.m.mu.Lock()
		done := len(w.m.todo) == 0
		w.m.mu.Unlock()
		if done {
			return
		}
	}
}

// crash forgets all but the store.
func (w *world) crash(sent int) {
	_ = w.db.Sync(w.ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	for n := range uint32(sent) {
		if _, ok := w.secured[n]; !ok {
			w.lost[n] = true
		}
		w.spooled[fmt.Sprint(n)] = true
	}
	w.sessions = nil
	w.m.boxes, w.m.drains, w.m.flights, w.m.todo = make(map[jid.Bare]*box), make(map[kit.Session]*drain), make(map[*stanza.Custody]*flight), nil
}

func (w *world) Sessions(jid.Bare) []kit.Session {
	var out []kit.Session
	for _, f := range w.sessions {
		out = append(out, f)
	}
	return out
}

func (w *world) Route(_ context.Context, s *stanza.Stanza) { w.bounced = append(w.bounced, s.ID) }

func (w *world) Secured(n uint32, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.secured[n] = err
}

// message is what a sender with stream management sends.
func (w *world) message(n int, size int) *stanza.Stanza {
	r := new(stanza.Received)
	r.Stanza = *stanza.Raw(stanza.Message, stanza.Chat, jid.MustParse("romeo@montague.example/orchard"), juliet.JID(), fmt.Sprint(n), []byte("<body>"+strings.Repeat("x", size)+"</body>"))
	r.Hold(w, uint32(n))
	return &r.Stanza
}

// send does as the router: to the first session that is ready, or to the store.
func (w *world) send(s *stanza.Stanza) error {
	for _, f := range w.sessions {
		if f.prio >= 0 && f.Offer(w.ctx, s) {
			return nil
		}
	}
	err := w.points.Undelivered.Run(w.ctx, &kit.Undelivered{Account: juliet, Stanza: s})
	if err == hook.Stop {
		return nil
	}
	return err
}

// fake is a session with stream management.
type fake struct {
	kit.Session
	w     *world
	full  jid.Full
	vars  kit.Vars
	prio  int8
	ended bool
	queue []held
}

type held struct {
	s      *stanza.Stanza
	stored string
}

func (w *world) open(n int) *fake {
	full, _ := juliet.WithResource(fmt.Sprint(n))
	f := &fake{w: w, full: full}
	w.sessions = append(w.sessions, f)
	w.points.Presence.Tell(w.ctx, &kit.PresenceEvent{Session: f, Now: f.Presence()})
	return f
}

func (f *fake) JID() jid.Full   { return f.full }
func (f *fake) Vars() *kit.Vars { return &f.vars }
func (f *fake) Priority() int8  { return f.prio }
func (f *fake) Presence() *stanza.Stanza {
	return stanza.New(stanza.Presence, 0, f.full.JID(), jid.JID{}, "")
}

func (f *fake) Stored() (names []string) {
	for _, h := range f.queue {
		if h.stored != "" && !f.ended {
			names = append(names, h.stored)
		}
	}
	return names
}

func (f *fake) Offer(_ context.Context, s *stanza.Stanza) bool {
	if f.ended {
		return false
	}
	s.Custody.Take()
	f.queue = append(f.queue, held{s: s})
	return true
}

// confirm acknowledges the oldest messages.
func (f *fake) confirm(n int) {
	for range min(n, len(f.queue)) {
		h := f.queue[0]
		f.queue = f.queue[1:]
		f.w.got[h.s.ID]++
		if h.stored != "" {
			f.w.points.Delivered.Tell(f.w.ctx, &kit.Delivered{Account: juliet, Stored: h.stored})
		} else {
			h.s.Custody.Release(nil)
		}
	}
}

// spool stores what has not been confirmed.
func (f *fake) spool() {
	for i, h := range f.queue {
		if h.stored != "" {
			continue
		}
		ev := &kit.Undelivered{Account: juliet, Stanza: h.s, Spool: true}
		_ = f.w.points.Undelivered.Run(f.w.ctx, ev)
		f.queue[i].stored = ev.Stored
		f.w.spooled[h.s.ID] = true
		h.s.Custody.Release(nil)
	}
}

// endSpooling ends while what was not confirmed is being stored: it goes elsewhere, and what was stored is taken back.
func (f *fake) endSpooling() {
	var stored []string
	queue := slices.Clone(f.queue)
	for _, h := range queue {
		h.s.Custody.Take()
		if ev := (&kit.Undelivered{Account: juliet, Stanza: h.s, Spool: true}); h.stored == "" {
			_ = f.w.points.Undelivered.Run(f.w.ctx, ev)
			stored = append(stored, ev.Stored)
			f.w.spooled[h.s.ID] = true
		}
	}
	f.end()
	for _, id := range stored {
		f.w.points.Delivered.Tell(f.w.ctx, &kit.Delivered{Account: juliet, Stored: id})
	}
	for _, h := range queue {
		h.s.Custody.Release(nil)
	}
}

// end gives up what was not confirmed.
func (f *fake) end() {
	f.ended = true
	f.w.sessions = slices.DeleteFunc(f.w.sessions, func(x *fake) bool { return x == f })
	f.w.points.Ended.Tell(f.w.ctx, &kit.SessionEvent{Session: f})
	for _, h := range f.queue {
		if h.stored == "" {
			_ = f.w.send(h.s)
			h.s.Custody.Release(nil)
		}
	}
}

// However sessions come, confirm, let wait and go, and whenever the server dies: what its sender was told to be safe has
// been confirmed by a session, and twice only where a session had it and kept it waiting, or the server died.
func TestPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		db := memory.New()
		defer func() { _ = db.Close() }()
		cfg := Config{Max: 1 << 20, Size: 1 << 30}
		w := newWorld(t, context.Background(), db, cfg)
		sent := 0
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			var f *fake
			if len(w.sessions) > 0 {
				f = w.sessions[rapid.IntRange(0, len(w.sessions)-1).Draw(t, "session")]
			}
			switch step := rapid.IntRange(0, 9).Draw(t, "step"); {
			case step <= 1:
				s := w.message(sent, rapid.SampledFrom([]int{1, 1, window / 3}).Draw(t, "size"))
				sent++
				if err := w.send(s); err != nil {
					t.Fatal(err)
				}
				s.Custody.Release(nil)
			case step == 2 && len(w.sessions) < 3:
				w.open(sent)
			case step == 9 && rapid.IntRange(0, 3).Draw(t, "crash") == 0:
				w.crash(sent)
			case f == nil:
			case step == 3, step == 4:
				f.confirm(rapid.IntRange(1, 5).Draw(t, "confirmed"))
			case step == 5:
				f.spool()
			case step == 6:
				f.end()
			case step == 7:
				w.settle()
			case step == 8:
				f.endSpooling()
			}
		}
		for len(w.sessions) > 0 {
			w.sessions[0].end()
		}
		w.settle()
		last := w.open(-1)
		for len(last.queue) > 0 {
			last.confirm(1)
			w.settle()
		}
		for n := range sent {
			id := fmt.Sprint(n)
			if w.lost[uint32(n)] {
				continue
			}
			if err, ok := w.secured[uint32(n)]; !ok || err != nil {
				t.Errorf("the sender of %s waits (%v)", id, err)
			}
			if w.got[id] != 1 && !(w.got[id] > 1 && w.spooled[id]) {
				t.Errorf("%s was confirmed %d times", id, w.got[id])
			}
		}
		if n, err := w.m.log.Count(w.ctx, juliet.String()); n != 0 || err != nil {
			t.Errorf("%d messages are left over (%v)", n, err)
		}
		if len(w.m.boxes)+len(w.m.drains)+len(w.m.flights) != 0 {
			t.Errorf("left over in memory: %d boxes, %d drains, %d flights", len(w.m.boxes), len(w.m.drains), len(w.m.flights))
		}
	})
}

// What a session gets at once is bounded, and comes in order.
func TestWindow(t *testing.T) {
	db := memory.New()
	defer func() { _ = db.Close() }()
	w := newWorld(t, t.Context(), db, Config{Max: 1000, Size: 1 << 30})
	for n := range 100 {
		s := w.message(n, window/10)
		if err := w.send(s); err != nil {
			t.Fatal(err)
		}
		s.Custody.Release(nil)
	}
	w.settle()
	f := w.open(1)
	for n := range 100 {
		w.settle()
		if size := len(f.queue) * (window / 10); len(f.queue) == 0 || size > window+window/10 {
			t.Fatalf("before message %d the session has %d", n, len(f.queue))
		}
		if id := f.queue[0].s.ID; id != fmt.Sprint(n) {
			t.Fatalf("message %d is %s", n, id)
		}
		f.confirm(1)
	}
}

// full is a store whose disk is full.
type full struct{ store.DB }

func (f full) Go(fn func(store.Tx) error) *store.Commit {
	return f.DB.Go(func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return store.ErrFull
	})
}

func TestDiskFull(t *testing.T) {
	db := memory.New()
	defer func() { _ = db.Close() }()
	w := newWorld(t, t.Context(), full{db}, Config{Max: 2, Size: 1 << 20})
	for n := range 4 { // what was not stored does not count
		s := w.message(n, 1)
		if err := w.send(s); err != nil {
			t.Fatal(err)
		}
		s.Custody.Release(nil)
		w.settle()
		if err := w.secured[uint32(n)]; !errors.Is(err, store.ErrFull) {
			t.Errorf("the sender's session was told %v", err)
		}
	}
	s := w.message(4, 1)
	s.Custody = nil // a sender without stream management
	if err := w.send(s); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if !slices.Equal(w.bounced, []string{"4"}) {
		t.Errorf("bounced: %v", w.bounced)
	}
}

// A message that is stored while a session becomes available, and looks too early, does not wait for the next one.
func TestStoredTooLate(t *testing.T) {
	db := memory.New()
	defer func() { _ = db.Close() }()
	w := newWorld(t, t.Context(), db, Config{Max: 2, Size: 1 << 20})
	f := w.open(1)
	s := w.message(1, 1)
	if err := w.points.Undelivered.Run(w.ctx, &kit.Undelivered{Account: juliet, Stanza: s}); err != hook.Stop {
		t.Fatal(err)
	}
	s.Custody.Release(nil)
	w.settle()
	if len(f.queue) != 1 {
		t.Error("it was left lying")
	}
}

// An account that nobody writes to costs nothing once it has been looked at.
func TestEmptyBoxIsForgotten(t *testing.T) {
	db := memory.New()
	defer func() { _ = db.Close() }()
	w := newWorld(t, t.Context(), db, Config{Max: 2, Size: 1 << 20})
	w.open(1)
	if len(w.m.boxes)+len(w.m.drains) != 0 {
		t.Error("something is kept")
	}
}
