// Package ping is XMPP ping (XEP-0199): the payload.
package ping

import "github.com/stonechat-im/stonechat/elem"

// NS is the namespace of XMPP ping.
const NS = "urn:xmpp:ping"

// Ping asks whether somebody is there.
type Ping struct{}

// Name is {urn:xmpp:ping}ping.
func (*Ping) Name() elem.Name { return elem.Name{Space: NS, Local: "ping"} }

// Encode writes the payload.
func (*Ping) Encode(w *elem.Writer) { w.Elem(NS, "ping", "") }

// Decode reads the payload.
func (*Ping) Decode(elem.Elem) error { return nil }
