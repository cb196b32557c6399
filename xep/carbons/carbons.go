// Package carbons is message carbons (XEP-0280): the payloads. It has no state.
package carbons

import (
	"errors"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xep/forward"
)

// The namespace of carbons, and the feature that says that all rules of XEP-0280#recommended-rules are kept.
const (
	NS      = "urn:xmpp:carbons:2"
	NSRules = "urn:xmpp:carbons:rules:0"
)

// Enable asks for copies (XEP-0280#enabling).
type Enable struct{}

// Name is {urn:xmpp:carbons:2}enable.
func (*Enable) Name() elem.Name { return elem.Name{Space: NS, Local: "enable"} }

// Encode writes the payload.
func (*Enable) Encode(w *elem.Writer) { w.Elem(NS, "enable", "") }

// Decode reads the payload.
func (*Enable) Decode(elem.Elem) error { return nil }

// Disable ends that (XEP-0280#disabling).
type Disable struct{}

// Name is {urn:xmpp:carbons:2}disable.
func (*Disable) Name() elem.Name { return elem.Name{Space: NS, Local: "disable"} }

// Encode writes the payload.
func (*Disable) Encode(w *elem.Writer) { w.Elem(NS, "disable", "") }

// Decode reads the payload.
func (*Disable) Decode(elem.Elem) error { return nil }

// Private keeps a message from being copied (XEP-0280#avoiding).
type Private struct{}

// Name is {urn:xmpp:carbons:2}private.
func (*Private) Name() elem.Name { return elem.Name{Space: NS, Local: "private"} }

// Encode writes the payload.
func (*Private) Encode(w *elem.Writer) { w.Elem(NS, "private", "") }

// Decode reads the payload.
func (*Private) Decode(elem.Elem) error { return nil }

// Copy is a copy of a message that another session of the account sent or received. A client takes one only from its own
// bare address (XEP-0280#security).
type Copy struct {
	Sent bool // else received
	forward.Forwarded
}

// Name is {urn:xmpp:carbons:2}sent or {urn:xmpp:carbons:2}received.
func (c *Copy) Name() elem.Name {
	if c.Sent {
		return elem.Name{Space: NS, Local: "sent"}
	}
	return elem.Name{Space: NS, Local: "received"}
}

// Encode writes the payload.
func (c *Copy) Encode(w *elem.Writer) {
	w.Start(NS, c.Name().Local)
	c.Forwarded.Encode(w)
	w.End()
}

// ErrNoCopy says that an element is no copy.
var ErrNoCopy = errors.New("not a copy of a message")

// IsCopy says whether e claims to be a copy.
func IsCopy(e elem.Elem) bool { return e.Is(NS, "received") || e.Is(NS, "sent") }

// Decode reads the payload.
func (c *Copy) Decode(e elem.Elem) error {
	if !IsCopy(e) {
		return ErrNoCopy
	}
	c.Sent = e.Local() == "sent"
	return c.Forwarded.Decode(e.Child(forward.NS, "forwarded"))
}
