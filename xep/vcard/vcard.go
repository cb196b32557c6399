// Package vcard is vcard-temp (XEP-0054): the payload. A card is kept as the bytes that its owner wrote.
package vcard

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
)

// NS is the namespace of vcard-temp.
const NS = "vcard-temp"

// Card is a whole vCard element; the zero Card is an empty one, which asks for a card.
type Card struct{ bytes []byte }

// FromBytes makes a card of what Bytes has returned.
func FromBytes(b []byte) *Card { return &Card{b} }

// Bytes returns the element as it stands inside a stanza. They must not be changed.
func (c *Card) Bytes() []byte { return c.bytes }

// Name is {vcard-temp}vCard.
func (*Card) Name() elem.Name { return elem.Name{Space: NS, Local: "vCard"} }

// Encode writes the payload.
func (c *Card) Encode(w *elem.Writer) {
	if len(c.bytes) == 0 {
		w.Elem(NS, "vCard", "")
		return
	}
	w.Raw(c.bytes)
}

// Decode reads the payload. The card has memory of its own.
func (c *Card) Decode(e elem.Elem) error {
	c.bytes = e.AppendTo(nil, stanza.NSClient)
	return nil
}
