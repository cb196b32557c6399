package muc

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// crowd fills the room with n occupants and returns the first.
func crowd(w *world, n int) string {
	w.open("user0@verona.example/x", "user0")
	for i := 1; i < n; i++ {
		w.join(fmt.Sprintf("user%d@verona.example/x", i), fmt.Sprintf("user%d", i))
	}
	return "user0@verona.example/x"
}

// TestFanOutAllocations: what a message costs for one more occupant is one allocation, its envelope.
func TestFanOutAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	perMessage := func(n int) float64 {
		w := newWorld(t, func(c *Config) { c.DefaultUsers = 500 })
		by := crowd(w, n)
		sent := 0
		w.hook = func(*stanza.Stanza) { sent++ }
		from, to := jid.MustParse(by), jid.MustParse(room)
		s := stanza.New(stanza.Message, stanza.Groupchat, from, to, "m", plain{"body", "O Romeo, Romeo"})
		out := testing.AllocsPerRun(50, func() { w.m.handle(t.Context(), s) })
		if sent < 50*n {
			t.Fatalf("%d deliveries to %d occupants", sent, n)
		}
		return out
	}
	few, many := perMessage(100), perMessage(300)
	if each := (many - few) / 200; each > 1.01 {
		t.Errorf("%.2f allocations for each delivery (%v with 100 occupants, %v with 300)", each, few, many)
	}
}

// BenchmarkFanOut sends messages to 10 rooms with 100 occupants each, in turn.
func BenchmarkFanOut(b *testing.B) {
	w := newWorld(b, nil)
	w.hook = func(*stanza.Stanza) {}
	var sent []*stanza.Stanza
	for n := range 10 {
		to := jid.MustParse(fmt.Sprintf("room%d@conference.verona.example", n))
		for i := range 100 {
			from := jid.MustParse(fmt.Sprintf("user%d@verona.example/x", i))
			nick, _ := to.WithResource(fmt.Sprintf("user%d", i))
			w.send(stanza.New(stanza.Presence, stanza.Available, from, nick, "j", &wire.Join{}))
			if i == 0 {
				w.send(stanza.New(stanza.IQ, stanza.Set, from, to, "c", &wire.OwnerQuery{Form: forms.New(forms.Submit, wire.FormConfig)}))
				sent = append(sent, stanza.New(stanza.Message, stanza.Groupchat, from, to, "m", plain{"body", "O Romeo, Romeo"}))
			}
		}
	}
	delivered := 0
	w.hook = func(*stanza.Stanza) { delivered++ }
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.m.handle(b.Context(), sent[i%len(sent)])
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(delivered), "ns/delivery")
}

// TestOrder: everybody gets what is said in one order, whoever carries it, and an error that comes back during a delivery
// finds the room free.
func TestOrder(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.DefaultUsers = 500 })
	crowd(w, 20)
	gone := jid.MustParse("user7@verona.example/x")
	var mu sync.Mutex
	heard := make(map[jid.JID][]string)
	var bounced atomic.Int32
	w.hook = func(s *stanza.Stanza) {
		if s.Kind != stanza.Message || !s.Has(stanza.NSClient, "body") {
			return
		}
		if s.To == gone {
			bounced.Add(1)
			w.m.handle(t.Context(), s.Bounce(stanza.ServiceUnavailable.With("")))
			return
		}
		mu.Lock()
		heard[s.To] = append(heard[s.To], s.Body())
		mu.Unlock()
	}
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			for n := range 30 {
				w.say(fmt.Sprintf("user%d@verona.example/x", i), fmt.Sprintf("%d/%d", i, n))
			}
		})
	}
	all.Wait()
	first := heard[jid.MustParse("user0@verona.example/x")]
	if len(first) != 180 {
		t.Fatalf("user0 heard %d messages", len(first))
	}
	for to, list := range heard {
		if fmt.Sprint(list) != fmt.Sprint(first) {
			t.Errorf("%v heard another order", to)
		}
	}
	if bounced.Load() == 0 {
		t.Error("nothing bounced")
	}
	r := w.here()
	defer r.mu.Unlock()
	if r.clients[gone] != nil {
		t.Error("who cannot be reached is in the room still")
	}
}
