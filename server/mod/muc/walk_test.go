package muc

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// seen is an occupant as somebody sees him.
type seen struct {
	Affiliation wire.Affiliation
	Role        wire.Role
	Sessions    int
}

// view is what a client makes of the presence that it gets; nil while it is outside.
type view map[string]seen

// hear takes one presence in.
func (v view) hear(t *rapid.T, s *stanza.Stanza) view {
	var x wire.User
	if err := x.Decode(s.Child(wire.NSUser, "x")); err != nil {
		t.Fatalf("presence that cannot be read: %s", s.AppendTo(nil))
	}
	nick := s.From.Resource()
	switch {
	case s.Type == stanza.TypeError:
		return v
	case s.Type == stanza.Unavailable && x.Has(wire.CodeSelf) && !x.Has(wire.CodeNewNick):
		return nil
	case s.Type == stanza.Unavailable:
		if _, ok := v[nick]; !ok {
			t.Fatalf("%s leaves, whom nobody knew: %s", nick, s.AppendTo(nil))
		}
		delete(v, nick)
		return v
	}
	if v == nil {
		v = make(view)
	}
	if len(x.Items) == 0 {
		t.Fatalf("presence without an item: %s", s.AppendTo(nil))
	}
	v[nick] = seen{x.Items[0].Affiliation, x.Items[0].Role, len(x.Items)}
	return v
}

// TestWalk walks at random through a room; whatever happens, every occupant's view is the room's state.
func TestWalk(t *testing.T) {
	var clients []string
	for _, u := range []string{"romeo", "juliet", "mercutio", "tybalt"} {
		clients = append(clients, u+"@verona.example/a", u+"@verona.example/b")
	}
	nicks := []string{"Sun", "Moon", "Star", "Rose", "Nurse"}
	affs := []wire.Affiliation{wire.Outcast, wire.NoAffiliation, wire.Member, wire.Admin, wire.Owner}
	roles := []wire.Role{wire.NoRole, wire.Visitor, wire.Participant, wire.Moderator}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, nil)
		fields := []string{string(persistentRoom), "1"}
		if rapid.Bool().Draw(rt, "moderated") {
			fields = append(fields, string(moderated), "1")
		}
		w.open(clients[0], nicks[0], fields...)
		views := make(map[string]view)
		client := rapid.SampledFrom(clients)
		nick := rapid.SampledFrom(nicks)
		for step := range rapid.IntRange(5, 60).Draw(rt, "steps") {
			who := client.Draw(rt, "who")
			switch rapid.IntRange(0, 8).Draw(rt, "what") {
			case 0, 1, 2:
				w.join(who, nick.Draw(rt, "nick"))
			case 3:
				w.leave(who)
			case 4: // a nickname, or another show
				w.send(stanza.New(stanza.Presence, stanza.Available, jid.MustParse(who), jid.MustParse(room+"/"+nick.Draw(rt, "nick")), "p", plain{"show", "away"}))
			case 5:
				w.ask(who, stanza.Set, &wire.AdminQuery{Items: []wire.Item{{Nick: nick.Draw(rt, "nick"), Role: rapid.SampledFrom(roles).Draw(rt, "role")}}})
			case 6:
				w.ask(who, stanza.Set, &wire.AdminQuery{Items: []wire.Item{{JID: client.Draw(rt, "whom"), Affiliation: rapid.SampledFrom(affs).Draw(rt, "affiliation")}}})
			case 7:
				w.send(stanza.New(stanza.Message, stanza.TypeError, jid.MustParse(who), jid.MustParse(room+"/Sun"), "e", stanza.Gone.With("")))
			case 8:
				w.say(who, "hi")
			}
			w.compare(rt, step, clients, views)
		}
	})
}

func (w *world) compare(t *rapid.T, step int, clients []string, views map[string]view) {
	r := w.here()
	state := make(view)
	for _, o := range r.nicks {
		state[o.nick] = seen{r.affiliationOf(o.who), o.role, len(o.clients)}
	}
	inside := make(map[string]bool)
	for j := range r.clients {
		inside[j.String()] = true
	}
	r.mu.Unlock()
	for _, c := range clients {
		for _, s := range w.take(c) {
			if s.Kind == stanza.Presence && s.Type != stanza.TypeError {
				if s.Has(wire.NSUser, "x") {
					views[c] = views[c].hear(t, s)
				}
			}
		}
		var want view
		if inside[c] {
			want = state
		}
		if diff := cmp.Diff(want, views[c]); diff != "" {
			t.Fatalf("after step %d %s sees something else than there is:\n%s", step, c, diff)
		}
	}
}

// TestLastOwner: a room always has an owner.
func TestLastOwner(t *testing.T) {
	w := newWorld(t, nil)
	w.open("romeo@verona.example/a", "Romeo")
	for i, items := range [][]wire.Item{
		{{JID: "romeo@verona.example", Affiliation: wire.NoAffiliation}},
		{{JID: "romeo@verona.example", Affiliation: wire.Owner}, {JID: "romeo@verona.example", Affiliation: wire.Member}},
		{{JID: "juliet@verona.example", Affiliation: wire.Owner}, {JID: "juliet@verona.example", Affiliation: wire.Admin}, {JID: "romeo@verona.example", Affiliation: wire.Admin}},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			a := w.ask("romeo@verona.example/a", stanza.Set, &wire.AdminQuery{Items: items})
			if got := stanza.ReadError(a).Condition; got != stanza.Conflict {
				t.Errorf("got %q, want conflict", got)
			}
			r := w.here()
			defer r.mu.Unlock()
			if owners := r.listed(wire.Owner); len(owners) != 1 {
				t.Errorf("owners: %v", owners)
			}
		})
	}
}
