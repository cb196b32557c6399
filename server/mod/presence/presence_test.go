package presence

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/delay"
	"github.com/stonechat-im/stonechat/xep/roster"
)

func defaults() Config { return Def.Defaults().(Config) }

func broadcast(t stanza.Type) *stanza.Stanza {
	return stanza.New(stanza.Presence, t, jid.JID{}, jid.JID{}, "")
}

// RFC 6121 §8.5.3.2.2: what is addressed to a resource that is not there
func TestSubscriptionToMissingResource(t *testing.T) {
	for _, typ := range []stanza.Type{stanza.Subscribe, stanza.Subscribed, stanza.Unsubscribe, stanza.Unsubscribed} {
		t.Run(typ.String(), func(t *testing.T) {
			st := newStage(t, defaults())
			was := roster.To | roster.PendingIn
			if typ == stanza.Subscribe || typ == stanza.Subscribed {
				was = roster.PendingOut
			}
			st.roster.states[pair{romeo, juliet}] = was
			s := stanza.New(stanza.Presence, typ, juliet.JID(), jid.MustParse("romeo@montague.example/nowhere"), "")
			_ = st.arrives(romeo, s)
			got := st.roster.states[pair{romeo, juliet}]
			if changed := got != was; changed != (typ == stanza.Subscribe) {
				t.Errorf("from %v to %v", was, got)
			}
		})
	}
}

func TestLargeRequestIsKeptWithoutContent(t *testing.T) {
	cfg := defaults()
	cfg.RequestBytes = 100
	st := newStage(t, cfg)
	big := "<status>" + strings.Repeat("x", 100) + "</status>"
	_ = st.arrives(romeo, stanza.Raw(stanza.Presence, stanza.Subscribe, juliet.JID(), romeo.JID(), "s1", []byte(big)))
	want := "<presence to='romeo@montague.example' from='juliet@capulet.example' type='subscribe' id='s1'/>"
	if got := string(st.roster.requests[pair{romeo, juliet}]); got != want {
		t.Errorf("kept %s", got)
	}
}

func TestDirectedIsBounded(t *testing.T) {
	cfg := defaults()
	cfg.Directed = 2
	st := newStage(t, cfg)
	x := st.enter("romeo@montague.example/orchard")
	for i := range 4 {
		to := jid.MustParse(fmt.Sprintf("room%d@conference.example/romeo", i%3))
		passed, err := st.says(x, stanza.New(stanza.Presence, stanza.Available, jid.JID{}, to, ""))
		if want := i != 2; passed != want || (err == nil) != want {
			t.Errorf("presence %d to %v: passed %v, error %v", i, to, passed, err)
		}
	}
	if _, err := st.says(x, broadcast(stanza.Unavailable)); err != nil {
		t.Fatal(err)
	}
	compare(t, "routed", lines(st.router.take()), []string{
		"unavailable romeo@montague.example/orchard > room0@conference.example/romeo",
		"unavailable romeo@montague.example/orchard > room1@conference.example/romeo",
	})
}

// What a room's occupants may ask of one who joined it, and others may not (RFC 6121 §8.5.3.1).
func TestGuard(t *testing.T) {
	st := newStage(t, defaults())
	x := st.enter("romeo@montague.example/orchard")
	if _, err := st.says(x, stanza.New(stanza.Presence, stanza.Available, jid.JID{}, jid.MustParse("room@conference.example/romeo"), "")); err != nil {
		t.Fatal(err)
	}
	st.roster.states[pair{romeo, juliet}] = roster.From
	st.roster.states[pair{romeo, jid.MustBare("tybalt@capulet.example")}] = roster.To
	for _, c := range []struct {
		from string
		typ  stanza.Type
		ok   bool
	}{
		{"juliet@capulet.example/balcony", stanza.Get, true},
		{"tybalt@capulet.example/street", stanza.Get, false},
		{"tybalt@capulet.example/street", stanza.Result, true},
		{"tybalt@capulet.example/street", stanza.TypeError, true},
		{"room@conference.example/mercutio", stanza.Get, true},
		{"other@conference.example/mercutio", stanza.Set, false},
		{"romeo@montague.example/street", stanza.Set, true},
		{"romeo@montague.example", stanza.Get, true},
		{"montague.example", stanza.Get, true},
		{"capulet.example", stanza.Get, false},
	} {
		err := st.arrives(romeo, stanza.New(stanza.IQ, c.typ, jid.MustParse(c.from), x.jid.JID(), "q1"))
		if (err == nil) != c.ok {
			t.Errorf("%v from %s: error %v", c.typ, c.from, err)
		}
	}
}

