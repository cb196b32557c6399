// Package retract is message retraction (XEP-0424) and its moderated form (XEP-0425): the payloads. It has no state.
package retract

import (
	"errors"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xep/occupantid"
)

// NS is the namespace of retraction; FeatureTombstone says that archives keep tombstones (XEP-0424#tombstones).
const (
	NS               = "urn:xmpp:message-retract:1"
	FeatureTombstone = NS + "#tombstone"
	NSModerate       = "urn:xmpp:message-moderate:1"
)

// ErrNoID says that it is not said which message is meant.
var ErrNoID = errors.New("it is not said which message is meant")

// Moderated says who had a message retracted (XEP-0425#usecase-success).
type Moderated struct {
	By       string // occupant address; may be empty
	Occupant occupantid.OccupantID
}

func (m *Moderated) encode(w *elem.Writer) {
	w.Start(NSModerate, "moderated")
	w.OptAttr("by", m.By)
	if m.Occupant != "" {
		m.Occupant.Encode(w)
	}
	w.End()
}

func decodeModerated(e elem.Elem) *Moderated {
	if !e.Ok() {
		return nil
	}
	return &Moderated{e.Attr("by"), occupantid.OccupantID(e.Child(occupantid.NS, "occupant-id").Attr("id"))}
}

// Retract asks for a message to be forgotten.
type Retract struct {
	ID        string     // of the message
	Moderated *Moderated // from a room: it was a moderator who wanted it
	Reason    string
}

// Name is {urn:xmpp:message-retract:1}retract.
func (*Retract) Name() elem.Name { return elem.Name{Space: NS, Local: "retract"} }

// Encode writes the payload.
func (r *Retract) Encode(w *elem.Writer) {
	w.Start(NS, "retract")
	w.Attr("id", r.ID)
	if r.Moderated != nil {
		r.Moderated.encode(w)
	}
	if r.Reason != "" {
		w.Elem(NS, "reason", r.Reason)
	}
	w.End()
}

// Decode reads the payload.
func (r *Retract) Decode(e elem.Elem) error {
	*r = Retract{e.Attr("id"), decodeModerated(e.Child(NSModerate, "moderated")), e.ChildText(NS, "reason")}
	if r.ID == "" {
		return ErrNoID
	}
	return nil
}

// Retracted is the tombstone in place of a message's content.
type Retracted struct {
	ID        string // of the message that retracted it; empty where a moderator did
	Stamp     time.Time
	Moderated *Moderated
	Reason    string
}

// Name is {urn:xmpp:message-retract:1}retracted.
func (*Retracted) Name() elem.Name { return elem.Name{Space: NS, Local: "retracted"} }

// Encode writes the payload.
func (r *Retracted) Encode(w *elem.Writer) {
	w.Start(NS, "retracted")
	w.OptAttr("id", r.ID)
	if !r.Stamp.IsZero() {
		w.Attr("stamp", r.Stamp.UTC().Format(time.RFC3339))
	}
	if r.Moderated != nil {
		r.Moderated.encode(w)
	}
	if r.Reason != "" {
		w.Elem(NS, "reason", r.Reason)
	}
	w.End()
}

// Decode reads the payload. A stamp that is no time is left out.
func (r *Retracted) Decode(e elem.Elem) error {
	*r = Retracted{ID: e.Attr("id"), Moderated: decodeModerated(e.Child(NSModerate, "moderated")), Reason: e.ChildText(NS, "reason")}
	if t, err := time.Parse(time.RFC3339, e.Attr("stamp")); err == nil {
		r.Stamp = t.UTC()
	}
	return nil
}

// Moderate is a moderator's request that the room have a message retracted (XEP-0425#usecase).
type Moderate struct {
	ID      string // stanza id that the room gave to the message
	Retract bool   // the only thing that can be asked for so far
	Reason  string
}

// Name is {urn:xmpp:message-moderate:1}moderate.
func (*Moderate) Name() elem.Name { return elem.Name{Space: NSModerate, Local: "moderate"} }

// Encode writes the payload.
func (m *Moderate) Encode(w *elem.Writer) {
	w.Start(NSModerate, "moderate")
	w.Attr("id", m.ID)
	if m.Retract {
		w.Elem(NS, "retract", "")
	}
	if m.Reason != "" {
		w.Elem(NSModerate, "reason", m.Reason)
	}
	w.End()
}

// Decode reads the payload.
func (m *Moderate) Decode(e elem.Elem) error {
	*m = Moderate{e.Attr("id"), e.Child(NS, "retract").Ok(), e.ChildText(NSModerate, "reason")}
	if m.ID == "" {
		return ErrNoID
	}
	return nil
}
