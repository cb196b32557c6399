package pubsub

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// Happening is what an Event is about: the name of its child.
type Happening string

// The happenings.
const (
	EventItems         Happening = "items"
	EventDelete        Happening = "delete"
	EventPurge         Happening = "purge"
	EventConfiguration Happening = "configuration"
	EventSubscription  Happening = "subscription"
)

// Event is the payload of notifications (XEP-0060#schemas-event).
type Event struct {
	What         Happening
	Node         string
	Items        []Item        // of EventItems
	Retracted    []string      // of EventItems: ids of items that are gone
	Form         *forms.Form   // of EventConfiguration, where payloads are delivered
	Redirect     string        // of EventDelete: URI of what took the node's place
	Subscription *Subscription // of EventSubscription
}

// Name is {http://jabber.org/protocol/pubsub#event}event.
func (*Event) Name() elem.Name { return elem.Name{Space: NSEvent, Local: "event"} }

// Decode reads the payload. Strings share memory with the element, payloads of items do not.
func (ev *Event) Decode(e elem.Elem) error {
	*ev = Event{}
	var c elem.Elem
	for x := range e.Children() {
		if x.Space() == NSEvent {
			c = x
			break
		}
	}
	if !c.Ok() {
		return ErrShape
	}
	ev.What, ev.Node = Happening(c.Local()), c.Attr("node")
	if ev.What == EventSubscription {
		s := decodeSubscription(c)
		ev.Subscription, ev.Node = &s, ""
		return nil
	}
	for x := range c.Children() {
		switch {
		case x.Is(NSEvent, "item"):
			ev.Items = append(ev.Items, decodeItem(x))
		case x.Is(NSEvent, "retract"):
			ev.Retracted = append(ev.Retracted, x.Attr("id"))
		case x.Is(NSEvent, "redirect"):
			ev.Redirect = x.Attr("uri")
		}
	}
	return decodeForm(c, &ev.Form)
}

// Encode writes the payload.
func (ev *Event) Encode(w *elem.Writer) {
	w.Start(NSEvent, "event")
	if ev.Subscription != nil {
		encodeSubscription(w, NSEvent, ev.Subscription)
		w.End()
		return
	}
	w.Start(NSEvent, string(ev.What))
	w.OptAttr("node", ev.Node)
	encodeForm(w, ev.Form)
	for i := range ev.Items {
		ev.Items[i].encode(w, NSEvent)
	}
	for _, id := range ev.Retracted {
		w.Start(NSEvent, "retract")
		w.Attr("id", id)
		w.End()
	}
	if ev.Redirect != "" {
		w.Start(NSEvent, "redirect")
		w.Attr("uri", ev.Redirect)
		w.End()
	}
	w.End()
	w.End()
}
