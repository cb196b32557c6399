// Package delay is delayed delivery (XEP-0203): the stamp on a stanza that says when it was sent first. It has no state.
package delay

import (
	"errors"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
)

// NS is the namespace of delayed delivery.
const NS = "urn:xmpp:delay"

// layout is the dateTime of XEP-0082 in UTC, to the microsecond, without needless zeros.
const layout = "2006-01-02T15:04:05.999999Z"

// Delay says when a stanza was sent (XEP-0203#protocol).
type Delay struct {
	From   jid.JID   // who sent or delayed it; may be zero
	Stamp  time.Time // when it was sent
	Reason string    // for people; may be empty
}

// ErrNoTime says that the stamp is missing or no dateTime of XEP-0082.
var ErrNoTime = errors.New("the stamp of a delay is no time")

// Name is {urn:xmpp:delay}delay.
func (*Delay) Name() elem.Name { return elem.Name{Space: NS, Local: "delay"} }

// Encode writes the payload.
func (d *Delay) Encode(w *elem.Writer) {
	w.Start(NS, "delay")
	w.OptAttr("from", d.From.String())
	w.Attr("stamp", d.Stamp.UTC().Format(layout))
	if d.Reason != "" {
		w.Text(d.Reason)
	}
	w.End()
}

// Decode reads the payload. A from that is no address is left out: it is a remark, not a credential.
func (d *Delay) Decode(e elem.Elem) error {
	t, err := time.Parse(time.RFC3339Nano, e.Attr("stamp"))
	if err != nil {
		return ErrNoTime
	}
	*d = Delay{Stamp: t.UTC(), Reason: e.Text()}
	if from, err := jid.Parse(e.Attr("from")); err == nil {
		d.From = from
	}
	return nil
}

// Of returns the first delay of a stanza, and whether there is one that can be read.
func Of(s *stanza.Stanza) (d Delay, ok bool) {
	e := s.Child(NS, "delay")
	return d, e.Ok() && d.Decode(e) == nil
}
