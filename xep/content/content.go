// Package content says what a message carries, and what becomes of each kind of payload in each place: in the archive
// (XEP-0313#business-storeret-user-archives), among carbons (XEP-0280#recommended-rules), in the offline store
// (XEP-0160#types), for push (XEP-0357) and for a client that is inactive (XEP-0352). docs/messages.md is the same table
// for people; a test compares them.
//
// Of reads a message once; the answer is a Set, which knows the rest. There is no state. Start reading at rules.
package content

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
)

// Kind is a kind of payload.
type Kind uint8

// The kinds that are content, with what they are made of in kindOf.
const (
	Body       Kind = iota // RFC 6121 §5.2.3
	Subject                // §5.2.4
	Encrypted              // XEP-0027, XEP-0373, XEP-0380, XEP-0384
	Invitation             // to a room: XEP-0249, XEP-0045#invite
	Call                   // somebody rings: XEP-0353#initiate, XEP-0482#usecases
	CallStep               // what follows
	Receipt                // XEP-0184
	Marker                 // XEP-0333
	Reaction               // XEP-0444
	Retraction             // XEP-0424
	Correction             // XEP-0308
	Link                   // XEP-0066
	File                   // XEP-0446, XEP-0447
	Reference              // XEP-0372
	ChatState              // XEP-0085
	Event                  // XEP-0060
	Other                  // whatever is not in this list

	// What follows says something about a message and is nothing by itself.

	Fallback         // XEP-0428
	Room             // XEP-0045: the message has to do with a room
	Private          // XEP-0280#avoiding
	NoCopy           // XEP-0334
	NoStore          // XEP-0334
	NoPermanentStore // XEP-0334
	Store            // XEP-0334
	kinds
)

// Hold is what becomes of a message for a client that is inactive.
type Hold uint8

const (
	Now   Hold = iota // it is delivered, and everything that was held back before it
	Later             // it waits until something else is delivered
	Drop              // it is forgotten
)

// rule is what becomes of a message of type normal that carries just one kind.
type rule struct {
	archive, copy, offline, push bool
	hold                         Hold
}

const (
	yes = true
	no  = false
)

// rules is the table. A message with several kinds has the best of each column.
var rules = [Fallback]rule{
	//          archive copy offline push
	Body:       {yes, yes, yes, yes, Now},
	Subject:    {no, no, yes, no, Now},
	Encrypted:  {yes, yes, yes, yes, Now},
	Invitation: {yes, yes, yes, yes, Now},
	Call:       {yes, yes, yes, yes, Now},
	CallStep:   {yes, yes, yes, no, Now},
	Receipt:    {yes, yes, yes, no, Now},
	Marker:     {yes, yes, yes, no, Now},
	Reaction:   {yes, yes, yes, no, Now},
	Retraction: {yes, yes, yes, no, Now},
	Correction: {yes, yes, yes, no, Now},
	Link:       {yes, yes, yes, yes, Now},
	File:       {yes, yes, yes, yes, Now},
	Reference:  {yes, yes, yes, no, Now},
	ChatState:  {no, yes, no, no, Drop},
	Event:      {no, no, yes, no, Later},
	Other:      {no, no, yes, no, Now},
}

// nothing is the rule of a message that carries no content at all.
var nothing = rule{offline: yes, hold: Now}

// The sets of kinds that have a yes in a column, worked out once.
var archived, copied, stored, pushed, urgent, held = columns()

func columns() (archived, copied, stored, pushed, urgent, held Set) {
	for k, r := range rules {
		for _, c := range []struct {
			in  bool
			set *Set
		}{{r.archive, &archived}, {r.copy, &copied}, {r.offline, &stored}, {r.push, &pushed}, {r.hold == Now, &urgent}, {r.hold == Later, &held}} {
			if c.in {
				*c.set |= 1 << k
			}
		}
	}
	return
}

// Set is the kinds that a message carries.
type Set uint32

const remarks Set = 1<<kinds - 1<<Fallback

// Has says whether kind k is there.
func (s Set) Has(k Kind) bool { return s&(1<<k) != 0 }

func (s Set) any(of Set, empty bool) bool {
	if s&^remarks == 0 {
		return empty
	}
	return s&of != 0
}

// spoken says whether messages of type t are from one person to another.
func spoken(t stanza.Type) bool { return t == stanza.Normal || t == stanza.Chat }

