package pubsub_test

import (
	"fmt"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/pubsub"
)

func ExamplePubSub() {
	s := stanza.New(stanza.IQ, stanza.Set, jid.JID{}, jid.MustParse("pubsub.capulet.example"), "p1",
		&pubsub.PubSub{Verb: pubsub.Publish, Node: "news", Items: []pubsub.Item{{ID: "1", Payload: []byte("<hail xmlns='urn:example:hail'/>")}}})
	fmt.Printf("%s\n", s.AppendTo(nil))
	// Output:
	// <iq to='pubsub.capulet.example' type='set' id='p1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='news'><item id='1'><hail xmlns='urn:example:hail'/></item></publish></pubsub></iq>
}
