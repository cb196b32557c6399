package disco_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/disco"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// elementOf reads XML that stands in a stanza.
func elementOf(t testing.TB, xml string) elem.Elem {
	t.Helper()
	tree, err := elem.Parse([]byte(xml), stanza.NSClient)
	if err != nil {
		t.Fatal(err)
	}
	return tree.Root()
}

func written(p stanza.Payload) string {
	w := elem.NewWriter(nil, stanza.NSClient)
	p.Encode(w)
	return string(w.Bytes())
}

func TestGolden(t *testing.T) {
	for _, tc := range []struct {
		name string
		want disco.Info
		xml  string
	}{
		{"question", disco.Info{Node: "n"}, `<query xmlns='http://jabber.org/protocol/disco#info' node='n'/>`},
		{"answer", disco.Info{Identities: []disco.Identity{{Category: "server", Type: "im", Lang: "en", Name: "Globe"}}, Features: []string{disco.NSInfo}, Forms: []*forms.Form{{Type: forms.Result, Fields: []forms.Field{{Var: "a", Values: []string{"b"}}}}}}, `<query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im' xml:lang='en' name='Globe'/><feature var='http://jabber.org/protocol/disco#info'/><x xmlns='jabber:x:data' type='result'><field var='a'><value>b</value></field></x></query>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got disco.Info
			if err := got.Decode(elementOf(t, tc.xml)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if out := written(&tc.want); out != tc.xml {
				t.Errorf("written as %s", out)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`<query xmlns='http://jabber.org/protocol/disco#info'><feature/></query>`,
		`<query xmlns='http://jabber.org/protocol/disco#info'><identity category='a' type='b'/><x xmlns='jabber:x:data' type='form'/></query>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, stanza.NSClient)
		if err != nil {
			return
		}
		var first, again disco.Info
		if first.Decode(tree.Root()) != nil {
			return
		}
		out := written(&first)
		if err := again.Decode(elementOf(t, out)); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if written(&again) != out {
			t.Errorf("%s was written again as %s", out, written(&again))
		}
	})
}

func TestItemsGolden(t *testing.T) {
	for _, tc := range []struct {
		name string
		want disco.Items
		xml  string
	}{
		{"question", disco.Items{Node: "n"}, `<query xmlns='http://jabber.org/protocol/disco#items' node='n'/>`},
		{"answer", disco.Items{Items: []disco.Item{{JID: jid.MustParse("plays.globe.example"), Name: "Plays"}, {JID: jid.MustParse("globe.example"), Node: "books"}}}, `<query xmlns='http://jabber.org/protocol/disco#items'><item jid='plays.globe.example' name='Plays'/><item jid='globe.example' node='books'/></query>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got disco.Items
			if err := got.Decode(elementOf(t, tc.xml)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.Comparer(func(a, b jid.JID) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
			if out := written(&tc.want); out != tc.xml {
				t.Errorf("written as %s", out)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, xml := range []string{
		`<query xmlns='http://jabber.org/protocol/disco#info'><identity type='im'/></query>`,
		`<query xmlns='http://jabber.org/protocol/disco#info'><identity category='server'/></query>`,
		`<query xmlns='http://jabber.org/protocol/disco#info'><feature/></query>`,
	} {
		if err := new(disco.Info).Decode(elementOf(t, xml)); err != disco.ErrIncomplete {
			t.Errorf("%s: %v", xml, err)
		}
	}
	for _, xml := range []string{
		`<query xmlns='http://jabber.org/protocol/disco#items'><item/></query>`,
		`<query xmlns='http://jabber.org/protocol/disco#items'><item jid='@'/></query>`,
	} {
		if err := new(disco.Items).Decode(elementOf(t, xml)); err == nil {
			t.Errorf("%s was taken", xml)
		}
	}
}

func TestHas(t *testing.T) {
	i := disco.Info{Features: []string{"a", "b"}}
	if !i.Has("b") || i.Has("c") {
		t.Error("wrong")
	}
}

func FuzzDecodeItems(f *testing.F) {
	f.Add([]byte(`<query xmlns='http://jabber.org/protocol/disco#items'><item jid='globe.example' node='books' name='&lt;'/></query>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, stanza.NSClient)
		if err != nil {
			return
		}
		var first, again disco.Items
		if first.Decode(tree.Root()) != nil {
			return
		}
		out := written(&first)
		if err := again.Decode(elementOf(t, out)); err != nil || written(&again) != out {
			t.Errorf("%s was written again as %s: %v", out, written(&again), err)
		}
	})
}
