// Package lastactivity is last activity (XEP-0012): the payload.
package lastactivity

import (
	"errors"
	"strconv"
	"time"

	"github.com/stonechat-im/stonechat/elem"
)

// NS is the namespace of last activity.
const NS = "jabber:iq:last"

// Query asks, when it is zero, or tells how long ago something was.
type Query struct {
	Known  bool          // Ago says something: this is an answer
	Ago    time.Duration // whole seconds
	Status string        // of the last unavailable presence
}

// ErrSeconds says that the seconds are no number.
var ErrSeconds = errors.New("the seconds are not a number")

// Since is the answer for what was at a time.
func Since(at time.Time, status string) *Query {
	return &Query{Known: true, Ago: max(0, time.Since(at)), Status: status}
}

// Name is {jabber:iq:last}query.
func (*Query) Name() elem.Name { return elem.Name{Space: NS, Local: "query"} }

// Encode writes the payload.
func (q *Query) Encode(w *elem.Writer) {
	w.Start(NS, "query")
	if q.Known {
		w.IntAttr("seconds", int64(q.Ago/time.Second))
	}
	w.Text(q.Status)
	w.End()
}

// Decode reads the payload.
func (q *Query) Decode(e elem.Elem) error {
	*q = Query{Status: e.Text()}
	v, ok := e.LookupAttr("", "seconds")
	if !ok {
		return nil
	}
	n, err := strconv.ParseUint(v, 10, 32)
	if err != nil {
		return ErrSeconds
	}
	q.Known, q.Ago = true, time.Duration(n)*time.Second
	return nil
}
