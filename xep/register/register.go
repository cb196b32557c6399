// Package register is in-band registration (XEP-0077): the payload and its form.
package register

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xep/forms"
)

const (
	// NS is the namespace of in-band registration, and the FORM_TYPE of its form.
	NS = "jabber:iq:register"
	// NSFeature is the namespace of the stream feature (XEP-0077#streamfeature).
	NSFeature = "http://jabber.org/features/iq-register"
	// FormCancel and FormPassword are the FORM_TYPEs of the other two uses (XEP-0077#registrar-formtypes).
	FormCancel   = "jabber:iq:register:cancel"
	FormPassword = "jabber:iq:register:changepassword"
)

// Query is all of XEP-0077: which fields there are to fill in, what was filled in, or the end of it. Of the fields of the
// schema only those are here by name that a server needs; a service that wants more uses a form (XEP-0077#extensibility).
type Query struct {
	Registered   bool // who asks is registered
	Instructions string
	Username     *string // nil: the element is not there
	Password     *string
	Remove       bool
	Others       int         // elements besides those above and the form
	Form         *forms.Form // takes precedence over the fields (XEP-0077#precedence)
}

// Name is {jabber:iq:register}query.
func (*Query) Name() elem.Name { return elem.Name{Space: NS, Local: "query"} }

// Encode writes the payload.
func (q *Query) Encode(w *elem.Writer) {
	w.Start(NS, "query")
	if q.Registered {
		w.Elem(NS, "registered", "")
	}
	if q.Instructions != "" {
		w.Elem(NS, "instructions", q.Instructions)
	}
	if q.Username != nil {
		w.Elem(NS, "username", *q.Username)
	}
	if q.Password != nil {
		w.Elem(NS, "password", *q.Password)
	}
	if q.Remove {
		w.Elem(NS, "remove", "")
	}
	if q.Form != nil {
		q.Form.Encode(w)
	}
	w.End()
}

// Decode reads the payload.
func (q *Query) Decode(e elem.Elem) error {
	*q = Query{}
	for c := range e.Children() {
		text := c.Text()
		switch c.Name() {
		case elem.Name{Space: NS, Local: "registered"}:
			q.Registered = true
		case elem.Name{Space: NS, Local: "instructions"}:
			q.Instructions = text
		case elem.Name{Space: NS, Local: "username"}:
			q.Username = &text
		case elem.Name{Space: NS, Local: "password"}:
			q.Password = &text
		case elem.Name{Space: NS, Local: "remove"}:
			q.Remove = true
		case elem.Name{Space: forms.NS, Local: "x"}:
			q.Form = new(forms.Form)
			if err := q.Form.Decode(c); err != nil {
				return err
			}
		default:
			q.Others++
		}
	}
	return nil
}

// Filled returns what was filled in for a field: in the form when there is one, otherwise in the element.
func (q *Query) Filled() (username, password string) {
	if q.Form != nil {
		return q.Form.Value("username"), q.Form.Value("password")
	}
	if q.Username != nil {
		username = *q.Username
	}
	if q.Password != nil {
		password = *q.Password
	}
	return username, password
}
