package pubsub_test

import (
	"testing"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/pubsub"
	"github.com/stonechat-im/stonechat/xep/rsm"
)

// payload is what all payloads here can do.
type payload interface {
	stanza.Payload
	Decode(e elem.Elem) error
}

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

const (
	open  = `<pubsub xmlns='http://jabber.org/protocol/pubsub'>`
	owner = `<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'>`
	event = `<event xmlns='http://jabber.org/protocol/pubsub#event'>`
	form  = `<x xmlns='jabber:x:data' type='submit'><field var='pubsub#title'><value>News</value></field></x>`
	e1    = `<e xmlns='urn:example:e'/>`
)

// Each element is read and written again as it was.
var golden = []struct {
	name string
	into func() payload
	xml  string
}{
	{"create", newPubSub, open + `<create node='news'/></pubsub>`},
	{"create an instant node", newPubSub, open + `<create/></pubsub>`},
	{"create and configure", newPubSub, open + `<create node='news'/><configure>` + form + `</configure></pubsub>`},
	{"publish", newPubSub, open + `<publish node='news'><item id='1'>` + e1 + `</item></publish></pubsub>`},
	{"publish with options", newPubSub, open + `<publish node='news'><item>` + e1 + `</item></publish><publish-options>` + form + `</publish-options></pubsub>`},
	{"retract", newPubSub, open + `<retract node='news' notify='true'><item id='1'/></retract></pubsub>`},
	{"items", newPubSub, open + `<items node='news' max_items='2'/></pubsub>`},
	{"items by id", newPubSub, open + `<items node='news'><item id='1'/><item id='2'/></items></pubsub>`},
	{"a page of items", newPubSub, open + `<items node='news'/><set xmlns='http://jabber.org/protocol/rsm'><max>1</max><after>1</after></set></pubsub>`},
	{"items as a page", newPubSub, open + `<items node='news'><item id='1' publisher='romeo@montague.example'>` + e1 + `</item></items><set xmlns='http://jabber.org/protocol/rsm'><first index='0'>1</first><last>1</last><count>2</count></set></pubsub>`},
	{"subscribe", newPubSub, open + `<subscribe node='news' jid='romeo@montague.example'/><options>` + form + `</options></pubsub>`},
	{"subscribed", newPubSub, open + `<subscription node='news' jid='romeo@montague.example' subscription='subscribed'><subscribe-options/></subscription></pubsub>`},
	{"unsubscribe", newPubSub, open + `<unsubscribe node='news' jid='romeo@montague.example' subid='1'/></pubsub>`},
	{"options", newPubSub, open + `<options node='news' jid='romeo@montague.example'>` + form + `</options></pubsub>`},
	{"default options", newPubSub, open + `<default/></pubsub>`},
	{"subscriptions", newPubSub, open + `<subscriptions><subscription node='news' jid='romeo@montague.example' subscription='pending'/></subscriptions></pubsub>`},
	{"affiliations", newPubSub, open + `<affiliations><affiliation node='news' affiliation='publish-only'/></affiliations></pubsub>`},
	{"configure", newOwner, owner + `<configure node='news'>` + form + `</configure></pubsub>`},
	{"default", newOwner, owner + `<default/></pubsub>`},
	{"delete", newOwner, owner + `<delete node='news'><redirect uri='xmpp:capulet.example?;node=olds'/></delete></pubsub>`},
	{"purge", newOwner, owner + `<purge node='news'/></pubsub>`},
	{"subscribers", newOwner, owner + `<subscriptions node='news'><subscription jid='romeo@montague.example' subscription='none'/></subscriptions></pubsub>`},
	{"affiliated", newOwner, owner + `<affiliations node='news'><affiliation jid='romeo@montague.example' affiliation='outcast'/></affiliations></pubsub>`},
	{"event of items", newEvent, event + `<items node='news'><item id='1' publisher='romeo@montague.example'>` + e1 + `</item></items></event>`},
	{"event without items", newEvent, event + `<items node='news'/></event>`},
	{"event of a retraction", newEvent, event + `<items node='news'><retract id='1'/></items></event>`},
	{"event of a purge", newEvent, event + `<purge node='news'/></event>`},
	{"event of a deletion", newEvent, event + `<delete node='news'><redirect uri='xmpp:capulet.example?;node=olds'/></delete></event>`},
	{"event of a configuration", newEvent, event + `<configuration node='news'>` + form + `</configuration></event>`},
	{"event of a subscription", newEvent, event + `<subscription node='news' jid='romeo@montague.example' subscription='none'/></event>`},
}

