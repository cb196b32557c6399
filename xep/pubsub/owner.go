package pubsub

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// Owner is the element of requests and results of node owners (XEP-0060#owner).
type Owner struct {
	Verb          Verb
	Node          string
	Form          *forms.Form // of configure and default
	Redirect      string      // of delete: URI of what takes the node's place
	Subscriptions []Subscription
	Affiliations  []Affiliated
}

// Name is {http://jabber.org/protocol/pubsub#owner}pubsub.
func (*Owner) Name() elem.Name { return elem.Name{Space: NSOwner, Local: "pubsub"} }

// Decode reads the payload. Strings share memory with the element.
func (o *Owner) Decode(e elem.Elem) error {
	*o = Owner{}
	for c := range e.Children() {
		if c.Space() != NSOwner {
			continue
		}
		if o.Verb != "" {
			return ErrShape
		}
		o.Verb, o.Node = Verb(c.Local()), c.Attr("node")
		if err := decodeForm(c, &o.Form); err != nil {
			return err
		}
		for x := range c.Children() {
			switch {
			case x.Is(NSOwner, "redirect"):
				o.Redirect = x.Attr("uri")
			case x.Is(NSOwner, "subscription"):
				o.Subscriptions = append(o.Subscriptions, decodeSubscription(x))
			case x.Is(NSOwner, "affiliation"):
				o.Affiliations = append(o.Affiliations, decodeAffiliation(x))
			}
		}
	}
	if o.Verb == "" {
		return ErrShape
	}
	return nil
}

// Encode writes the payload.
func (o *Owner) Encode(w *elem.Writer) {
	w.Start(NSOwner, "pubsub")
	w.Start(NSOwner, string(o.Verb))
	w.OptAttr("node", o.Node)
	encodeForm(w, o.Form)
	if o.Redirect != "" {
		w.Start(NSOwner, "redirect")
		w.Attr("uri", o.Redirect)
		w.End()
	}
	for i := range o.Subscriptions {
		encodeSubscription(w, NSOwner, &o.Subscriptions[i])
	}
	for i := range o.Affiliations {
		encodeAffiliation(w, NSOwner, &o.Affiliations[i])
	}
	w.End()
	w.End()
}
