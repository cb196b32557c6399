package pep_test

import (
	"fmt"
	"testing"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xep/pubsub"
	"github.com/stonechat-im/stonechat/xmpptest"
)

const (
	presence = `<presence><c xmlns='http://jabber.org/protocol/caps' hash='md5' node='http://capulet.example/client' ver='%s'/></presence>`
	answer   = `<iq type='result' id='{q}' to='juliet@{host}'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='devices+notify'/><feature var='bundles+notify'/></query></iq>`
)

// follow makes a client one that is notified of the nodes devices and bundles.
func follow(c *xmpptest.Client, ver string) {
	c.Send(fmt.Sprintf(presence, ver))
	c.Expect(`<presence …>…</presence>`)
	c.Expect(`<iq type='get' id='{q=*}' from='juliet@{host}'>…</iq>`)
	c.Send(answer)
	c.Quiet()
}

func publish(node, id, text string) string {
	return fmt.Sprintf(`<iq type='set' id='%s'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='%s'><item id='%s'><d xmlns='urn:example:d'>%s</d></item></publish><publish-options><x xmlns='jabber:x:data' type='submit'><field var='pubsub#max_items'><value>max</value></field><field var='pubsub#access_model'><value>open</value></field></x></publish-options></pubsub></iq>`, text, node, id, text)
}

func items(t *testing.T, c *xmpptest.Client, node string) map[string]string {
	t.Helper()
	c.Send(fmt.Sprintf(`<iq type='get' id='g'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='%s'/></pubsub></iq>`, node))
	out := make(map[string]string)
	for it := range c.Expect(`<iq type='result' id='g' from='juliet@{host}'>…</iq>`).First().First().Children() {
		out[it.Attr("id")] = it.First().Text()
	}
	return out
}

// Many clients publish at once. Of what each has published nothing is lost, and whoever follows sees it in the order in
// which it was stored, so that he ends up with what is there.
func TestConcurrentPublishers(t *testing.T) {
	const clients, each = 4, 25
	for _, sqlite := range []bool{false, true} {
		t.Run(fmt.Sprintf("sqlite %v", sqlite), func(t *testing.T) {
			srv := xmpptest.New(t, xmpptest.Config{SQLite: sqlite})
			srv.Users("juliet")
			f := srv.Connect(t, "juliet", "balcony")
			follow(f, "1")
			var all []*xmpptest.Client
			for i := range clients {
				all = append(all, srv.Connect(t, "juliet", fmt.Sprint("device", i)))
			}
			for n := range each {
				for i, c := range all {
					c.Send(publish("devices", "current", fmt.Sprintf("d%d-%d", i, n)))
					c.Send(publish("bundles", fmt.Sprintf("%d-%d", i, n), fmt.Sprintf("b%d-%d", i, n)))
				}
			}
			seen := map[string]map[string]string{"devices": {}, "bundles": {}}
			for range 2 * clients * each {
				ev := f.Expect(`<message type='headline' id='{*}' from='juliet@{host}'>…</message>`).Child(pubsub.NSEvent, "event").First()
				it := ev.First()
				seen[ev.Attr("node")][it.Attr("id")] = it.First().Text()
			}
			for node, want := range seen {
				got := items(t, f, node)
				if len(got) != len(want) {
					t.Errorf("%s has %d items, %d were told", node, len(got), len(want))
				}
				for id, text := range want {
					if got[id] != text {
						t.Errorf("%s of %s is %s; what was told last is %s", id, node, got[id], text)
					}
				}
			}
			if len(seen["bundles"]) != clients*each {
				t.Errorf("%d bundles", len(seen["bundles"]))
			}
		})
	}
}

// A notification goes out before the result of the request that caused it.
func TestNotifiedBeforeResult(t *testing.T) {
	srv := xmpptest.New(t, xmpptest.Config{})
	srv.Users("juliet")
	c := srv.Connect(t, "juliet", "balcony")
	follow(c, "1")
	for n := range 50 {
		text := fmt.Sprint("d", n)
		c.Send(publish("devices", "current", text))
		e := c.Expect(`<message …>…</message>`)
		if got := payload(e); got != text {
			t.Fatalf("told of %s, not %s", got, text)
		}
		c.Expect(`<iq type='result' …>…</iq>`)
	}
}

func payload(e elem.Elem) string {
	return e.Child(pubsub.NSEvent, "event").First().First().First().Text()
}
