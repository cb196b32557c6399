// Package stanzaid is unique and stable stanza ids (XEP-0359): the payloads. It has no state.
package stanzaid

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
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

// Forged says whether e is a stanza-id that claims to come from by, the address in normal form of whoever is about to give
// one: such are removed (XEP-0359#rules). Addresses are compared in normal form.
func Forged(e elem.Elem, by string) bool {
	if !e.Is(NS, "stanza-id") {
		return false
	}
	claimed := e.Attr("by")
	if claimed == by {
		return true
	}
	j, err := jid.Parse(claimed)
	return err == nil && j.String() == by
}

// alphabet is that of the base 32 of Crockford, in small letters: its order is that of the bytes.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// New makes an id of 26 characters for something that was archived at t. Ids of later milliseconds sort behind those of
// earlier ones. Eighty bits are random, so that nobody can guess one or tell how many there are (XEP-0359#security).
func New(t time.Time) string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	high := uint64(t.UnixMilli())<<16 | uint64(binary.BigEndian.Uint16(b[8:]))
	low := binary.BigEndian.Uint64(b[:])
	var out [26]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = alphabet[low&31]
		low, high = low>>5|high<<59, high>>5
	}
	return string(out[:])
}
