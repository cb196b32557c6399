package muc

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"testing"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store/memory"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// world is the module with a router that hands everything to the test.
type world struct {
	t     testing.TB
	m     *module
	realm *kit.Realm

	mu    sync.Mutex
	got   map[jid.JID][]*stanza.Stanza
	count int
	hook  func(*stanza.Stanza) // instead of keeping what is sent
}

func newWorld(t testing.TB, change func(*Config)) *world {
	t.Helper()
	w := &world{t: t, got: make(map[jid.JID][]*stanza.Stanza)}
	db := memory.New()
	t.Cleanup(func() { _ = db.Close() })
	w.realm = &kit.Realm{Name: "verona.example", Domains: []string{"verona.example"}, Store: db, Router: w, Points: new(kit.Points)}
	cfg := Def.Defaults().(Config)
	cfg.Create, cfg.UserRate, cfg.RoomRate = Everybody, 1e6, 1e6
	if change != nil {
		change(&cfg)
	}
	mod, err := New(w.realm.NewEnv(Def.Info, slog.New(slog.DiscardHandler)), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if bad := w.realm.Freeze(nil); len(bad) > 0 {
		t.Fatal(bad)
	}
	w.m = mod.(*module)
	return w
}

// Route implements kit.Router.
func (w *world) Route(_ context.Context, s *stanza.Stanza) {
	if w.hook != nil {
		w.hook(s)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	w.got[s.To] = append(w.got[s.To], s)
}

func (w *world) Ask(context.Context, *stanza.Stanza, func(*stanza.Stanza)) {}
func (w *world) Sessions(jid.Bare) []kit.Session                           { return nil }
func (w *world) Session(jid.Full) (kit.Session, bool)                      { return nil, false }
func (w *world) EachSession(func(kit.Session) bool)                        {}
func (w *world) Local(string) bool                                         { return true }

// send hands a stanza to the service as the router does.
func (w *world) send(s *stanza.Stanza) {
	if s.Kind == stanza.IQ && s.To.IsBare() {
		if run, _, _ := w.realm.IQHandler(w.m.svc.Node(), s.Type, s.Payload().Name()); run != nil {
			out, err := run(w.t.Context(), &kit.IQ{Stanza: s, Domain: s.To.Domain()}, s.Payload())
			switch {
			case err == kit.Later:
			case err != nil:
				se, _ := stanza.AsError(err)
				w.Route(w.t.Context(), s.Reply(stanza.TypeError, se))
			case out == nil:
				w.Route(w.t.Context(), s.Reply(stanza.Result))
			default:
				w.Route(w.t.Context(), s.Reply(stanza.Result, out))
			}
			return
		}
	}
	w.m.handle(w.t.Context(), s)
}

const room = "globe@conference.verona.example"

func (w *world) join(who, nick string) {
	w.send(stanza.New(stanza.Presence, stanza.Available, jid.MustParse(who), jid.MustParse(room+"/"+nick), "j", &wire.Join{}))
}

func (w *world) leave(who string) {
	w.send(stanza.New(stanza.Presence, stanza.Unavailable, jid.MustParse(who), jid.MustParse(room), "l"))
}

func (w *world) say(who, body string) {
	w.send(stanza.New(stanza.Message, stanza.Groupchat, jid.MustParse(who), jid.MustParse(room), "m", plain{"body", body}))
}

func (w *world) ask(who string, typ stanza.Type, p stanza.Payload) *stanza.Stanza {
	w.t.Helper()
	from := jid.MustParse(who)
	w.mu.Lock()
	n := len(w.got[from])
	w.mu.Unlock()
	id := "q" + strconv.Itoa(n)
	w.send(stanza.New(stanza.IQ, typ, from, jid.MustParse(room), id, p))
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.got[from][n:] {
		if s.Kind == stanza.IQ && s.ID == id {
			return s
		}
	}
	w.t.Fatalf("%s got no answer", who)
	return nil
}

// open makes the room, by its first occupant, with the fields of the configuration given as pairs.
func (w *world) open(who, nick string, fields ...string) {
	w.t.Helper()
	w.join(who, nick)
	f := forms.New(forms.Submit, wire.FormConfig)
	for i := 0; i < len(fields); i += 2 {
		f.Add(forms.Field{Var: fields[i], Values: []string{fields[i+1]}})
	}
	if a := w.ask(who, stanza.Set, &wire.OwnerQuery{Form: f}); a.Type != stanza.Result {
		w.t.Fatalf("configuration: %s", a.AppendTo(nil))
	}
}

// take returns what somebody has got and forgets it.
func (w *world) take(who string) []*stanza.Stanza {
	w.mu.Lock()
	defer w.mu.Unlock()
	to := jid.MustParse(who)
	out := w.got[to]
	delete(w.got, to)
	return out
}

// here returns the room with its lock held.
func (w *world) here() *Room {
	w.t.Helper()
	r, err := w.m.acquire(w.t.Context(), jid.MustBare(room))
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}
