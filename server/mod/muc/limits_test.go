package muc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

const romeo, juliet = "romeo@verona.example/a", "juliet@verona.example/a"

func TestBucket(t *testing.T) {
	var b bucket
	now := time.Unix(0, 0)
	for i := range 2 * burst {
		if !b.take(now, 2) {
			t.Fatalf("take %d of a full bucket failed", i)
		}
	}
	if b.take(now, 2) {
		t.Error("an empty bucket gave a token")
	}
	if now = now.Add(500 * time.Millisecond); !b.take(now, 2) || b.take(now, 2) {
		t.Error("half a second is worth one token at two per second")
	}
	now = now.Add(time.Hour)
	for range 2 * burst {
		b.take(now, 2)
	}
	if b.take(now, 2) {
		t.Error("a bucket holds more than its burst")
	}
}

func TestActivity(t *testing.T) {
	var a activity
	at := time.Unix(1_800_000_000, 0).Truncate(time.Hour)
	a.turn(at)
	a.counts[0] = 48
	if got := a.perHour(); got != 0 {
		t.Errorf("the current hour counts: %v", got)
	}
	for _, tt := range []struct {
		hours int
		want  float64
	}{{1, 2}, {24, 2}, {25, 0}} {
		b := a
		b.turn(at.Add(time.Duration(tt.hours) * time.Hour))
		if got := b.perHour(); got != tt.want {
			t.Errorf("after %d hours: %v, want %v", tt.hours, got, tt.want)
		}
	}
	a.turn(at.Add(-time.Hour)) // the clock stepped back
	if a.counts[0] != 48 {
		t.Error("a clock that steps back loses the count")
	}
}

func TestCheckNick(t *testing.T) {
	for _, tt := range []struct {
		name, nick string
		ok         bool
	}{
		{"plain", "Romeo", true},
		{"spaces inside", "Friar Laurence", true},
		{"other scripts", "朱丽叶", true},
		{"joined emoji", "👩‍🎤", true},
		{"only a space", " ", false},
		{"space in front", " Romeo", false},
		{"space behind", "Romeo ", false},
		{"only invisible", "\u200b\u2060", false},
		{"another direction", "Romeo\u202eoemoR", false},
		{"line separator", "Ro\u2028meo", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := checkNick(tt.nick); (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestBadInput: each is refused with the error that is defined for it, and nobody else hears of it.
func TestBadInput(t *testing.T) {
	say := func(children ...stanza.Payload) *stanza.Stanza {
		return stanza.New(stanza.Message, stanza.Groupchat, jid.MustParse(romeo), jid.MustParse(room), "x", children...)
	}
	for _, tt := range []struct {
		name string
		in   *stanza.Stanza
		want stanza.Condition
		kind stanza.ErrorType
	}{
		{"large message", say(plain{"body", strings.Repeat("O", 70<<10)}), stanza.PolicyViolation, stanza.Modify},
		{"long subject", say(plain{"subject", strings.Repeat("O", 3<<10)}), stanza.PolicyViolation, stanza.Modify},
		{"large presence", stanza.New(stanza.Presence, stanza.Available, jid.MustParse(romeo), jid.MustParse(room+"/Romeo"), "x",
			plain{"status", strings.Repeat("O", 9<<10)}), stanza.PolicyViolation, stanza.Modify},
		{"subscription", stanza.New(stanza.Presence, stanza.Subscribe, jid.MustParse(romeo), jid.MustParse("conference.verona.example"), "x"),
			stanza.ServiceUnavailable, stanza.Cancel},
		{"bad invitation", stanza.New(stanza.Message, stanza.Normal, jid.MustParse(romeo), jid.MustParse(room), "x",
			&wire.User{Invites: []wire.Invite{{To: "@"}}}), stanza.JIDMalformed, stanza.Modify},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.open(romeo, "Romeo")
			w.join(juliet, "Juliet")
			w.take(romeo)
			w.take(juliet)
			w.send(tt.in)
			got := w.take(romeo)
			if len(got) != 1 || got[0].Type != stanza.TypeError {
				t.Fatalf("got %d stanzas", len(got))
			}
			e := stanza.ReadError(got[0])
			if e.Condition != tt.want || e.Kind != tt.kind {
				t.Errorf("got %s %s, want %s %s", e.Condition, e.Kind, tt.want, tt.kind)
			}
			if n := len(w.take(juliet)); n != 0 {
				t.Errorf("somebody else got %d stanzas", n)
			}
		})
	}
}

func TestFlood(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.UserRate = 1 })
	w.open(romeo, "Romeo")
	w.join(juliet, "Juliet")
	w.take(romeo)
	for range 100 {
		w.say(juliet, "flood")
	}
	heard := 0
	for _, s := range w.take(romeo) {
		if s.Has(stanza.NSClient, "body") {
			heard++
		}
	}
	if heard > burst+1 {
		t.Errorf("%d messages of a flood got through", heard)
	}
	var e *stanza.Error
	for _, s := range w.take(juliet) {
		if s.Type == stanza.TypeError {
			e = stanza.ReadError(s)
		}
	}
	if e == nil || e.Condition != stanza.PolicyViolation || e.Kind != stanza.Wait {
		t.Errorf("the error is %v", e)
	}
}

// TestMaxUsers: a full room is full for others, but admins can still enter (XEP-0045#enter-maxusers).
func TestMaxUsers(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.DefaultUsers = 10 })
	w.open(romeo, "Romeo")
	for i := range 9 {
		w.join(fmt.Sprintf("user%d@verona.example/a", i), fmt.Sprintf("user%d", i))
	}
	w.join(juliet, "Juliet")
	got := w.take(juliet)
	if len(got) != 1 || stanza.ReadError(got[0]).Condition != stanza.ServiceUnavailable || stanza.ReadError(got[0]).Kind != stanza.Wait {
		t.Fatalf("got %d stanzas", len(got))
	}
	w.ask(romeo, stanza.Set, &wire.AdminQuery{Items: []wire.Item{{JID: "juliet@verona.example", Affiliation: wire.Admin}}})
	w.join(juliet, "Juliet")
	w.join("romeo@verona.example/b", "Romeo") // a further session takes no place
	r := w.here()
	defer r.mu.Unlock()
	if len(r.nicks) != 11 || len(r.clients) != 12 {
		t.Errorf("%d occupants with %d sessions", len(r.nicks), len(r.clients))
	}
}
