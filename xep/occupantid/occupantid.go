// Package occupantid is occupant identifiers (XEP-0421): the payload by which a room marks who somebody is without saying
// so. It has no state.
package occupantid

import "github.com/stonechat-im/stonechat/elem"

// NS is the namespace of occupant identifiers.
const NS = "urn:xmpp:occupant-id:0"

// OccupantID is an opaque string of at most 128 characters.
type OccupantID string

// Name is {urn:xmpp:occupant-id:0}occupant-id.
func (OccupantID) Name() elem.Name { return elem.Name{Space: NS, Local: "occupant-id"} }

// Encode writes the payload.
func (o OccupantID) Encode(w *elem.Writer) {
	w.Start(NS, "occupant-id")
	w.Attr("id", string(o))
	w.End()
}

// Decode reads the payload.
func (o *OccupantID) Decode(e elem.Elem) error {
	*o = OccupantID(e.Attr("id"))
	return nil
}
