// Package disco is service discovery (XEP-0030) with its extension by forms (XEP-0128): the payloads of questions and
// answers.
package disco

import (
	"errors"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// The namespaces of service discovery; they are features, too.
const (
	NSInfo  = "http://jabber.org/protocol/disco#info"
	NSItems = "http://jabber.org/protocol/disco#items"
)

// NSServerInfo is the FORM_TYPE of what a server tells about itself (XEP-0157#xmpp).
const NSServerInfo = "http://jabber.org/network/serverinfo"

// Identity says what kind of thing an entity is (XEP-0030#info-basic).
type Identity struct {
	Category, Type string
	Lang           string // xml:lang of Name
	Name           string // for people
}

// Info is disco#info: empty but for Node in a request.
type Info struct {
	Node       string
	Identities []Identity
	Features   []string
	Forms      []*forms.Form
}

// ErrIncomplete says that an identity, a feature or an item lacks an attribute that it must have.
var ErrIncomplete = errors.New("an identity, feature or item lacks an attribute")

// Name is {http://jabber.org/protocol/disco#info}query.
func (*Info) Name() elem.Name { return elem.Name{Space: NSInfo, Local: "query"} }

// Encode writes the payload.
func (i *Info) Encode(w *elem.Writer) {
	w.Start(NSInfo, "query")
	w.OptAttr("node", i.Node)
	for _, id := range i.Identities {
		w.Start(NSInfo, "identity")
		w.Attr("category", id.Category)
		w.Attr("type", id.Type)
		w.Lang(id.Lang)
		w.OptAttr("name", id.Name)
		w.End()
	}
	for _, f := range i.Features {
		w.Start(NSInfo, "feature")
		w.Attr("var", f)
		w.End()
	}
	for _, f := range i.Forms {
		f.Encode(w)
	}
	w.End()
}

// Decode reads the payload. Forms that are not results are left out (XEP-0128#recommendations).
func (i *Info) Decode(e elem.Elem) error {
	*i = Info{Node: e.Attr("node")}
	for c := range e.Children() {
		switch {
		case c.Is(NSInfo, "identity"):
			id := Identity{c.Attr("category"), c.Attr("type"), c.Lang(), c.Attr("name")}
			if id.Category == "" || id.Type == "" {
				return ErrIncomplete
			}
			i.Identities = append(i.Identities, id)
		case c.Is(NSInfo, "feature"):
			v, ok := c.LookupAttr("", "var")
			if !ok {
				return ErrIncomplete
			}
			i.Features = append(i.Features, v)
		case c.Is(forms.NS, "x"):
			f := new(forms.Form)
			if err := f.Decode(c); err != nil {
				return err
			}
			if f.Type == forms.Result {
				i.Forms = append(i.Forms, f)
			}
		}
	}
	return nil
}

// Has says whether a feature is among those of i.
func (i *Info) Has(feature string) bool {
	for _, f := range i.Features {
		if f == feature {
			return true
		}
	}
	return false
}

// Item is something that an entity has: an address, or a node of one (XEP-0030#items-basic).
type Item struct {
	JID  jid.JID
	Node string
	Name string // for people
}

// Items is disco#items: empty but for Node in a request.
type Items struct {
	Node  string
	Items []Item
}

// Name is {http://jabber.org/protocol/disco#items}query.
func (*Items) Name() elem.Name { return elem.Name{Space: NSItems, Local: "query"} }

// Encode writes the payload.
func (i *Items) Encode(w *elem.Writer) {
	w.Start(NSItems, "query")
	w.OptAttr("node", i.Node)
	for _, it := range i.Items {
		w.Start(NSItems, "item")
		w.Attr("jid", it.JID.String())
		w.OptAttr("node", it.Node)
		w.OptAttr("name", it.Name)
		w.End()
	}
	w.End()
}

// Decode reads the payload. Its addresses share memory with the element.
func (i *Items) Decode(e elem.Elem) error {
	*i = Items{Node: e.Attr("node")}
	for c := range e.Children() {
		if !c.Is(NSItems, "item") {
			continue
		}
		v, ok := c.LookupAttr("", "jid")
		if !ok {
			return ErrIncomplete
		}
		j, err := jid.Parse(v)
		if err != nil {
			return err
		}
		i.Items = append(i.Items, Item{j, c.Attr("node"), c.Attr("name")})
	}
	return nil
}
