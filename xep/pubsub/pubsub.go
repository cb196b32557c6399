// Package pubsub is publish-subscribe (XEP-0060) as it goes over the wire: requests and results (PubSub), the requests of
// owners (Owner), notifications (Event) and error conditions (Condition). It has no state.
//
// The elements of both namespaces hold one verb: PubSub.Verb and Owner.Verb say which, and the other fields hold what
// goes with it. Start reading at PubSub.
package pubsub

import (
	"errors"
	"strconv"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xep/forms"
	"github.com/stonechat-im/stonechat/xep/rsm"
)

// Namespaces (XEP-0060#registrar-ns).
const (
	NS       = "http://jabber.org/protocol/pubsub"
	NSOwner  = "http://jabber.org/protocol/pubsub#owner"
	NSEvent  = "http://jabber.org/protocol/pubsub#event"
	NSErrors = "http://jabber.org/protocol/pubsub#errors"
)

// FORM_TYPEs (XEP-0060#registrar-formtypes).
const (
	FormAuthorize = "http://jabber.org/protocol/pubsub#subscribe_authorization"
	FormOptions   = "http://jabber.org/protocol/pubsub#subscribe_options"
	FormMetaData  = "http://jabber.org/protocol/pubsub#meta-data"
	FormConfig    = "http://jabber.org/protocol/pubsub#node_config"
	FormPublish   = "http://jabber.org/protocol/pubsub#publish-options"
)

// Verb names what a pubsub element is about: its first child.
type Verb string

// The verbs. Affiliations, Default and Subscriptions are in both namespaces.
const (
	Affiliations  Verb = "affiliations"
	Configure     Verb = "configure" // owner
	Create        Verb = "create"
	Default       Verb = "default"
	Delete        Verb = "delete" // owner
	Items         Verb = "items"
	Options       Verb = "options"
	Publish       Verb = "publish"
	Purge         Verb = "purge" // owner
	Retract       Verb = "retract"
	Subscribe     Verb = "subscribe"
	Subscribed    Verb = "subscription" // results alone
	Subscriptions Verb = "subscriptions"
	Unsubscribe   Verb = "unsubscribe"
)

// Affiliation is how an entity stands to a node (XEP-0060#affiliations).
type Affiliation string

// The affiliations.
const (
	None        Affiliation = "none"
	Outcast     Affiliation = "outcast"
	Member      Affiliation = "member"
	PublishOnly Affiliation = "publish-only"
	Publisher   Affiliation = "publisher"
	OwnerOf     Affiliation = "owner"
)

// Known says whether a is one of the affiliations.
func (a Affiliation) Known() bool {
	switch a {
	case None, Outcast, Member, PublishOnly, Publisher, OwnerOf:
		return true
	}
	return false
}

// State is the state of a subscription (XEP-0060#substates).
type State string

// The states.
const (
	StateNone         State = "none"
	StatePending      State = "pending"
	StateUnconfigured State = "unconfigured"
	StateSubscribed   State = "subscribed"
)

// Item is a published item. Payload is what stands inside, written so that it means the same anywhere.
type Item struct {
	ID        string
	Publisher string
	Payload   []byte
	Payloads  int // how many elements Payload has
}

// Subscription is one subscription in a list, a result or a notification. Lists of one entity's own subscriptions name the
// node of each, lists for owners the address.
type Subscription struct {
	Node, JID, SubID string
	State            State
	Options          bool // with <subscribe-options/>: they may be configured
}

// Affiliated is one affiliation in a list. Lists of one's own affiliations have Node, lists for owners JID.
type Affiliated struct {
	Node, JID   string
	Affiliation Affiliation // "" in a change means: as it was
}

// PubSub is the element of requests and results of entities, subscribers and publishers.
type PubSub struct {
	Verb          Verb
	Node          string
	JID           string // as written: of subscribe, unsubscribe, options
	SubID         string
	Max           string // max_items as written
	Notify        string // of retract, as written
	Items         []Item
	Subscription  *Subscription  // of the verb Subscribed
	Subscriptions []Subscription // of the verb Subscriptions
	Affiliations  []Affiliated
	// With is set where the second element is there, that of configuration or options: configure for create, options
	// for subscribe and for a subscription, publish-options for publish. For options and default it is the element itself.
	With bool
	Form *forms.Form // in there; nil for none
	// WithNode is set when that second element names a node or an address, which it must not.
	WithNode bool
	RSM      *rsm.Query // in requests
	Page     *rsm.Page  // in results
}

// ErrShape says that a pubsub element has no verb, or more than one.
var ErrShape = errors.New("a pubsub element holds exactly one request")

// Name is {http://jabber.org/protocol/pubsub}pubsub.
func (*PubSub) Name() elem.Name { return elem.Name{Space: NS, Local: "pubsub"} }

// Decode reads the payload. Strings share memory with the element, payloads of items do not.
func (p *PubSub) Decode(e elem.Elem) error {
	*p = PubSub{}
	for c := range e.Children() {
		if c.Is(rsm.NS, "set") {
			if err := p.decodeSet(c); err != nil {
				return err
			}
			continue
		}
		if c.Space() != NS {
			continue
		}
		if v := Verb(c.Local()); v == second(p.Verb) && p.Verb != "" && !p.With {
			p.With = true
			p.WithNode = c.Attr("node") != "" || c.Attr("jid") != ""
			if err := decodeForm(c, &p.Form); err != nil {
				return err
			}
		} else if p.Verb != "" {
			return ErrShape
		} else if err := p.decodeVerb(v, c); err != nil {
			return err
		}
	}
	if p.Verb == "" {
		return ErrShape
	}
	return nil
}

