package xmpptest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/c2s"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/mod/ping"
	"github.com/stonechat-im/stonechat/server/store"
)

func TestTranscripts(t *testing.T) { Run(t, "testdata") }

// grounds runs a test inside bubbles and outside, on both stores and with TLS.
func grounds(t *testing.T, f func(t *testing.T, cfg Config)) {
	for _, g := range []struct {
		name   string
		cfg    Config
		bubble bool
	}{
		{"memory", Config{}, true},
		{"sqlite", Config{SQLite: true}, true},
		{"tls", Config{TLS: true}, true},
		{"memory in real time", Config{}, false},
		{"sqlite in real time", Config{SQLite: true}, false},
	} {
		t.Run(g.name, func(t *testing.T) {
			if g.bubble {
				synctest.Test(t, func(t *testing.T) { f(t, g.cfg) })
				return
			}
			f(t, g.cfg)
		})
	}
}

func TestTalk(t *testing.T) {
	grounds(t, func(t *testing.T, cfg Config) {
		s := New(t, cfg)
		s.Users("romeo", "juliet")
		romeo, juliet := s.Connect(t, "romeo", "orchard"), s.Connect(t, "juliet", "balcony")
		romeo.Send("<message to='{juliet/balcony}' type='chat' id='m1'><body>hi</body></message>")
		got := juliet.Expect("<message from='{romeo/orchard}' type='chat' id='{id=*}'><body>{*}</body></message>")
		if got.ChildText("jabber:client", "body") != "hi" || s.Value("id") != "m1" {
			t.Error(string(got.Raw()))
		}
		romeo.Quiet()
		juliet.Quiet()
		juliet.Send("</stream:stream>")
		juliet.Expect("</stream:stream>")
		juliet.Closed()
		romeo.Cut()
		raw := s.Raw(t, "stranger")
		raw.Send("<x/>")
		raw.Expect("<stream:stream …>")
	})
}