func newPubSub() payload { return new(pubsub.PubSub) }
func newOwner() payload  { return new(pubsub.Owner) }
func newEvent() payload  { return new(pubsub.Event) }

func TestGolden(t *testing.T) {
	for _, tc := range golden {
		t.Run(tc.name, func(t *testing.T) {
			p, e := tc.into(), elementOf(t, tc.xml)
			if p.Name() != e.Name() {
				t.Errorf("is called %v", p.Name())
			}
			if err := p.Decode(e); err != nil {
				t.Fatal(err)
			}
			if out := written(p); out != tc.xml {
				t.Errorf("written as %s", out)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tc := range []struct {
		name string
		into func() payload
		xml  string
	}{
		{"nothing", newPubSub, open + `</pubsub>`},
		{"two requests", newPubSub, open + `<create node='a'/><publish node='a'/></pubsub>`},
		{"options that belong to something else", newPubSub, open + `<create node='a'/><publish-options/></pubsub>`},
		{"two configurations", newPubSub, open + `<create node='a'/><configure/><configure/></pubsub>`},
		{"a page before and after", newPubSub, open + `<items node='a'/><set xmlns='http://jabber.org/protocol/rsm'><after>1</after><before>2</before></set></pubsub>`},
		{"no owner's request", newOwner, owner + `</pubsub>`},
		{"two owner's requests", newOwner, owner + `<purge node='a'/><delete node='a'/></pubsub>`},
		{"no event", newEvent, event + `</event>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.into().Decode(elementOf(t, tc.xml)); err == nil {
				t.Error("read")
			}
		})
	}
}

// What is inside an item means the same wherever it is written, prefixes and namespaces of its surroundings included.
func TestPayloadsStandAlone(t *testing.T) {
	const xml = `<p:pubsub xmlns:p='http://jabber.org/protocol/pubsub' xmlns:x='urn:x' xmlns='urn:y'><p:publish node='a'><p:item><b x:c='1'><d xmlns=''/></b></p:item></p:publish></p:pubsub>`
	var p pubsub.PubSub
	if err := p.Decode(elementOf(t, xml)); err != nil {
		t.Fatal(err)
	}
	ev := &pubsub.Event{What: pubsub.EventItems, Node: "a", Items: p.Items}
	b := elementOf(t, written(ev)).First().First().First()
	c, _ := b.LookupAttr("urn:x", "c")
	if !b.Is("urn:y", "b") || c != "1" || !b.First().Is("", "d") || p.Items[0].Payloads != 1 {
		t.Errorf("written as %s", written(ev))
	}
}

func TestMaxItems(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     int
		ok       bool
	}{
		{"none", "", rsm.None, true},
		{"some", "3", 3, true},
		{"very many", "1000000000000", 1<<31 - 1, true},
		{"no items", "0", 0, false},
		{"less than none", "-1", 0, false},
		{"no number", "all", 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, ok := (&pubsub.PubSub{Max: tc.in}).MaxItems()
			if ok != tc.ok || ok && n != tc.want {
				t.Errorf("%d, %v", n, ok)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  *stanza.Error
		want string
	}{
		{"condition", pubsub.Error(stanza.BadRequest, "nodeid-required", ""), `<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><nodeid-required xmlns='http://jabber.org/protocol/pubsub#errors'/></error>`},
		{"unsupported", pubsub.Unsupported("collections", ""), `<error type='cancel'><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><unsupported xmlns='http://jabber.org/protocol/pubsub#errors' feature='collections'/></error>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if out := written(tc.err); out != tc.want {
				t.Errorf("written as %s", out)
			}
		})
	}
}

func FuzzPubSub(f *testing.F) { fuzz(f, newPubSub) }
func FuzzOwner(f *testing.F)  { fuzz(f, newOwner) }
func FuzzEvent(f *testing.F)  { fuzz(f, newEvent) }

func fuzz(f *testing.F, into func() payload) {
	for _, g := range golden {
		f.Add([]byte(g.xml))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, stanza.NSClient)
		if err != nil {
			return
		}
		first, again := into(), into()
		if first.Decode(tree.Root()) != nil {
			return
		}
		out := written(first)
		if err := again.Decode(elementOf(t, out)); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if written(again) != out {
			t.Errorf("%s was written again as %s", out, written(again))
		}
	})
}
