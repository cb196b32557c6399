// Package stanza is the vocabulary of RFC 6120 §8: messages, presence and IQs, their types and their errors.
//
// A Stanza is immutable once it has been handed to anybody: whoever wants it different makes a changed copy (With,
// Without, Readdress), which shares the payload's bytes. Payload bytes are those that were received; only the start tag
// is written anew. Strings and addresses of a received stanza are views into its memory, so that a string which is kept
// for long should be cloned (strings.Clone, jid.JID.Clone); it never becomes invalid.
//
// Start reading at Stanza, then FromElem (how one is read) and AppendTo (how it is written).
package stanza

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
)

// The namespaces of RFC 6120.
const (
	NSClient  = "jabber:client"
	NSServer  = "jabber:server"
	NSStanzas = "urn:ietf:params:xml:ns:xmpp-stanzas" // stanza error conditions, RFC 6120 §8.3.2
)

// Kind is which of the three stanzas it is.
type Kind uint8

const (
	Message Kind = iota + 1
	Presence
	IQ
)

var kindNames = [...]string{Message: "message", Presence: "presence", IQ: "iq"}

// String is the element name.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// KindOf returns the kind that an element name stands for, and 0 for none.
func KindOf(local string) Kind {
	switch local {
	case "message":
		return Message
	case "presence":
		return Presence
	case "iq":
		return IQ
	}
	return 0
}

// Type is the value of the type attribute. The zero value is the default of a kind: normal for messages (RFC 6121
// §5.2.2), available for presence (§4.7.1).
type Type uint8

const (
	Available Type = 0 // presence without a type
	Normal    Type = 0 // message without a type
	Chat      Type = iota
	Groupchat
	Headline
	Unavailable
	Subscribe
	Subscribed
	Unsubscribe
	Unsubscribed
	Probe
	Get
	Set
	Result
	TypeError
)

var typeNames = [...]string{Chat: "chat", Groupchat: "groupchat", Headline: "headline", Unavailable: "unavailable",
	Subscribe: "subscribe", Subscribed: "subscribed", Unsubscribe: "unsubscribe", Unsubscribed: "unsubscribed",
	Probe: "probe", Get: "get", Set: "set", Result: "result", TypeError: "error"}

// String is the attribute's value; empty for the default type, which is written by leaving the attribute out.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return ""
}

// TypeOf reads a type attribute for stanzas of kind k. An unknown message type counts as normal (RFC 6121 §5.2.2); an
// unknown presence or IQ type is an error (RFC 6121 §4.7.1, RFC 6120 §8.2.3).
func TypeOf(k Kind, s string) (Type, bool) {
	switch k {
	case Message:
		switch s {
		case "chat":
			return Chat, true
		case "groupchat":
			return Groupchat, true
		case "headline":
			return Headline, true
		case "error":
			return TypeError, true
		}
		return Normal, true
	case Presence:
		switch s {
		case "":
			return Available, true
		case "unavailable":
			return Unavailable, true
		case "subscribe":
			return Subscribe, true
		case "subscribed":
			return Subscribed, true
		case "unsubscribe":
			return Unsubscribe, true
		case "unsubscribed":
			return Unsubscribed, true
		case "probe":
			return Probe, true
		case "error":
			return TypeError, true
		}
	case IQ:
		switch s {
		case "get":
			return Get, true
		case "set":
			return Set, true
		case "result":
			return Result, true
		case "error":
			return TypeError, true
		}
	}
	return 0, false
}

// Subscription says whether t is one of the four subscription types of presence (RFC 6121 §3).
func (t Type) Subscription() bool { return t >= Subscribe && t <= Unsubscribed }

// Stanza is one message, presence or IQ.
type Stanza struct {
	Kind Kind
	Type Type
	ID   string
	Lang string // xml:lang
	From jid.JID
	To   jid.JID

	// Custody, when set, is what the sender's acknowledgement waits for. Copies made for other recipients do not carry it.
	Custody *Custody

	extra []byte    // further attributes of the start tag, as received, with a leading space
	inner []byte    // children, standing in a default namespace of jabber:client
	root  elem.Elem // parent of the children in their index; absent until asked for
}

