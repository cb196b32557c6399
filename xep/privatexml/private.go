// Package privatexml is private XML storage (XEP-0049): the payload.
package privatexml

import "github.com/stonechat-im/stonechat/elem"

// NS is the namespace of private XML storage.
const NS = "jabber:iq:private"

// Query holds the elements that are stored, asked for by their names, or given back.
type Query struct{ Elements []Element }

// Element is one element of somebody's data.
type Element struct {
	Name  elem.Name
	Bytes []byte // as it stands inside the query
	Empty bool   // it has no attributes and nothing inside
}

// Name is {jabber:iq:private}query.
func (*Query) Name() elem.Name { return elem.Name{Space: NS, Local: "query"} }

// Encode writes the payload.
func (q *Query) Encode(w *elem.Writer) {
	w.Start(NS, "query")
	for _, e := range q.Elements {
		w.Raw(e.Bytes)
	}
	w.End()
}

// Decode reads the payload. Names share memory with the element, bytes do not.
func (q *Query) Decode(e elem.Elem) error {
	*q = Query{}
	for c := range e.Children() {
		empty := len(c.Inner()) == 0
		for range c.Attrs() {
			empty = false
		}
		q.Elements = append(q.Elements, Element{c.Name(), c.AppendTo(nil, NS), empty})
	}
	return nil
}

// Ask is the element that asks for what is stored under a name.
func Ask(name elem.Name) Element {
	w := elem.NewWriter(nil, NS)
	w.Elem(name.Space, name.Local, "")
	return Element{name, w.Bytes(), true}
}
