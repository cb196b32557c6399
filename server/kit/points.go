package kit

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// Points are the places on a stanza's way where modules take part, and the notes of what has happened. Chains run in the
// order of docs/life-of-a-stanza.md. An event is reused after its chain has run: keep the stanza if need be, not the event.
type Points struct {
	FromClient  hook.Chain[FromClient]  // a session of ours sent a stanza
	ToAccount   hook.Chain[ToAccount]   // a stanza has reached an account of ours; once, however many sessions there are
	ToSession   hook.Chain[ToSession]   // a stanza is about to join a session's queue
	Asked       hook.Chain[Asked]       // somebody else asks an account of ours, which the server answers
	Undelivered hook.Chain[Undelivered] // no session took a message, or one that had it may lose it
	DiscoInfo   hook.Chain[DiscoInfo]   // somebody asks what we are (XEP-0030#info)
	DiscoItems  hook.Chain[DiscoItems]  // somebody asks what we have (XEP-0030#items)

	Bound     hook.Note[SessionEvent]  // a session was bound to a resource, nothing was sent to it yet
	Resumed   hook.Note[SessionEvent]  // a session goes on over a new stream (XEP-0198#resumption)
	Detached  hook.Note[SessionEvent]  // a session lost its stream and may be resumed
	Ended     hook.Note[SessionEvent]  // a session is gone
	Presence  hook.Note[PresenceEvent] // a session's broadcast presence began, changed or ended; its contacts were told
	Delivered hook.Note[Delivered]     // a session took a message that Undelivered had stored
	Created   hook.Note[AccountEvent]  // an account was made
	Removed   hook.Note[AccountEvent]  // an account is being removed; what is stored under it goes when all have been told
	Stopping  hook.Note[Stopping]      // the server is about to stop; sessions can still be told something
}

// FromClient is a stanza that a session of ours sent. Its from is the session's full address (RFC 6120 §8.1.2.1), its to
// may be absent. A handler may replace Stanza.
type FromClient struct {
	Session  Session
	Stanza   *stanza.Stanza
	Archived string // id in the sender's archive, once there is one; for copies to the sender alone (XEP-0313#archives_id)
}

// ToAccount is a message or presence for an account of ours, addressed to its bare address or to one of its resources, or
// an IQ to one of its resources. The account exists. A handler may replace Stanza; an error is bounced to the sender.
type ToAccount struct {
	Account jid.Bare
	Stanza  *stanza.Stanza
}

// Asked is an IQ request to the bare address of an account of ours from somebody who is not its owner. The account exists.
// An error is the answer.
type Asked struct {
	Account jid.Bare
	Stanza  *stanza.Stanza
}

// ToSession is a stanza on its way into a session's queue. A handler may replace Stanza, or return hook.Stop to keep it
// from the session. The chain runs in the goroutine of the sender; per sender, order holds.
type ToSession struct {
	Session Session
	Stanza  *stanza.Stanza
}

// Undelivered is a message for an account of ours that no session took. A handler that stores it sets Stored and returns
// hook.Stop. When nobody does, the message is bounced or dropped as RFC 6121 §8.5 says.
//
// With Spool set, a session has the message but has not acknowledged it, and the sender waits: it should be stored so
// that it outlives us, without being announced to anybody. Delivered tells of the end of that. A handler that finds the
// message not worth storing sets Trivial, and the sender need not wait any longer.
type Undelivered struct {
	Account jid.Bare
	Stanza  *stanza.Stanza
	Spool   bool
	Stored  string // name of what was stored, for Delivered
	Trivial bool   // with Spool: whether it outlives us does not matter
}

// Delivered says that a session acknowledged a message that was stored with Spool set.
type Delivered struct {
	Account jid.Bare
	Stored  string
}

// SessionEvent is about one session.
type SessionEvent struct {
	Session Session
}

// PresenceEvent is a change of what a session broadcasts (RFC 6121 §4). Was is nil when the session was not available
// before, Now when it no longer is. Session.Presence is Now with the time of its sending, as it is shown to late comers.
type PresenceEvent struct {
	Session Session
	Was     *stanza.Stanza
	Now     *stanza.Stanza
}

// AccountEvent is about one account.
type AccountEvent struct {
	Account jid.Bare
}

// DiscoInfo collects the answer to disco#info. The features that modules declare in Info are there already.
type DiscoInfo struct {
	To         jid.JID // as asked; the account's bare address where the request had none
	From       jid.JID
	Node       string
	Own        bool // the account asks about itself
	Identities []Identity
	Features   []string
	Forms      []*forms.Form // service discovery extensions (XEP-0128)
	Found      bool          // somebody knows the node; only looked at when Node is set
}

// Stopping says that the server takes no more connections and is going to end its sessions.
type Stopping struct{}

// Identity is one identity in disco#info (XEP-0030#info).
type Identity struct{ Category, Type, Name string }

// DiscoItems collects the answer to disco#items.
type DiscoItems struct {
	To, From jid.JID
	Node     string
	Own      bool
	Items    []Item
	Found    bool // as in DiscoInfo
}

// Item is one item in disco#items (XEP-0030#items).
type Item struct {
	JID        jid.JID
	Node, Name string
}

func (p *Points) freeze(failed func(owner string, err error)) {
	p.FromClient.Freeze(failed)
	p.ToAccount.Freeze(failed)
	p.ToSession.Freeze(failed)
	p.Asked.Freeze(failed)
	p.Undelivered.Freeze(failed)
	p.DiscoInfo.Freeze(failed)
	p.DiscoItems.Freeze(failed)
	p.Bound.Freeze()
	p.Resumed.Freeze()
	p.Detached.Freeze()
	p.Ended.Freeze()
	p.Presence.Freeze()
	p.Delivered.Freeze()
	p.Created.Freeze()
	p.Removed.Freeze()
	p.Stopping.Freeze()
}

// Name of an element; a shorthand for modules that handle elements by name.
func Name(space, local string) elem.Name { return elem.Name{Space: space, Local: local} }
