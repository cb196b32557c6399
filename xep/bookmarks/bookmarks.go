// Package bookmarks is bookmarks of rooms, as items of their own (XEP-0402) and in one list (XEP-0048): payloads and
// conversions. It has no state.
package bookmarks

import (
	"bytes"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
)

// Namespaces, which are the names of the nodes, too, and features of an account.
const (
	NS         = "urn:xmpp:bookmarks:1"
	NSList     = "storage:bookmarks"
	Compat     = "urn:xmpp:bookmarks:1#compat"
	CompatPEP  = "urn:xmpp:bookmarks:1#compat-pep"
	Conversion = "urn:xmpp:bookmarks-conversion:0" // XEP-0411
	nowhere    = "-"                               // no namespace: what is written there declares its own
)

// Conference is the bookmark of a room.
type Conference struct {
	JID        string // in normal form; of an item, its id
	Title      string // for people
	Autojoin   bool
	Nick       string
	Password   string
	Extensions []byte // the children of the element of that name
}

// Equal says whether two bookmarks say the same.
func (c *Conference) Equal(o *Conference) bool {
	return c.JID == o.JID && c.Title == o.Title && c.Autojoin == o.Autojoin && c.Nick == o.Nick && c.Password == o.Password &&
		bytes.Equal(c.Extensions, o.Extensions)
}

// Name is {urn:xmpp:bookmarks:1}conference.
func (*Conference) Name() elem.Name { return elem.Name{Space: NS, Local: "conference"} }

// Encode writes the payload of an item.
func (c *Conference) Encode(w *elem.Writer) { c.encode(w, NS) }

func (c *Conference) encode(w *elem.Writer, ns string) {
	w.Start(ns, "conference")
	if ns == NSList {
		w.Attr("jid", c.JID)
	}
	w.OptAttr("name", c.Title)
	if c.Autojoin {
		w.Attr("autojoin", "true")
	}
	if c.Nick != "" {
		w.Elem(ns, "nick", c.Nick)
	}
	if c.Password != "" {
		w.Elem(ns, "password", c.Password)
	}
	if len(c.Extensions) > 0 {
		w.Start(ns, "extensions")
		w.Raw(c.Extensions)
		w.End()
	}
	w.End()
}

// Decode reads the payload of an item; its JID is the item's id. Strings share memory with the element.
func (c *Conference) Decode(e elem.Elem) error {
	c.decode(e, NS)
	return nil
}

func (c *Conference) decode(e elem.Elem, ns string) {
	auto := e.Attr("autojoin")
	*c = Conference{JID: c.JID, Title: e.Attr("name"), Autojoin: auto == "true" || auto == "1",
		Nick: e.ChildText(ns, "nick"), Password: e.ChildText(ns, "password")}
	for x := range e.Child(ns, "extensions").Children() {
		c.Extensions = x.AppendTo(c.Extensions, nowhere)
	}
}

// List is a list of bookmarks in one element.
type List struct {
	Rooms []Conference
	Rest  []byte // children that are no rooms, such as bookmarks of pages
}

// Name is {storage:bookmarks}storage.
func (*List) Name() elem.Name { return elem.Name{Space: NSList, Local: "storage"} }

// Encode writes the payload.
func (l *List) Encode(w *elem.Writer) {
	w.Start(NSList, "storage")
	for i := range l.Rooms {
		l.Rooms[i].encode(w, NSList)
	}
	w.Raw(l.Rest)
	w.End()
}

// Decode reads the payload. Rooms without a valid address are left out; of two bookmarks of one room the last counts.
func (l *List) Decode(e elem.Elem) error {
	*l = List{}
	at := make(map[string]int)
	for c := range e.Children() {
		if !c.Is(NSList, "conference") {
			l.Rest = c.AppendTo(l.Rest, nowhere)
			continue
		}
		j, err := jid.Parse(c.Attr("jid"))
		if err != nil {
			continue
		}
		x := Conference{JID: j.Bare().String()}
		x.decode(c, NSList)
		if i, again := at[x.JID]; again {
			l.Rooms[i] = x
			continue
		}
		at[x.JID] = len(l.Rooms)
		l.Rooms = append(l.Rooms, x)
	}
	return nil
}

// Find returns the bookmark of a room; nil for none.
func (l *List) Find(room string) *Conference {
	for i := range l.Rooms {
		if l.Rooms[i].JID == room {
			return &l.Rooms[i]
		}
	}
	return nil
}

// Bytes writes a payload so that it means the same anywhere.
func Bytes(p stanza.Payload) []byte {
	w := elem.NewWriter(nil, nowhere)
	p.Encode(w)
	return w.Bytes()
}