// What was stored survives both ways to end; what is under way at a crash does not reach what comes after.
func TestEnds(t *testing.T) {
	for _, end := range []struct {
		name string
		do   func(*Server)
	}{{"restart", (*Server).Restart}, {"crash", (*Server).Crash}} {
		t.Run(end.name, func(t *testing.T) {
			grounds(t, func(t *testing.T, cfg Config) {
				cfg.Modules = []kit.Def{ping.Def, diary}
				cfg.Limit = func(l *c2s.Limits) { l.Session.Goodbye = 10 * time.Millisecond }
				s := New(t, cfg)
				s.Users("romeo")
				c := s.Connect(t, "romeo", "orchard")
				end.do(s)
				if end.name == "restart" {
					c.Expect("<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
					c.Expect("</stream:stream>")
				}
				c.Closed()
				romeo := jid.MustParse("romeo@" + Host).Bare()
				if ok, err := s.Run.Accounts.Exists(t.Context(), romeo); !ok || err != nil {
					t.Error("the account is gone", err)
				}
				want := []string{"orchard bound", "orchard ended"}
				if end.name == "crash" {
					want = want[:1]
				}
				if got := entries(t, s, romeo); strings.Join(got, ", ") != strings.Join(want, ", ") {
					t.Errorf("%q, not %q", got, want)
				}
				s.Connect(t, "romeo", "orchard").Quiet()
			})
		})
	}
}

// diary notes when sessions begin and end.
var diary = kit.Define(kit.Info{Name: "diary"}, diaryConfig{Size: 10}, func(env *kit.Env, _ diaryConfig) (kit.Module, error) {
	log := store.OpenLog(env.Store, "diary", store.LogOptions{})
	note := func(what string) func(ctx context.Context, ev *kit.SessionEvent) {
		return func(_ context.Context, ev *kit.SessionEvent) {
			j := ev.Session.JID()
			log.Append(j.Bare().String(), store.Item{ID: ev.Session.SID() + what, At: time.Now(), Value: []byte(j.Resource() + " " + what)})
		}
	}
	kit.Tell(env, &env.Points.Bound, note("bound"))
	kit.Tell(env, &env.Points.Ended, note("ended"))
	kit.On(env, &env.Points.FromClient, hook.Guard, func(_ context.Context, ev *kit.FromClient) error {
		if ev.Stanza.ID == "break" {
			return errors.New("as was asked for")
		}
		return nil
	})
	return nil, nil
})

type diaryConfig struct{ Size int }

func entries(t *testing.T, s *Server, owner jid.Bare) (all []string) {
	t.Helper()
	err := s.db.View(t.Context(), func(tx store.Tx) error {
		page, err := tx.Query("diary", owner.String(), store.Query{Limit: 100})
		for _, it := range page.Items {
			all = append(all, string(it.Value))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// fails plays text and returns what the runner says about it.
func fails(t *testing.T, cfg Config, text string) string {
	t.Helper()
	f, err := parse("play.xt", []byte("# RFC 6120 §4: a play\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { err = f.play(t, cfg) })
	if err == nil {
		t.Fatal("the play does not fail")
	}
	return err.Error()
}

func TestFailures(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"something else arrives", "users romeo\nromeo/a connects\nromeo/a > <iq type='get' id='1' to='{host}'><ping xmlns='urn:xmpp:ping'/></iq>\nromeo/a < <iq type='error' id='1'/>",
			"→   5  romeo/a < <iq type='error' id='1'/>\narrived: <iq "},
		{"nothing arrives", "users romeo\nromeo/a connects\nromeo/a < <iq/>", "play.xt:4: nothing arrived"},
		{"something arrives", "users romeo\nromeo/a connects\nromeo/a > <iq type='get' id='1' to='{host}'><ping xmlns='urn:xmpp:ping'/></iq>\nromeo/a quiet",
			"is not left in peace"},
		{"something arrives anywhere", "users romeo\nromeo/a connects\nromeo/a > <iq type='get' id='1' to='{host}'><ping xmlns='urn:xmpp:ping'/></iq>\nquiet",
			"still waiting to be read by romeo/a:\n    <iq "},
		{"still open", "users romeo\nromeo/a connects\nromeo/a closed", "the connection should be closed: nothing arrived"},
		{"in any order, but not that", "users romeo\nromeo/a connects\nromeo/a > <iq type='get' id='1' to='{host}'><ping xmlns='urn:xmpp:ping'/></iq>\nromeo/a <? <iq type='result' id='2' from='{host}'/>",
			"expects nothing like it"},
		{"no such client", "users romeo\nromeo/a quiet", "romeo/a has not connected"},
		{"wrong user", "romeo/a connects", "romeo/a expected success"},
		{"late configuration", "users romeo\nadmin romeo", "admin must stand before"},
		{"unknown module", "config rose size = 1\nusers romeo", "there is no module rose"},
		{"unknown key", "config diary thorns = 1\nusers romeo", "configuration of diary"},
		{"unknown limit", "limit roses = 1\nusers romeo", "there is no limit roses"},
		{"unknown option", "host capulet.example roses=1\nusers romeo", "a host has the options"},
		{"unknown name", "users romeo\nromeo/a connects\nromeo/a > <iq id='{rose}'/>", "{rose} is not known"},
		{"an error in the log", "users romeo\nromeo/a connects\nromeo/a > <message id='break' to='{host}'/>\nromeo/a < <message type='error' …>…</message>", "the server logged errors"},
		{"TLS where there is none", "romeo opens\nromeo starttls", "there is TLS only on its own ground"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := fails(t, Config{Modules: []kit.Def{ping.Def, diary}}, tt.text); !strings.Contains(got, tt.want) {
				t.Errorf("this does not say %q:\n%s", tt.want, got)
			}
		})
	}
}

func TestConfigure(t *testing.T) {
	p := newScript(t, Config{Modules: []kit.Def{diary}})
	for _, line := range []string{"host {host} plain=true", "host capulet.example without=ping,diary anonymous=true", "config diary size = 3", "admin juliet nurse@{host2}", "limit sessions = 2", "limit session.spoolafter = 3s"} {
		st, err := readStep(line)
		if err != nil {
			t.Fatal(err)
		}
		if done, err := p.setUp(st); !done || err != nil {
			t.Fatal(line, done, err)
		}
	}
	if err := p.configure(p.realms()); err != nil {
		t.Fatal(err)
	}
	r := p.cfg.Realms
	if len(r) != 2 || !r[0].Plain || r[0].Anonymous || r[1].Plain || !r[1].Anonymous || len(r[1].Without) != 2 {
		t.Errorf("%+v", r)
	}
	if r[0].Modules["diary"] != (diaryConfig{Size: 3}) {
		t.Errorf("%+v", r[0].Modules)
	}
	if a := r[0].Admins; len(a) != 2 || a[0].String() != "juliet@verona.example" || a[1].String() != "nurse@capulet.example" {
		t.Errorf("%v", a)
	}
	var l c2s.Limits
	for _, set := range p.limits {
		if err := set(&l); err != nil {
			t.Fatal(err)
		}
	}
	if l.Sessions != 2 || l.Session.SpoolAfter != 3*time.Second {
		t.Errorf("%+v", l)
	}
}
