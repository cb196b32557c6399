package roster

import (
	"github.com/stonechat-im/stonechat/jid"
)

// State is how a user and a contact stand to each other, seen from the user (RFC 6121 Appendix A.1): the nine states are
// sums of the first four bits, Approved goes with any of them.
type State uint8

const (
	To         State = 1 << iota // the user sees the contact's presence
	From                         // the contact sees the user's presence
	PendingOut                   // the user's request waits for the contact
	PendingIn                    // the contact's request waits for the user
	Approved                     // a request of the contact will be granted at once (§3.4)
)

// Subscription is the state as the attribute shows it.
func (s State) Subscription() Subscription {
	switch s & (To | From) {
	case To:
		return SubTo
	case From:
		return SubFrom
	case To | From:
		return SubBoth
	}
	return SubNone
}

// Has says whether all bits of o are set.
func (s State) Has(o State) bool { return s&o == o }

// String is the name that RFC 6121 Appendix A.1 gives the state, with "approved" behind it.
func (s State) String() string {
	b := []byte(s.Subscription())
	b[0] -= 'a' - 'A'
	name := string(b)
	switch s & (PendingOut | PendingIn) {
	case PendingOut:
		name += " + Pending Out"
	case PendingIn:
		name += " + Pending In"
	case PendingOut | PendingIn:
		name += " + Pending Out+In"
	}
	if s.Has(Approved) {
		name += ", approved"
	}
	return name
}

// Contact is a line of a roster without its texts.
type Contact struct {
	JID   jid.Bare
	State State
}

// Request is a subscription request that waits for the user's answer.
type Request struct {
	From   jid.Bare
	Stanza []byte // the whole presence stanza, as it stands in a stream of jabber:client (RFC 6121 §3.1.3)
}
