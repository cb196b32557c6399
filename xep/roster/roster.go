// Package roster is the contact list of RFC 6121 §2 as it goes over the wire, and the subscription states of Appendix A.
// It has no state. Start reading at Query, then State.
package roster

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
)

// Namespaces of rosters and of the stream features that go with them (RFC 6121 §2.1, §2.6.1, §3.4).
const (
	NS            = "jabber:iq:roster"
	NSVersioning  = "urn:xmpp:features:rosterver"
	NSPreApproval = "urn:xmpp:features:pre-approval"
)

// Subscription is the value of the attribute of that name (RFC 6121 §2.1.2.5).
type Subscription string

// The subscriptions. Remove is for sets and pushes: the item goes.
const (
	SubNone   Subscription = "none"
	SubTo     Subscription = "to"
	SubFrom   Subscription = "from"
	SubBoth   Subscription = "both"
	SubRemove Subscription = "remove"
)

// Item is one contact (RFC 6121 §2.1.2).
type Item struct {
	JID          jid.JID
	Name         string
	Groups       []string
	Subscription Subscription // empty in sets that do not remove
	Ask          bool         // a request of ours waits for its answer (§2.1.2.2)
	Approved     bool         // a request of theirs will be granted (§2.1.2.1)
}

// Query is the payload of all roster requests, results and pushes (RFC 6121 §2.1).
type Query struct {
	Ver    string // opaque version (§2.1.1)
	HasVer bool   // an empty version says something else than none (§2.6.2)
	Items  []Item
}

// Name is {jabber:iq:roster}query.
func (*Query) Name() elem.Name { return elem.Name{Space: NS, Local: "query"} }

// Encode writes the payload.
func (q *Query) Encode(w *elem.Writer) {
	w.Start(NS, "query")
	if q.HasVer {
		w.Attr("ver", q.Ver)
	}
	for i := range q.Items {
		q.Items[i].encode(w)
	}
	w.End()
}

func (it *Item) encode(w *elem.Writer) {
	w.Start(NS, "item")
	w.Attr("jid", it.JID.String())
	w.OptAttr("name", it.Name)
	w.OptAttr("subscription", string(it.Subscription))
	if it.Ask {
		w.Attr("ask", "subscribe")
	}
	if it.Approved {
		w.Attr("approved", "true")
	}
	for _, g := range it.Groups {
		w.Elem(NS, "group", g)
	}
	w.End()
}

// Decode reads the payload. An item without a valid address is a stanza error, jid-malformed.
func (q *Query) Decode(e elem.Elem) error {
	*q = Query{}
	q.Ver, q.HasVer = e.LookupAttr("", "ver")
	for c := range e.Children() {
		if !c.Is(NS, "item") {
			continue
		}
		it, err := decodeItem(c)
		if err != nil {
			return err
		}
		q.Items = append(q.Items, it)
	}
	return nil
}

func decodeItem(e elem.Elem) (Item, error) {
	j, err := jid.Parse(e.Attr("jid"))
	if err != nil {
		return Item{}, stanza.JIDMalformed.With("the address of a roster item is not valid")
	}
	approved := e.Attr("approved")
	it := Item{
		JID:          j,
		Name:         e.Attr("name"),
		Subscription: Subscription(e.Attr("subscription")),
		Ask:          e.Attr("ask") == "subscribe",
		Approved:     approved == "true" || approved == "1",
	}
	for g := range e.Children() {
		if g.Is(NS, "group") {
			it.Groups = append(it.Groups, g.Text())
		}
	}
	return it, nil
}
