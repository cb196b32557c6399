// Package version is software version (XEP-0092): the payload.
package version

import "github.com/stonechat-im/stonechat/elem"

// NS is the namespace of software version.
const NS = "jabber:iq:version"

// Query asks for a version, empty, or tells it.
type Query struct {
	Software string // required in an answer
	Version  string // required in an answer
	OS       string // the operating system; optional, and nobody's business (XEP-0092#security)
}

// Name is {jabber:iq:version}query.
func (*Query) Name() elem.Name { return elem.Name{Space: NS, Local: "query"} }

// Encode writes the payload.
func (q *Query) Encode(w *elem.Writer) {
	w.Start(NS, "query")
	if q.Software != "" {
		w.Elem(NS, "name", q.Software)
		w.Elem(NS, "version", q.Version)
	}
	if q.OS != "" {
		w.Elem(NS, "os", q.OS)
	}
	w.End()
}

// Decode reads the payload.
func (q *Query) Decode(e elem.Elem) error {
	*q = Query{e.ChildText(NS, "name"), e.ChildText(NS, "version"), e.ChildText(NS, "os")}
	return nil
}
