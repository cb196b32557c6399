// Package stanzaid is unique and stable stanza ids (XEP-0359): the payloads. It has no state.
package stanzaid

import (
	"errors"

	"github.com/stonechat-im/stonechat/elem"
)

// NS is the namespace of stanza ids.
const NS = "urn:xmpp:sid:0"

// ErrNoID says that an id, or who gave it, is missing (XEP-0359#rules).
var ErrNoID = errors.New("a stanza-id lacks its id or its by")

// StanzaID is the id that an archive or a room gave to a message.
type StanzaID struct {
	ID string
	By string // address of who gave it
}

// Name is {urn:xmpp:sid:0}stanza-id.
func (*StanzaID) Name() elem.Name { return elem.Name{Space: NS, Local: "stanza-id"} }

// Encode writes the payload.
func (s *StanzaID) Encode(w *elem.Writer) {
	w.Start(NS, "stanza-id")
	w.Attr("by", s.By)
	w.Attr("id", s.ID)
	w.End()
}

// Decode reads the payload.
func (s *StanzaID) Decode(e elem.Elem) error {
	*s = StanzaID{e.Attr("id"), e.Attr("by")}
	if s.ID == "" || s.By == "" {
		return ErrNoID
	}
	return nil
}

// Forged says whether e is a stanza-id that claims to come from by, the address of whoever is about to give one: such are
// removed (XEP-0359#rules).
func Forged(e elem.Elem, by string) bool { return e.Is(NS, "stanza-id") && e.Attr("by") == by }
