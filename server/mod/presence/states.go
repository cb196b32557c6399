package presence

import (
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// The nine states of RFC 6121 Appendix A.1.
const (
	none      = roster.State(0)
	noneOut   = roster.PendingOut
	noneIn    = roster.PendingIn
	noneOutIn = roster.PendingOut | roster.PendingIn
	to        = roster.To
	toIn      = roster.To | roster.PendingIn
	from      = roster.From
	fromOut   = roster.From | roster.PendingOut
	both      = roster.To | roster.From
)

// row is what one stanza does in one state: the state that comes of it, whether the stanza goes on (outbound: is routed;
// inbound: is delivered), and the answer that the server gives for the user.
type row struct {
	next  roster.State
	pass  bool
	reply stanza.Type
}

// table has a row for each state. Sums of bits that are no state have none.
type table [16]row

const (
	subscribed   = stanza.Subscribed
	unsubscribed = stanza.Unsubscribed
)

// Outbound subscription stanzas: RFC 6121 Appendix A.2.
var (
	// RFC 6121 §A.2.1
	outSubscribe = table{
		none:      {noneOut, true, 0},
		noneOut:   {noneOut, true, 0},
		noneIn:    {noneOutIn, true, 0},
		noneOutIn: {noneOutIn, true, 0},
		to:        {to, true, 0},
		toIn:      {toIn, true, 0},
		from:      {fromOut, true, 0},
		fromOut:   {fromOut, true, 0},
		both:      {both, true, 0},
	}
	// RFC 6121 §A.2.2
	outUnsubscribe = table{
		none:      {none, true, 0},
		noneOut:   {none, true, 0},
		noneIn:    {noneIn, true, 0},
		noneOutIn: {noneIn, true, 0},
		to:        {none, true, 0},
		toIn:      {noneIn, true, 0},
		from:      {from, true, 0},
		fromOut:   {from, true, 0},
		both:      {from, true, 0},
	}
	// RFC 6121 §A.2.3; the rows with Approved are §3.4.2
	outSubscribed = table{
		none:      {none | roster.Approved, false, 0},
		noneOut:   {noneOut | roster.Approved, false, 0},
		noneIn:    {from, true, 0},
		noneOutIn: {fromOut, true, 0},
		to:        {to | roster.Approved, false, 0},
		toIn:      {both, true, 0},
		from:      {from, false, 0},
		fromOut:   {fromOut, false, 0},
		both:      {both, false, 0},
	}
	// RFC 6121 §A.2.4
	outUnsubscribed = table{
		none:      {none, false, 0},
		noneOut:   {noneOut, false, 0},
		noneIn:    {none, true, 0},
		noneOutIn: {noneOut, true, 0},
		to:        {to, false, 0},
		toIn:      {to, true, 0},
		from:      {none, true, 0},
		fromOut:   {noneOut, true, 0},
		both:      {to, true, 0},
	}
)

// Inbound subscription stanzas: RFC 6121 Appendix A.3.
var (
	// RFC 6121 §A.3.1
	inSubscribe = table{
		none:      {noneIn, true, 0},
		noneOut:   {noneOutIn, true, 0},
		noneIn:    {noneIn, false, 0},
		noneOutIn: {noneOutIn, false, 0},
		to:        {toIn, true, 0},
		toIn:      {toIn, false, 0},
		from:      {from, false, subscribed},
		fromOut:   {fromOut, false, subscribed},
		both:      {both, false, subscribed},
	}
	// RFC 6121 §A.3.1 [1], §3.4.2: subscribe from somebody whose request was granted before
	inSubscribeApproved = table{
		none:      {from, false, subscribed},
		noneOut:   {fromOut, false, subscribed},
		noneIn:    {from, false, subscribed},
		noneOutIn: {fromOut, false, subscribed},
		to:        {both, false, subscribed},
		toIn:      {both, false, subscribed},
		from:      {from, false, subscribed},
		fromOut:   {fromOut, false, subscribed},
		both:      {both, false, subscribed},
	}
	// RFC 6121 §A.3.2
	inUnsubscribe = table{
		none:      {none, false, 0},
		noneOut:   {noneOut, false, 0},
		noneIn:    {none, true, unsubscribed},
		noneOutIn: {noneOut, true, unsubscribed},
		to:        {to, false, 0},
		toIn:      {to, true, unsubscribed},
		from:      {none, true, unsubscribed},
		fromOut:   {noneOut, true, unsubscribed},
		both:      {to, true, unsubscribed},
	}
	// RFC 6121 §A.3.3
	inSubscribed = table{
		none:      {none, false, 0},
		noneOut:   {to, true, 0},
		noneIn:    {noneIn, false, 0},
		noneOutIn: {toIn, true, 0},
		to:        {to, false, 0},
		toIn:      {toIn, false, 0},
		from:      {from, false, 0},
		fromOut:   {both, true, 0},
		both:      {both, false, 0},
	}
	// RFC 6121 §A.3.4
	inUnsubscribed = table{
		none:      {none, false, 0},
		noneOut:   {none, true, 0},
		noneIn:    {noneIn, false, 0},
		noneOutIn: {noneIn, true, 0},
		to:        {none, true, 0},
		toIn:      {noneIn, true, 0},
		from:      {from, false, 0},
		fromOut:   {from, true, 0},
		both:      {from, true, 0},
	}
)

// look finds the row of a state, whose approval stays as it is.
func (t *table) look(s roster.State) row {
	r := t[s&^roster.Approved]
	r.next |= s & roster.Approved
	return r
}

// outbound is what a user's subscription stanza does to the user's roster. A cancellation also takes back what was granted
// in advance (RFC 6121 §3.2.2).
func outbound(t stanza.Type, s roster.State) row {
	switch t {
	case stanza.Subscribe:
		return outSubscribe.look(s)
	case stanza.Unsubscribe:
		return outUnsubscribe.look(s)
	case stanza.Subscribed:
		return outSubscribed.look(s)
	default:
		return outUnsubscribed.look(s &^ roster.Approved)
	}
}

// inbound is what a contact's subscription stanza does to the user's roster.
func inbound(t stanza.Type, s roster.State) row {
	switch {
	case t == stanza.Subscribe && s.Has(roster.Approved):
		return inSubscribeApproved.look(s)
	case t == stanza.Subscribe:
		return inSubscribe.look(s)
	case t == stanza.Unsubscribe:
		return inUnsubscribe.look(s)
	case t == stanza.Subscribed:
		return inSubscribed.look(s)
	default:
		return inUnsubscribed.look(s)
	}
}