// Archive says whether an account's archive keeps a message of type t. What is said in a room is in the room's archive.
func (s Set) Archive(t stanza.Type) bool {
	if s.Has(NoStore) || s.Has(NoPermanentStore) || !spoken(t) && !(t == stanza.Headline && s.Has(Store)) {
		return false
	}
	return s.Has(Store) || s.any(archived, nothing.archive)
}

// Copy says whether carbons are made of a message of type t. For messages from and in rooms, and for errors, there is more
// to know: see server/mod/carbons.
func (s Set) Copy(t stanza.Type) bool {
	if s.Has(Private) || s.Has(NoCopy) || !spoken(t) {
		return false
	}
	return t == stanza.Chat || s.any(copied, nothing.copy)
}

// Offline says whether a message of type t is kept for somebody who is not there.
func (s Set) Offline(t stanza.Type) bool {
	return spoken(t) && !s.Has(NoStore) && (s.Has(Store) || s.any(stored, nothing.offline))
}

// Push says whether somebody who is not there is woken up for a message of type t. A body that only stands in for
// something quieter does not count (XEP-0428).
func (s Set) Push(t stanza.Type) bool {
	if !spoken(t) && t != stanza.Groupchat {
		return false
	}
	if s.Has(Fallback) && (s.Has(Reaction) || s.Has(Retraction)) {
		s &^= 1 << Body
	}
	return s.any(pushed, nothing.push)
}

// Hold says what becomes of a message for a client that is inactive.
func (s Set) Hold() Hold {
	switch s &^= remarks; {
	case s == 0 || s&urgent != 0:
		return Now
	case s&held != 0:
		return Later
	}
	return Drop
}

// Of finds out what a message carries.
func Of(m *stanza.Stanza) Set {
	var s Set
	for e := m.Root().First(); e.Ok(); e = e.Next() {
		if k, ok := kindOf(e); ok {
			s |= 1 << k
		}
	}
	return s
}

// kindOf finds the kind of a payload; ok is false for what says nothing that matters here.
func kindOf(e elem.Elem) (k Kind, ok bool) {
	switch local := e.Local(); e.Space() {
	case stanza.NSClient:
		return ofMessage(local)
	case "http://jabber.org/protocol/chatstates":
		return ChatState, true
	case "urn:xmpp:receipts":
		return Receipt, local == "received"
	case "urn:xmpp:chat-markers:0":
		return Marker, local != "markable"
	case "urn:xmpp:hints":
		return ofHint(local)
	case "eu.siacs.conversations.axolotl", "urn:xmpp:omemo:1", "urn:xmpp:omemo:2", "urn:xmpp:openpgp:0", "jabber:x:encrypted", "urn:xmpp:eme:0":
		return Encrypted, true
	case "urn:xmpp:reactions:0":
		return Reaction, true
	case "urn:xmpp:message-retract:1":
		return Retraction, local == "retract"
	case "urn:xmpp:message-correct:0":
		return Correction, true
	case "urn:xmpp:jingle-message:0":
		return ofCall(local == "propose"), true
	case "urn:xmpp:call-invites:0":
		return ofCall(local == "invite"), true
	case "jabber:x:conference":
		return Invitation, true
	case "http://jabber.org/protocol/muc#user":
		if e.Child(e.Space(), "invite").Ok() || e.Child(e.Space(), "decline").Ok() {
			return Invitation, true
		}
		return Room, true
	case "jabber:x:oob":
		return Link, true
	case "urn:xmpp:sfs:0", "urn:xmpp:file:metadata:0":
		return File, true
	case "urn:xmpp:reference:0":
		return Reference, true
	case "urn:xmpp:fallback:0":
		return Fallback, true
	case "http://jabber.org/protocol/pubsub#event":
		return Event, true
	case "urn:xmpp:carbons:2":
		return Private, local == "private"
	case "urn:xmpp:sid:0", "urn:xmpp:delay", "jabber:x:delay", "urn:xmpp:reply:0", "http://jabber.org/protocol/amp",
		"urn:xmpp:occupant-id:0", "http://jabber.org/protocol/address":
		return 0, false
	}
	return Other, true
}

func ofMessage(local string) (Kind, bool) {
	switch local {
	case "body":
		return Body, true
	case "subject":
		return Subject, true
	case "thread":
		return 0, false
	}
	return Other, true
}

func ofHint(local string) (Kind, bool) {
	switch local {
	case "store":
		return Store, true
	case "no-store":
		return NoStore, true
	case "no-permanent-store":
		return NoPermanentStore, true
	case "no-copy":
		return NoCopy, true
	}
	return 0, false
}

func ofCall(rings bool) Kind {
	if rings {
		return Call
	}
	return CallStep
}
