// Package entitytime is entity time (XEP-0202): the payload.
package entitytime

import (
	"errors"
	"time"

	"github.com/stonechat-im/stonechat/elem"
)

// NS is the namespace of entity time.
const NS = "urn:xmpp:time"

// Time asks for the time, when zero, or tells it together with the offset of its zone.
type Time struct{ time.Time }

// ErrTime says that an answer does not hold a time and an offset in the formats of XEP-0082.
var ErrTime = errors.New("the time or its offset cannot be read")

// Name is {urn:xmpp:time}time.
func (*Time) Name() elem.Name { return elem.Name{Space: NS, Local: "time"} }

// Encode writes the payload, to the second.
func (t *Time) Encode(w *elem.Writer) {
	w.Start(NS, "time")
	if !t.IsZero() {
		w.Elem(NS, "tzo", t.Format("Z07:00"))
		w.Elem(NS, "utc", t.UTC().Format("2006-01-02T15:04:05Z"))
	}
	w.End()
}

// Decode reads the payload.
func (t *Time) Decode(e elem.Elem) error {
	*t = Time{}
	if !e.First().Ok() {
		return nil
	}
	at, err := time.Parse(time.RFC3339, e.ChildText(NS, "utc"))
	if err != nil {
		return ErrTime
	}
	zone, err := time.Parse("Z07:00", e.ChildText(NS, "tzo"))
	if err != nil {
		return ErrTime
	}
	_, offset := zone.Zone()
	t.Time = at.UTC()
	if offset != 0 {
		t.Time = at.In(time.FixedZone("", offset))
	}
	return nil
}
