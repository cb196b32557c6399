package csi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
)

// phone is a session that notes what joins its queue.
type phone struct {
	kit.Session
	vars kit.Vars
	got  []string
}

func (p *phone) Vars() *kit.Vars { return &p.vars }

func (p *phone) Queue(s *stanza.Stanza) bool {
	p.got = append(p.got, s.ID)
	return true
}

// sends passes a stanza and says whether it goes on to the session.
func sends(t *testing.T, m *module, p *phone, s *stanza.Stanza) bool {
	t.Helper()
	err := m.pass(context.Background(), &kit.ToSession{Session: p, Stanza: s})
	if err != nil && !errors.Is(err, hook.Stop) {
		t.Fatal(err)
	}
	if err == nil {
		p.got = append(p.got, s.ID)
	}
	return err == nil
}

func of(t testing.TB, xml string) *stanza.Stanza {
	t.Helper()
	s, err := stanza.Parse([]byte(xml))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func presence(t testing.TB, from, id string) *stanza.Stanza {
	return of(t, "<presence xmlns='jabber:client' from='"+from+"' to='juliet@capulet.example' id='"+id+"'><show>away</show></presence>")
}

// What a client did not get is counted to the byte.
func TestSaved(t *testing.T) {
	m := &module{cfg: Def.Defaults().(Config)}
	p := new(phone)
	stateOf(p).set(p, true)
	want := 0
	for n := range 100 {
		s := presence(t, "romeo@montague.example/orchard", fmt.Sprint(n))
		if n < 99 {
			want += len(s.AppendTo(nil))
		}
		if sends(t, m, p, s) {
			t.Fatalf("presence %d went out", n)
		}
	}
	typing := of(t, "<message xmlns='jabber:client' type='chat' from='romeo@montague.example/orchard'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>")
	want += len(typing.AppendTo(nil))
	if sends(t, m, p, typing) {
		t.Fatal("a chat state went out")
	}
	stanzas, bytes := m.Saved()
	if stanzas != 100 || bytes != uint64(want) {
		t.Errorf("saved %d stanzas of %d bytes, want 100 of %d", stanzas, bytes, want)
	}
	activate(p)
	if diff := cmp.Diff([]string{"99"}, p.got); diff != "" {
		t.Error(diff)
	}
}

// However much presence comes from one who cannot make up his mind, what is kept in memory is bounded.
func TestMemoryIsBounded(t *testing.T) {
	m := &module{cfg: Config{Presence: true, ChatStates: true, Events: true, Max: 10}}
	p := new(phone)
	x := stateOf(p)
	x.set(p, true)
	for n := range 1000 {
		sends(t, m, p, presence(t, fmt.Sprintf("romeo@montague.example/%d", n%7), fmt.Sprint(n)))
		if len(x.held) > 3*m.cfg.Max || x.count > m.cfg.Max || len(x.latest) != x.count {
			t.Fatalf("after %d: %d places for %d stanzas of %d senders", n, len(x.held), x.count, len(x.latest))
		}
	}
	activate(p)
	if diff := cmp.Diff([]string{"993", "994", "995", "996", "997", "998", "999"}, p.got); diff != "" {
		t.Error(diff)
	}
}

func TestKeptOverRestart(t *testing.T) {
	m := &module{cfg: Def.Defaults().(Config)}
	p := new(phone)
	stateOf(p).set(p, true)
	sends(t, m, p, presence(t, "romeo@montague.example/orchard", "1"))
	sends(t, m, p, presence(t, "nurse@capulet.example/court", "2"))
	sends(t, m, p, presence(t, "romeo@montague.example/orchard", "3"))
	kept := p.vars.Save()
	if !json.Valid(kept["csi"]) {
		t.Fatalf("not JSON: %s", kept["csi"])
	}
	next := new(phone)
	next.vars.Restore(kept)
	if sends(t, m, next, presence(t, "nurse@capulet.example/court", "4")) {
		t.Error("the client was inactive, and its session is not resumed yet")
	}
	activate(next)
	if diff := cmp.Diff([]string{"3", "4"}, next.got); diff != "" {
		t.Error(diff)
	}
}

// The sender of something that is kept back does not wait for it.
func TestNobodyWaits(t *testing.T) {
	m := &module{cfg: Def.Defaults().(Config)}
	p := new(phone)
	stateOf(p).set(p, true)
	var r stanza.Received
	r.Stanza = *presence(t, "romeo@montague.example/orchard", "1")
	k := new(keeper)
	c := r.Hold(k, 1)
	sends(t, m, p, &r.Stanza)
	if c.Release(nil); !k.done {
		t.Error("the sender waits")
	}
	if held := stateOf(p).held; len(held) != 1 || held[0].From != jid.MustParse("romeo@montague.example/orchard") {
		t.Errorf("held: %v", held)
	}
}

type keeper struct{ done bool }

func (k *keeper) Secured(uint32, error) { k.done = true }

// An active client costs a look at a variable.
func TestActiveClientsCostNothing(t *testing.T) {
	m := &module{cfg: Def.Defaults().(Config)}
	p := new(phone)
	ev := &kit.ToSession{Session: p, Stanza: presence(t, "romeo@montague.example/orchard", "1")}
	if n := testing.AllocsPerRun(100, func() { _ = m.pass(context.Background(), ev) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
