package roster_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/roster"
)

var byText = cmp.Comparer(func(a, b jid.JID) bool { return a == b })

var golden = []struct {
	name string
	q    roster.Query
	xml  string
}{
	{"get", roster.Query{}, `<query xmlns='jabber:iq:roster'/>`},
	{"get without a cache", roster.Query{HasVer: true}, `<query xmlns='jabber:iq:roster' ver=''/>`},
	{"set", roster.Query{Items: []roster.Item{{JID: jid.MustParse("nurse@capulet.example"), Name: "Nurse & more", Groups: []string{"Servants", "<all>"}}}},
		`<query xmlns='jabber:iq:roster'><item jid='nurse@capulet.example' name='Nurse &amp; more'><group>Servants</group><group>&lt;all&gt;</group></item></query>`},
	{"push", roster.Query{Ver: "v7", HasVer: true, Items: []roster.Item{{JID: jid.MustParse("romeo@montague.example"), Subscription: roster.SubFrom, Ask: true, Approved: true}}},
		`<query xmlns='jabber:iq:roster' ver='v7'><item jid='romeo@montague.example' subscription='from' ask='subscribe' approved='true'/></query>`},
	{"removal", roster.Query{Ver: "v8", HasVer: true, Items: []roster.Item{{JID: jid.MustParse("romeo@montague.example"), Subscription: roster.SubRemove}}},
		`<query xmlns='jabber:iq:roster' ver='v8'><item jid='romeo@montague.example' subscription='remove'/></query>`},
	{"result", roster.Query{Ver: "v9", HasVer: true, Items: []roster.Item{{JID: jid.MustParse("montague.example"), Subscription: roster.SubNone},
		{JID: jid.MustParse("mercutio@verona.example"), Subscription: roster.SubBoth}}},
		`<query xmlns='jabber:iq:roster' ver='v9'><item jid='montague.example' subscription='none'/><item jid='mercutio@verona.example' subscription='both'/></query>`},
}

func TestGolden(t *testing.T) {
	for _, c := range golden {
		t.Run(c.name, func(t *testing.T) {
			w := elem.NewWriter(nil, stanza.NSClient)
			c.q.Encode(w)
			if diff := cmp.Diff(c.xml, string(w.Bytes())); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
			tree, err := elem.Parse([]byte(c.xml), stanza.NSClient)
			if err != nil {
				t.Fatal(err)
			}
			var q roster.Query
			if err := q.Decode(tree.Root()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.q, q, byText); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name, xml string
		want      []roster.Item
		err       error
	}{
		{"address is normalised", `<query xmlns='jabber:iq:roster'><item jid='Romeo@MONTAGUE.example'/></query>`,
			[]roster.Item{{JID: jid.MustParse("romeo@montague.example")}}, nil},
		{"approved as a number", `<query xmlns='jabber:iq:roster'><item jid='a.example' approved='1'/></query>`,
			[]roster.Item{{JID: jid.MustParse("a.example"), Approved: true}}, nil},
		{"foreign children", `<query xmlns='jabber:iq:roster'><x xmlns='urn:example'/><item jid='a.example'><group xmlns='urn:example'>x</group></item></query>`,
			[]roster.Item{{JID: jid.MustParse("a.example")}}, nil},
		{"no address", `<query xmlns='jabber:iq:roster'><item/></query>`, nil, stanza.JIDMalformed},
		{"bad address", `<query xmlns='jabber:iq:roster'><item jid='a b@c'/></query>`, nil, stanza.JIDMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree, err := elem.Parse([]byte(c.xml), stanza.NSClient)
			if err != nil {
				t.Fatal(err)
			}
			var q roster.Query
			err = q.Decode(tree.Root())
			if c.err != nil {
				if !errors.Is(err, c.err) {
					t.Fatalf("error %v, want %v", err, c.err)
				}
				return
			}
			if diff := cmp.Diff(c.want, q.Items, byText); diff != "" || err != nil {
				t.Errorf("error %v, read (-want +got):\n%s", err, diff)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range golden {
		f.Add(c.xml)
	}
	f.Fuzz(func(t *testing.T, xml string) {
		tree, err := elem.Parse([]byte(xml), stanza.NSClient)
		if err != nil {
			return
		}
		var q, again roster.Query
		if q.Decode(tree.Root()) != nil {
			return
		}
		w := elem.NewWriter(nil, stanza.NSClient)
		q.Encode(w)
		tree, err = elem.Parse(w.Bytes(), stanza.NSClient)
		if err != nil {
			t.Fatalf("wrote %q: %v", w.Bytes(), err)
		}
		if err := again.Decode(tree.Root()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(q, again, byText); diff != "" {
			t.Errorf("read, written and read again:\n%s", diff)
		}
	})
}

func TestState(t *testing.T) {
	for _, c := range []struct {
		state roster.State
		name  string
		sub   roster.Subscription
	}{
		{0, "None", roster.SubNone},
		{roster.PendingOut, "None + Pending Out", roster.SubNone},
		{roster.PendingIn | roster.Approved, "None + Pending In, approved", roster.SubNone},
		{roster.PendingOut | roster.PendingIn, "None + Pending Out+In", roster.SubNone},
		{roster.To | roster.PendingIn, "To + Pending In", roster.SubTo},
		{roster.From | roster.PendingOut, "From + Pending Out", roster.SubFrom},
		{roster.To | roster.From, "Both", roster.SubBoth},
	} {
		if c.state.String() != c.name || c.state.Subscription() != c.sub {
			t.Errorf("state %d: %q with subscription %q; want %q, %q", c.state, c.state, c.state.Subscription(), c.name, c.sub)
		}
	}
}

func ExampleQuery() {
	q := &roster.Query{Items: []roster.Item{{JID: jid.MustParse("juliet@capulet.example"), Name: "Juliet", Groups: []string{"Loves"}}}}
	iq := stanza.New(stanza.IQ, stanza.Set, jid.JID{}, jid.JID{}, "ph1xaz53", q)
	fmt.Println(strings.ReplaceAll(string(iq.AppendTo(nil)), "><", ">\n<"))
	// Output:
	// <iq type='set' id='ph1xaz53'>
	// <query xmlns='jabber:iq:roster'>
	// <item jid='juliet@capulet.example' name='Juliet'>
	// <group>Loves</group>
	// </item>
	// </query>
	// </iq>
}