// Payload is what a package of xep/ describes: one element with a known name.
type Payload interface {
	Name() elem.Name
	Encode(w *elem.Writer)
}

// Decoder is a pointer to a T that can read itself from an element.
type Decoder[T any] interface {
	*T
	Payload
	Decode(e elem.Elem) error
}

// New makes a stanza with the given payloads.
func New(k Kind, t Type, from, to jid.JID, id string, children ...Payload) *Stanza {
	s := &Stanza{Kind: k, Type: t, ID: id, From: from, To: to}
	s.inner = encode(nil, children)
	return s
}

func encode(dst []byte, children []Payload) []byte {
	if len(children) == 0 {
		return dst
	}
	w := elem.NewWriter(dst, NSClient)
	for _, c := range children {
		c.Encode(w)
	}
	return w.Bytes()
}

// Raw makes a stanza around payload bytes that stand in a default namespace of jabber:client. It keeps inner.
func Raw(k Kind, t Type, from, to jid.JID, id string, inner []byte) *Stanza {
	return &Stanza{Kind: k, Type: t, ID: id, From: from, To: to, inner: inner}
}

// Inner returns the bytes of the children. They must not be changed.
func (s *Stanza) Inner() []byte { return s.inner }

// Root returns a nameless element whose children are the stanza's. The index is made when it is first asked for; then
// the stanza must not yet be in the hands of several goroutines, or must have been indexed before (Index).
func (s *Stanza) Root() elem.Elem {
	if !s.root.Ok() && len(s.inner) > 0 {
		t, err := elem.ParseFragment(s.inner, NSClient)
		if err != nil {
			return elem.Elem{} // only bytes that we wrote come here unparsed
		}
		s.root = t.Root()
	}
	return s.root
}

// Index makes the index now, so that several goroutines may read the stanza.
func (s *Stanza) Index() *Stanza {
	s.Root()
	return s
}

// Child returns the first child with this name, or an absent element.
func (s *Stanza) Child(space, local string) elem.Elem { return s.Root().Child(space, local) }

// Has says whether there is a child with this name.
func (s *Stanza) Has(space, local string) bool { return s.Child(space, local).Ok() }

// Payload returns the first child element: of an IQ request, its payload (RFC 6120 §8.2.3).
func (s *Stanza) Payload() elem.Elem { return s.Root().First() }

// Body returns the text of the first body (RFC 6121 §5.2.3).
func (s *Stanza) Body() string { return s.Root().ChildText(NSClient, "body") }

// Readdress returns a copy for another recipient that shares the payload.
func (s *Stanza) Readdress(from, to jid.JID) *Stanza {
	c := *s
	c.From, c.To, c.Custody = from, to, nil
	return &c
}

// With returns a copy with further children at the end.
func (s *Stanza) With(children ...Payload) *Stanza {
	c := *s
	c.inner = encode(append(make([]byte, 0, len(s.inner)+160), s.inner...), children)
	c.root = elem.Elem{}
	return &c
}

// WithFirst returns a copy with further children at the beginning.
func (s *Stanza) WithFirst(children ...Payload) *Stanza {
	c := *s
	c.inner = append(encode(make([]byte, 0, len(s.inner)+160), children), s.inner...)
	c.root = elem.Elem{}
	return &c
}

// Without returns a copy that lacks the children for which drop says so; s itself when there are none.
func (s *Stanza) Without(drop func(elem.Elem) bool) *Stanza {
	found := false
	for e := range s.Root().Children() {
		found = found || drop(e)
	}
	if !found {
		return s
	}
	c := *s
	c.inner = make([]byte, 0, len(s.inner))
	for e := range s.Root().Children() {
		if !drop(e) {
			c.inner = e.AppendTo(c.inner, NSClient)
		}
	}
	c.root = elem.Elem{}
	return &c
}

// Reply starts an answer: addresses swapped, same id.
func (s *Stanza) Reply(t Type, children ...Payload) *Stanza {
	return New(s.Kind, t, s.To, s.From, s.ID, children...)
}