// second is the element that may follow a verb.
func second(v Verb) Verb {
	switch v {
	case Create:
		return Configure
	case Subscribe, Subscribed:
		return Options
	case Publish:
		return "publish-options"
	}
	return ""
}

func (p *PubSub) decodeSet(c elem.Elem) error {
	if c.Child(rsm.NS, "first").Ok() || c.Child(rsm.NS, "count").Ok() {
		p.Page = new(rsm.Page)
		return p.Page.Decode(c)
	}
	p.RSM = new(rsm.Query)
	return p.RSM.Decode(c)
}

func (p *PubSub) decodeVerb(v Verb, e elem.Elem) error {
	p.Verb, p.Node, p.JID, p.SubID = v, e.Attr("node"), e.Attr("jid"), e.Attr("subid")
	p.Max, p.Notify = e.Attr("max_items"), e.Attr("notify")
	switch v {
	case Options, Default:
		p.With = true
		return decodeForm(e, &p.Form)
	case Subscribed:
		s := decodeSubscription(e)
		p.Subscription, p.Node, p.JID, p.SubID = &s, "", "", ""
		return nil
	}
	for c := range e.Children() {
		switch {
		case c.Is(NS, "item"):
			p.Items = append(p.Items, decodeItem(c))
		case c.Is(NS, "subscription"):
			p.Subscriptions = append(p.Subscriptions, decodeSubscription(c))
		case c.Is(NS, "affiliation"):
			p.Affiliations = append(p.Affiliations, decodeAffiliation(c))
		}
	}
	return nil
}

func decodeForm(e elem.Elem, f **forms.Form) error {
	x := e.Child(forms.NS, "x")
	if !x.Ok() {
		return nil
	}
	*f = new(forms.Form)
	return (*f).Decode(x)
}

// nowhere is no namespace, so that what is written as if it stood there declares its own.
const nowhere = "-"

func decodeItem(e elem.Elem) Item {
	it := Item{ID: e.Attr("id"), Publisher: e.Attr("publisher")}
	for c := range e.Children() {
		it.Payload = c.AppendTo(it.Payload, nowhere)
		it.Payloads++
	}
	return it
}

func decodeSubscription(e elem.Elem) Subscription {
	return Subscription{Node: e.Attr("node"), JID: e.Attr("jid"), SubID: e.Attr("subid"), State: State(e.Attr("subscription")),
		Options: e.Child(NS, "subscribe-options").Ok()}
}

func decodeAffiliation(e elem.Elem) Affiliated {
	return Affiliated{e.Attr("node"), e.Attr("jid"), Affiliation(e.Attr("affiliation"))}
}

// Encode writes the payload.
func (p *PubSub) Encode(w *elem.Writer) {
	w.Start(NS, "pubsub")
	if p.Subscription != nil {
		encodeSubscription(w, NS, p.Subscription)
	} else {
		p.encodeVerb(w)
	}
	if s := second(p.Verb); s != "" && p.With {
		w.Start(NS, string(s))
		encodeForm(w, p.Form)
		w.End()
	}
	if p.RSM != nil {
		p.RSM.Encode(w)
	}
	if p.Page != nil {
		p.Page.Encode(w)
	}
	w.End()
}

func (p *PubSub) encodeVerb(w *elem.Writer) {
	w.Start(NS, string(p.Verb))
	w.OptAttr("node", p.Node)
	w.OptAttr("jid", p.JID)
	w.OptAttr("subid", p.SubID)
	w.OptAttr("max_items", p.Max)
	w.OptAttr("notify", p.Notify)
	if p.Verb == Options || p.Verb == Default {
		encodeForm(w, p.Form)
	}
	for i := range p.Items {
		p.Items[i].encode(w, NS)
	}
	for i := range p.Subscriptions {
		encodeSubscription(w, NS, &p.Subscriptions[i])
	}
	for i := range p.Affiliations {
		encodeAffiliation(w, NS, &p.Affiliations[i])
	}
	w.End()
}

func encodeForm(w *elem.Writer, f *forms.Form) {
	if f != nil {
		f.Encode(w)
	}
}

func (it *Item) encode(w *elem.Writer, ns string) {
	w.Start(ns, "item")
	w.OptAttr("id", it.ID)
	w.OptAttr("publisher", it.Publisher)
	w.Raw(it.Payload)
	w.End()
}

func encodeSubscription(w *elem.Writer, ns string, s *Subscription) {
	w.Start(ns, "subscription")
	w.OptAttr("node", s.Node)
	w.OptAttr("jid", s.JID)
	w.OptAttr("subid", s.SubID)
	w.OptAttr("subscription", string(s.State))
	if s.Options {
		w.Elem(ns, "subscribe-options", "")
	}
	w.End()
}

func encodeAffiliation(w *elem.Writer, ns string, a *Affiliated) {
	w.Start(ns, "affiliation")
	w.OptAttr("node", a.Node)
	w.OptAttr("jid", a.JID)
	w.OptAttr("affiliation", string(a.Affiliation))
	w.End()
}

// MaxItems reads max_items: rsm.None where there is none. ok is false when it is no number from 1 on; numbers beyond an
// int32 are read as its largest.
func (p *PubSub) MaxItems() (n int, ok bool) {
	if p.Max == "" {
		return rsm.None, true
	}
	v, err := strconv.ParseUint(strings.TrimSpace(p.Max), 10, 31)
	if errors.Is(err, strconv.ErrRange) {
		return 1<<31 - 1, true
	}
	return int(v), err == nil && v > 0
}