// The time of a presence is that of its first sending; one that has a time already keeps it.
func TestStamped(t *testing.T) {
	st := newStage(t, defaults())
	x := st.enter("romeo@montague.example/orchard")
	s := stanza.Raw(stanza.Presence, stanza.Available, jid.JID{}, jid.JID{}, "p1", []byte("<show>away</show>"))
	if _, err := st.says(x, s); err != nil {
		t.Fatal(err)
	}
	d, ok := delay.Of(x.Presence())
	if !ok || d.From != x.jid.JID() || x.Presence().Root().ChildText(stanza.NSClient, "show") != "away" {
		t.Errorf("kept %s", x.Presence().AppendTo(nil))
	}
	if echo := x.take(); len(echo) != 1 || echo[0].Has(delay.NS, "delay") {
		t.Error("the presence was sent with a delay")
	}
	old := "<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>"
	if _, err := st.says(x, stanza.Raw(stanza.Presence, stanza.Available, jid.JID{}, jid.JID{}, "p2", []byte(old))); err != nil {
		t.Fatal(err)
	}
	if got := string(x.Presence().Inner()); got != old {
		t.Errorf("kept %s", got)
	}
}

// However the end of a session and its presence interleave, the last that a contact hears is that it is gone.
func TestEndWhileBroadcasting(t *testing.T) {
	for range 200 {
		st := newStage(t, defaults())
		st.roster.states[pair{romeo, juliet}] = roster.From
		x := st.enter("romeo@montague.example/orchard")
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = st.says(x, broadcast(stanza.Available)) })
		wg.Go(func() { st.points.Ended.Tell(context.Background(), &kit.SessionEvent{Session: x}) })
		wg.Wait()
		if x.Presence() != nil {
			t.Fatal("a session that has ended is available")
		}
		heard := lines(st.router.take())
		if len(heard) > 0 && !strings.HasPrefix(heard[len(heard)-1], "unavailable ") {
			t.Fatalf("the contact heard %q", heard)
		}
	}
}

// Others are told of changes of presence once each.
func TestNote(t *testing.T) {
	points := new(kit.Points)
	var got []string
	points.Presence.Add("test", func(_ context.Context, ev *kit.PresenceEvent) {
		got = append(got, fmt.Sprintf("%v to %v", ev.Was != nil, ev.Now != nil))
	})
	st := newStage(t, defaults())
	st.m.env.Points = points
	x := st.enter("romeo@montague.example/orchard")
	for _, typ := range []stanza.Type{stanza.Unavailable, stanza.Available, stanza.Available, stanza.Unavailable, stanza.Unavailable, stanza.Available} {
		if typ == stanza.Available {
			_ = st.m.available(t.Context(), x, broadcast(typ))
		} else {
			st.m.leave(t.Context(), x, broadcast(typ))
		}
	}
	st.m.ended(t.Context(), &kit.SessionEvent{Session: x})
	compare(t, "notes", got, []string{"false to true", "true to true", "true to false", "false to true", "true to false"})
}

func TestLiveIsKept(t *testing.T) {
	l := &live{directed: []jid.JID{jid.MustParse("room@conference.example/romeo")}}
	b, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	back := new(live)
	if err := json.Unmarshal(b, &back); err != nil || !back.sees(jid.MustBare("room@conference.example")) {
		t.Errorf("%s reads as %v, error %v", b, back.directed, err)
	}
}

// crowd is a user with contacts who are all online, on the same host.
func crowd(t testing.TB, n int) (*stage, *actor) {
	st := newStage(t, defaults())
	for i := range n {
		b := jid.MustBare(fmt.Sprintf("friend%d@montague.example", i))
		st.roster.states[pair{romeo, b}] = roster.To | roster.From
		st.roster.states[pair{b, romeo}] = roster.To | roster.From
		full, err := b.WithResource("home")
		if err != nil {
			t.Fatal(err)
		}
		f := st.enter(full.String())
		f.SetPresence(stamped(f, broadcast(stanza.Available)), 0)
	}
	return st, st.enter("romeo@montague.example/orchard")
}

// One copy of the stanza for each contact, and nothing else that grows with their number.
func TestBroadcastAllocates(t *testing.T) {
	const n = 20
	st, x := crowd(t, n)
	if _, err := st.says(x, broadcast(stanza.Available)); err != nil {
		t.Fatal(err)
	}
	contacts, err := st.roster.Contacts(t.Context(), romeo)
	if err != nil {
		t.Fatal(err)
	}
	s := stanza.Raw(stanza.Presence, stanza.Available, x.jid.JID(), jid.JID{}, "", []byte("<show>away</show>"))
	st.router.routed, x.got = make([]*stanza.Stanza, 0, 1<<14), make([]*stanza.Stanza, 0, 1<<14)
	if got := testing.AllocsPerRun(100, func() { st.m.broadcast(t.Context(), x, s, contacts) }); got > n+1 {
		t.Errorf("%v allocations for %d contacts", got, n)
	}
}

func BenchmarkInitialPresence(b *testing.B) {
	for _, n := range []int{0, 20, 200} {
		b.Run(fmt.Sprintf("contacts=%d", n), func(b *testing.B) {
			st, x := crowd(b, n)
			contacts, _ := st.roster.Contacts(b.Context(), romeo)
			s := stanza.Raw(stanza.Presence, stanza.Available, x.jid.JID(), jid.JID{}, "", []byte("<show>away</show>"))
			b.ReportAllocs()
			for b.Loop() {
				st.m.broadcast(b.Context(), x, s, contacts)
				st.m.arrive(b.Context(), x, contacts)
				st.router.take()
				x.take()
			}
		})
	}
}
