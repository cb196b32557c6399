// Package rsm is result set management (XEP-0059): how a client asks for one page of a long list, and how it is told
// which page it got. It has no state. Start reading at Query, then Page.
package rsm

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
)

// NS is the namespace of result set management.
const NS = "http://jabber.org/protocol/rsm"

// None is the value of numbers that are not there.
const None = -1

// Errors of Query.Decode. All are bad requests.
var (
	ErrNumber = errors.New("a max or index of result set management is no whole number from 0 on")
	ErrBoth   = errors.New("a page is asked for before one item and after another: XEP-0059 does not say what that means")
)

// Query asks for a page (XEP-0059#usecases). The zero Query is not useful: numbers that are not there are None.
type Query struct {
	Max    int    // most items in the page; None: as many as the other side likes. 0 asks for the count (§2.7)
	After  string // the page begins behind this item (§2.2)
	Before string // the page ends before this item (§2.3)
	Last   bool   // the last page (§2.5): an empty <before/>
	Index  int    // the page begins at this place, counted from 0 (§2.6); None
}

// Backward says whether the page is counted from its end.
func (q *Query) Backward() bool { return q.Last || q.Before != "" }

// Name is {http://jabber.org/protocol/rsm}set.
func (*Query) Name() elem.Name { return elem.Name{Space: NS, Local: "set"} }

// Encode writes the payload.
func (q *Query) Encode(w *elem.Writer) {
	w.Start(NS, "set")
	if q.Max >= 0 {
		w.Elem(NS, "max", strconv.Itoa(q.Max))
	}
	if q.After != "" {
		w.Elem(NS, "after", q.After)
	}
	if q.Backward() {
		w.Elem(NS, "before", q.Before)
	}
	if q.Index >= 0 {
		w.Elem(NS, "index", strconv.Itoa(q.Index))
	}
	w.End()
}

// Decode reads the payload. Numbers that are too large for an int32 are read as the largest of those. An empty <after/>
// is none: it would be the first page (§2.2).
func (q *Query) Decode(e elem.Elem) error {
	*q = Query{After: e.ChildText(NS, "after"), Before: e.ChildText(NS, "before")}
	q.Last = q.Before == "" && e.Child(NS, "before").Ok()
	var err error
	if q.Max, err = number(e.Child(NS, "max")); err != nil {
		return err
	}
	if q.Index, err = number(e.Child(NS, "index")); err != nil {
		return err
	}
	if q.After != "" && q.Backward() {
		return ErrBoth
	}
	return nil
}

func number(e elem.Elem) (int, error) {
	if !e.Ok() {
		return None, nil
	}
	n, err := strconv.ParseUint(strings.TrimSpace(e.Text()), 10, 31)
	if errors.Is(err, strconv.ErrRange) {
		return math.MaxInt32, nil
	}
	if err != nil {
		return None, ErrNumber
	}
	return int(n), nil
}

// Page says which page it is. A page without items has neither First nor Last.
type Page struct {
	First, Last string // of the items in the page
	Index       int    // of First in the whole; None where it is not known
	Count       int    // items in the whole; None where it is not known
}

// Name is {http://jabber.org/protocol/rsm}set.
func (*Page) Name() elem.Name { return elem.Name{Space: NS, Local: "set"} }

// Encode writes the payload.
func (p *Page) Encode(w *elem.Writer) {
	w.Start(NS, "set")
	if p.First != "" {
		w.Start(NS, "first")
		if p.Index >= 0 {
			w.IntAttr("index", int64(p.Index))
		}
		w.Text(p.First)
		w.End()
		w.Elem(NS, "last", p.Last)
	}
	if p.Count >= 0 {
		w.Elem(NS, "count", strconv.Itoa(p.Count))
	}
	w.End()
}

// Decode reads the payload. Numbers that are none are left out: they are a convenience (§2.2).
func (p *Page) Decode(e elem.Elem) error {
	first := e.Child(NS, "first")
	*p = Page{First: first.Text(), Last: e.ChildText(NS, "last"), Index: None}
	if n, err := strconv.ParseUint(first.Attr("index"), 10, 31); err == nil {
		p.Index = int(n)
	}
	n, err := number(e.Child(NS, "count"))
	if err != nil {
		n = None
	}
	p.Count = n
	return nil
}
