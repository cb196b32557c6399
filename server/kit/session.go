package kit

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
)

// Session is one bound resource of an account. It outlives its stream where stream management is on (XEP-0198). All
// methods may be called from any goroutine.
type Session interface {
	JID() jid.Full
	SID() string // random, unique for the life of the server; the same after resumption
	// Send puts s into the session's queue after the ToSession chain. It never blocks on the peer.
	Send(ctx context.Context, s *stanza.Stanza)
	// Offer is Send that says whether the session took s: queued it, or kept it back on purpose. It does not when it has ended.
	Offer(ctx context.Context, s *stanza.Stanza) bool
	// Queue is Offer without the ToSession chain, for what a handler of that chain kept back earlier. It calls no handler and
	// never blocks, so that it may be called under a lock.
	Queue(s *stanza.Stanza) bool
	// SendNonza queues a stream-level element, written as is and not counted.
	SendNonza(b []byte)
	// Presence is the last presence that the session broadcast; nil while it is unavailable.
	Presence() *stanza.Stanza
	Priority() int8 // of Presence; 0 without one
	// SetPresence is for the presence module alone.
	SetPresence(p *stanza.Stanza, priority int8)
	// Stored lists the names (Undelivered.Stored) of stored messages that the session has and has not confirmed.
	Stored() []string
	// Attached says whether a stream carries the session now.
	Attached() bool
	// End closes the session with a stream error condition (RFC 6120 §4.9.3), or without one for "".
	End(condition, text string)
	Info() SessionInfo
	Vars() *Vars
}

// SessionInfo is what operators are shown of a session.
type SessionInfo struct {
	Since     time.Time // of binding
	Addr      net.Addr  // of the peer; nil when detached
	TLS       *tls.ConnectionState
	Mechanism string
	Managed   bool // stream management is on
	Queued    int  // stanzas not yet written or not yet acknowledged
}
