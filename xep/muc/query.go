package muc

import (
	"strconv"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// Join is the x that makes presence a request to enter (§7.2.1).
type Join struct {
	Password string
	History  *History // nil: as the room likes
}

// History says how much of the discussion history is wanted (§7.2.14). Negative numbers and a zero Since set no limit.
type History struct {
	MaxChars, MaxStanzas, Seconds int
	Since                         time.Time
}

// Name is {http://jabber.org/protocol/muc}x.
func (*Join) Name() elem.Name { return elem.Name{Space: NS, Local: "x"} }

// Encode writes the payload.
func (j *Join) Encode(w *elem.Writer) {
	w.Start(NS, "x")
	if h := j.History; h != nil {
		w.Start(NS, "history")
		for _, l := range []struct {
			name string
			n    int
		}{{"maxchars", h.MaxChars}, {"maxstanzas", h.MaxStanzas}, {"seconds", h.Seconds}} {
			if l.n >= 0 {
				w.IntAttr(l.name, int64(l.n))
			}
		}
		if !h.Since.IsZero() {
			w.Attr("since", h.Since.UTC().Format(time.RFC3339Nano))
		}
		w.End()
	}
	if j.Password != "" {
		w.Elem(NS, "password", j.Password)
	}
	w.End()
}

// Decode reads the payload. Limits on history that cannot be read are none.
func (j *Join) Decode(e elem.Elem) error {
	*j = Join{Password: e.ChildText(NS, "password")}
	if h := e.Child(NS, "history"); h.Ok() {
		j.History = &History{number(h, "maxchars"), number(h, "maxstanzas"), number(h, "seconds"), time.Time{}}
		if t, err := time.Parse(time.RFC3339Nano, h.Attr("since")); err == nil {
			j.History.Since = t.UTC()
		}
	}
	return nil
}

func number(e elem.Elem, attr string) int {
	n, err := strconv.Atoi(e.Attr(attr))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// AdminQuery is the query of muc#admin: lists, and changes of roles and affiliations (§19.3).
type AdminQuery struct{ Items []Item }

// Name is {http://jabber.org/protocol/muc#admin}query.
func (*AdminQuery) Name() elem.Name { return elem.Name{Space: NSAdmin, Local: "query"} }

// Encode writes the payload.
func (q *AdminQuery) Encode(w *elem.Writer) {
	w.Start(NSAdmin, "query")
	for i := range q.Items {
		q.Items[i].encode(w, NSAdmin)
	}
	w.End()
}

// Decode reads the payload.
func (q *AdminQuery) Decode(e elem.Elem) error {
	q.Items = nil
	for c := range e.Children() {
		if !c.Is(NSAdmin, "item") {
			continue
		}
		var it Item
		if err := it.decode(c, NSAdmin); err != nil {
			return err
		}
		q.Items = append(q.Items, it)
	}
	return nil
}

// OwnerQuery is the query of muc#owner: the configuration form, or the end of the room (§19.4). Both are nil in a request
// for the form.
type OwnerQuery struct {
	Form    *forms.Form
	Destroy *Destroy
}

// Name is {http://jabber.org/protocol/muc#owner}query.
func (*OwnerQuery) Name() elem.Name { return elem.Name{Space: NSOwner, Local: "query"} }

// Encode writes the payload.
func (q *OwnerQuery) Encode(w *elem.Writer) {
	w.Start(NSOwner, "query")
	if q.Form != nil {
		q.Form.Encode(w)
	}
	if q.Destroy != nil {
		q.Destroy.encode(w, NSOwner)
	}
	w.End()
}

// Decode reads the payload.
func (q *OwnerQuery) Decode(e elem.Elem) error {
	*q = OwnerQuery{}
	for c := range e.Children() {
		switch {
		case c.Is(forms.NS, "x"):
			q.Form = new(forms.Form)
			if err := q.Form.Decode(c); err != nil {
				return err
			}
		case c.Is(NSOwner, "destroy"):
			q.Destroy = decodeDestroy(c, NSOwner)
		}
	}
	return nil
}
