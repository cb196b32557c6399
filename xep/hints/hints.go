// Package hints is message processing hints (XEP-0334): what a sender would like servers to do with a message.
package hints

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
)

// NS is the namespace of the hints.
const NS = "urn:xmpp:hints"

// Hint is one hint; it is its own payload.
type Hint string

const (
	NoPermanentStore Hint = "no-permanent-store" // not in archives; keeping it for delivery is fine
	NoStore          Hint = "no-store"           // neither in archives nor for later delivery
	NoCopy           Hint = "no-copy"            // to nobody but whom it is addressed to
	Store            Hint = "store"              // worth storing, whatever it looks like
)

// Name is the hint's element name.
func (h Hint) Name() elem.Name { return elem.Name{Space: NS, Local: string(h)} }

// Encode writes the hint.
func (h Hint) Encode(w *elem.Writer) { w.Elem(NS, string(h), "") }

// Has says whether a message carries the hint. Those in errors do not count (XEP-0334#rules).
func Has(s *stanza.Stanza, h Hint) bool {
	return s.Type != stanza.TypeError && s.Has(NS, string(h))
}
