// Package mam is message archive management (XEP-0313) as it goes over the wire, with what others add to it: preferences
// (XEP-0441), full-text search (XEP-0431) and another order (XEP-0413). It has no state.
//
// Start reading at Query, then Filter (its form), Result and Fin. Accounts and rooms use it alike.
package mam

import (
	"errors"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xep/delay"
	"github.com/stonechat-im/stonechat/xep/forms"
	"github.com/stonechat-im/stonechat/xep/forward"
	"github.com/stonechat-im/stonechat/xep/rsm"
)

// Namespaces and features.
const (
	NS               = "urn:xmpp:mam:2"
	FeatureExtended  = NS + "#extended"        // XEP-0313#support
	FeatureGroupchat = NS + "#groupchat-field" // the field include-groupchat is understood
	NSFullText       = "urn:xmpp:fulltext:0"   // XEP-0431#feature
	NSOrder          = "urn:xmpp:order-by:1"
	FeatureOrder     = NSOrder + "@" + NS // XEP-0413#disco
)

// stampLayout is the DateTime of XEP-0082 in UTC, to the microsecond.
const stampLayout = "2006-01-02T15:04:05.999999Z"

// Order is one level of ordering (XEP-0413#MAM).
type Order struct {
	By   string // "creation" or "modification": in an archive the same
	Desc bool
}

// Query asks for a page of an archive (XEP-0313#query), or, of type get, for the form.
type Query struct {
	QueryID string
	Node    string      // of a pubsub archive
	Form    *forms.Form // nil: everything; see ReadFilter
	RSM     *rsm.Query
	Flip    bool // newest first within the page (XEP-0313#query-paging-flip)
	Orders  []Order
}

// Name is {urn:xmpp:mam:2}query.
func (*Query) Name() elem.Name { return elem.Name{Space: NS, Local: "query"} }

// Encode writes the payload.
func (q *Query) Encode(w *elem.Writer) {
	w.Start(NS, "query")
	w.OptAttr("queryid", q.QueryID)
	w.OptAttr("node", q.Node)
	if q.Form != nil {
		q.Form.Encode(w)
	}
	if q.RSM != nil {
		q.RSM.Encode(w)
	}
	if q.Flip {
		w.Elem(NS, "flip-page", "")
	}
	for _, o := range q.Orders {
		w.Start(NSOrder, "order")
		w.Attr("by", o.By)
		if o.Desc {
			w.Attr("desc", "true")
		}
		w.End()
	}
	w.End()
}

// Decode reads the payload.
func (q *Query) Decode(e elem.Elem) error {
	*q = Query{QueryID: e.Attr("queryid"), Node: e.Attr("node")}
	for c := range e.Children() {
		switch {
		case c.Is(forms.NS, "x"):
			q.Form = new(forms.Form)
			if err := q.Form.Decode(c); err != nil {
				return err
			}
		case c.Is(rsm.NS, "set"):
			q.RSM = new(rsm.Query)
			if err := q.RSM.Decode(c); err != nil {
				return err
			}
		case c.Is(NS, "flip-page"):
			q.Flip = true
		case c.Is(NSOrder, "order"):
			d := c.Attr("desc")
			q.Orders = append(q.Orders, Order{c.Attr("by"), d == "true" || d == "1"})
		}
	}
	return nil
}

// Result is one message of an archive (XEP-0313#results).
type Result struct {
	QueryID string
	ID      string // in the archive
	forward.Forwarded
}

// Name is {urn:xmpp:mam:2}result.
func (*Result) Name() elem.Name { return elem.Name{Space: NS, Local: "result"} }

// Encode writes the payload.
func (r *Result) Encode(w *elem.Writer) {
	w.Start(NS, "result")
	w.OptAttr("queryid", r.QueryID)
	w.Attr("id", r.ID)
	r.Forwarded.Encode(w)
	w.End()
}

// ErrNoID says that a result does not say which message it is.
var ErrNoID = errors.New("a result without an id")

// Decode reads the payload.
func (r *Result) Decode(e elem.Elem) error {
	*r = Result{QueryID: e.Attr("queryid"), ID: e.Attr("id")}
	if r.ID == "" {
		return ErrNoID
	}
	return r.Forwarded.Decode(e.Child(forward.NS, "forwarded"))
}

// At makes a Result of a message as stanza.Forwarded wrote it.
func At(queryID, id string, at time.Time, raw []byte) *Result {
	return &Result{QueryID: queryID, ID: id, Forwarded: forward.Forwarded{Delay: &delay.Delay{Stamp: at}, Raw: raw}}
}

// Fin ends the answer to a query.
type Fin struct {
	Complete bool // nothing was left out for the size of the page
	Unstable bool // what was sent may still change
	Page     rsm.Page
}

// Name is {urn:xmpp:mam:2}fin.
func (*Fin) Name() elem.Name { return elem.Name{Space: NS, Local: "fin"} }

// Encode writes the payload.
func (f *Fin) Encode(w *elem.Writer) {
	w.Start(NS, "fin")
	if f.Complete {
		w.Attr("complete", "true")
	}
	if f.Unstable {
		w.Attr("stable", "false")
	}
	f.Page.Encode(w)
	w.End()
}

// Decode reads the payload.
func (f *Fin) Decode(e elem.Elem) error {
	*f = Fin{Complete: isTrue(e.Attr("complete")), Unstable: e.Attr("stable") == "false" || e.Attr("stable") == "0"}
	return f.Page.Decode(e.Child(rsm.NS, "set"))
}

func isTrue(s string) bool { return s == "true" || s == "1" }

// Form is what a get of the query is answered with (XEP-0313#query-form).
type Form struct{ forms.Form }

// Name is {urn:xmpp:mam:2}query.
func (*Form) Name() elem.Name { return elem.Name{Space: NS, Local: "query"} }

// Encode writes the payload.
func (f *Form) Encode(w *elem.Writer) {
	w.Start(NS, "query")
	f.Form.Encode(w)
	w.End()
}

// Decode reads the payload.
func (f *Form) Decode(e elem.Elem) error { return f.Form.Decode(e.Child(forms.NS, "x")) }
