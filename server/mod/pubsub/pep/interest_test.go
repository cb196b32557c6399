package pep

import (
	"context"
	"crypto"
	"fmt"
	"testing"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/caps"
	"github.com/stonechat-im/stonechat/xep/disco"
)

// oracle is a router that notes what is asked; the test answers.
type oracle struct {
	kit.Router
	asked []func(*stanza.Stanza)
	to    []jid.JID
}

func (o *oracle) Ask(_ context.Context, s *stanza.Stanza, answer func(*stanza.Stanza)) {
	o.asked, o.to = append(o.asked, answer), append(o.to, s.To)
}

var juliet = jid.MustBare("juliet@capulet.example")

func info(features ...string) *disco.Info {
	return &disco.Info{Identities: []disco.Identity{{Category: "client", Type: "pc"}}, Features: features}
}

func announce(i *disco.Info) caps.Caps {
	return caps.Caps{Hash: "sha-1", Node: "http://montague.example", Ver: caps.Ver(crypto.SHA1, i)}
}

func result(i *disco.Info) *stanza.Stanza {
	return stanza.New(stanza.IQ, stanza.Result, jid.JID{}, jid.JID{}, "", i)
}

func TestResolver(t *testing.T) {
	romeo, nurse := jid.MustParse("romeo@montague.example/orchard"), jid.MustParse("nurse@capulet.example/house")
	o := new(oracle)
	r := newResolver(o, 10)
	i := info("tune+notify", "+notify", "tune")
	c := announce(i)
	got := make(map[string]wants)
	resolve := func(name string, who jid.JID) {
		r.resolve(t.Context(), juliet, who, c, func(w wants) { got[name] = w })
	}
	resolve("liar", romeo)
	resolve("liar again", romeo)
	resolve("honest", nurse)
	if len(o.asked) != 2 || o.to[0] != romeo || o.to[1] != nurse {
		t.Fatalf("asked %v", o.to)
	}
	o.asked[0](result(info("tune+notify", "mood+notify")))
	if len(got) != 0 {
		t.Errorf("a lie was believed: %v", got)
	}
	resolve("after the lie", romeo)
	if len(o.asked) != 3 {
		t.Error("the lie was kept")
	}
	o.asked[1](result(i))
	if w := got["honest"]; len(got) != 1 || len(w) != 1 || !w["tune"] {
		t.Errorf("%v", got)
	}
	resolve("third", jid.MustParse("friar@verona.example/cell"))
	if len(o.asked) != 3 || !got["third"]["tune"] {
		t.Error("asked again for what is known")
	}
	o.asked[2](nil) // silence
	if _, ok := got["after the lie"]; ok {
		t.Error("silence was taken for an answer")
	}
	if len(r.asked) != 0 {
		t.Errorf("%d questions are kept", len(r.asked))
	}
}

func TestResolverIsBounded(t *testing.T) {
	o := new(oracle)
	r := newResolver(o, 3)
	for n := range 10 {
		i := info(fmt.Sprint("node", n, "+notify"))
		r.resolve(t.Context(), juliet, jid.MustParse(fmt.Sprint("romeo@montague.example/", n)), announce(i), func(wants) {})
		o.asked[n](result(i))
	}
	if r.recent.Len() != 3 || len(r.known) != 3 {
		t.Errorf("%d and %d are kept", r.recent.Len(), len(r.known))
	}
	last := announce(info("node9+notify"))
	if _, ok := r.look(&last); !ok {
		t.Error("the latest is forgotten")
	}
}

func TestWantsAreBounded(t *testing.T) {
	var features []string
	for n := range 2 * maxWants {
		features = append(features, fmt.Sprint("node", n, "+notify"))
	}
	if w := wantsOf(info(features...)); len(w) != maxWants {
		t.Errorf("%d wanted", len(w))
	}
}

func TestNeighbours(t *testing.T) {
	n := newNeighbours(2)
	c := caps.Caps{Node: "n", Ver: "v"}
	one, two, three := jid.MustParse("romeo@montague.example/1"), jid.MustParse("romeo@montague.example/2"), jid.MustParse("romeo@montague.example/3")
	first, _ := n.meet(juliet, one, c)
	if again, _ := n.meet(juliet, one, c); first == nil || again != nil {
		t.Error("the same presence is news")
	}
	n.meet(juliet, two, c)
	if third, _ := n.meet(juliet, three, c); third != nil {
		t.Error("there is no limit")
	}
	w := wants{"tune": true}
	first.known.Store(&w)
	if who := n.interested(juliet, "tune"); len(who) != 1 || who[0] != one {
		t.Errorf("interested: %v", who)
	}
	changed, was := n.meet(juliet, one, caps.Caps{Node: "n", Ver: "w"})
	if changed == nil || was != first || n.still(juliet, one, first) {
		t.Error("a change was not noticed")
	}
	n.part(juliet, one)
	n.part(juliet, two)
	if len(n.all) != 0 {
		t.Errorf("%d accounts are kept", len(n.all))
	}
}
