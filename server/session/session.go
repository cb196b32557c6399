package session

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/stream"
	"github.com/stonechat-im/stonechat/transport"
)

// Limits bounds what a session keeps for a peer that does not take it.
type Limits struct {
	QueueBytes int           // bytes not yet written; over it the stream is cut (and the session detached, where it can be)
	Unacked    int           // stanzas written and not acknowledged; then writing waits
	SpoolAfter time.Duration // how long a sender's acknowledgement waits for the recipient's before the message is stored
	Write      time.Duration // how long one write may take
	Goodbye    time.Duration // how long a peer has to end its side of a stream that we ended
}

// Session is one bound resource.
type Session struct {
	jid   jid.Full
	sid   string
	since time.Time
	mech  string
	lim   *Limits
	table *Table
	owner Owner
	vars  kit.Vars

	mu       sync.Mutex
	conn     transport.Conn // nil while detached
	out      ring           // not yet written
	outBytes int
	writing  bool                 // a writer goroutine exists
	closing  []byte               // written last, when the session has ended
	after    func(transport.Conn) // called when closing has been written
	ended    bool
	presence *stanza.Stanza
	priority int8
	sm       *managed // nil while stream management is off
	failed   error    // why handled stanzas could not be secured
}

// New makes a session for a full address, attached to conn. It is not in the table yet.
func New(t *Table, full jid.Full, conn transport.Conn, mechanism string, lim *Limits, owner Owner) *Session {
	return &Session{jid: full.Clone(), sid: rand.Text(), since: time.Now(), mech: mechanism, lim: lim, table: t, owner: owner, conn: conn}
}

// JID implements kit.Session.
func (s *Session) JID() jid.Full { return s.jid }

// SID implements kit.Session.
func (s *Session) SID() string { return s.sid }

// Vars implements kit.Session.
func (s *Session) Vars() *kit.Vars { return &s.vars }

// Presence implements kit.Session.
func (s *Session) Presence() *stanza.Stanza {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.presence
}

// Priority implements kit.Session.
func (s *Session) Priority() int8 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.priority
}

// Reach returns in one look what delivery asks: the priority, and whether the session is available.
func (s *Session) Reach() (priority int8, available bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.priority, s.presence != nil
}

// SetPresence implements kit.Session.
func (s *Session) SetPresence(p *stanza.Stanza, priority int8) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.presence, s.priority = p, priority
}

// Attached implements kit.Session.
func (s *Session) Attached() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn != nil
}

// Info implements kit.Session.
func (s *Session) Info() kit.SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := kit.SessionInfo{Since: s.since, Mechanism: s.mech, Managed: s.sm != nil, Queued: s.out.len()}
	if s.sm != nil {
		i.Queued += s.sm.unacked.Len()
	}
	if s.conn != nil {
		i.Addr, i.TLS = s.conn.RemoteAddr(), s.conn.TLS()
	}
	return i
}

var events = sync.Pool{New: func() any { return new(kit.ToSession) }}

// Send implements kit.Session.
func (s *Session) Send(ctx context.Context, st *stanza.Stanza) { s.Offer(ctx, st) }

// Offer implements kit.Session.
func (s *Session) Offer(ctx context.Context, st *stanza.Stanza) bool {
	return s.OfferAmong(ctx, st, nil)
}

// OfferAmong is Offer for a message that several sessions of the account get.
func (s *Session) OfferAmong(ctx context.Context, st *stanza.Stanza, f *Fanout) bool {
	ev := events.Get().(*kit.ToSession)
	ev.Session, ev.Stanza = s, st
	err := s.owner.ToSession(ctx, ev)
	out := ev.Stanza
	ev.Session, ev.Stanza = nil, nil
	events.Put(ev)
	if err != nil {
		return err == hook.Stop
	}
	return s.enqueue(item{st: out, fan: f})
}

// Queue implements kit.Session.
func (s *Session) Queue(st *stanza.Stanza) bool { return s.enqueue(item{st: st}) }

// SendNonza implements kit.Session.
func (s *Session) SendNonza(b []byte) { s.enqueue(item{raw: b}) }

// item is one entry of an outbound queue: a stanza, or bytes that stream management does not count.
type item struct {
	st      *stanza.Stanza
	raw     []byte
	enable  bool      // counting starts behind this one (XEP-0198#enable)
	sent    bool      // it was written at least once
	spooled bool      // its sender no longer waits
	at      time.Time // since when its sender waits
	stored  string    // name under which the message was spooled
	fan     *Fanout   // nil where no other session got the same
}

// name is where the message was stored, by this session or another; empty for nowhere.
func (it *item) name() string {
	if it.stored != "" {
		return it.stored
	}
	return it.fan.name()
}

func (it *item) size() int {
	if it.st != nil {
		return it.st.Size()
	}
	return len(it.raw)
}

func (it *item) append(dst []byte) []byte {
	if it.st != nil {
		return it.st.AppendTo(dst)
	}
	return append(dst, it.raw...)
}

// enqueue appends to the queue and starts a writer where there is none. It is false when the session has ended.
func (s *Session) enqueue(it item) bool {
	n := it.size()
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return false
	}
	if it.st != nil && it.st.Custody != nil {
		it.st.Custody.Take()
		if s.sm != nil {
			it.at = time.Now()
			s.armSpool(s.lim.SpoolAfter)
		}
	}
	s.out.push(it)
	s.outBytes += n
	start := s.conn != nil && !s.writing
	if start {
		s.writing = true
	}
	conn, over := s.conn, s.outBytes > s.lim.QueueBytes
	s.mu.Unlock()
	if start {
		go s.write(conn)
	}
	if over {
		s.overflow(conn)
	}
	return true
}

// overflow deals with a peer that does not read: its stream is cut. What is queued stays for a resumption; a detached
// session that still grows is given up.
func (s *Session) overflow(conn transport.Conn) {
	if conn != nil {
		_ = conn.Close() // the reader notices and detaches
		return
	}
	go s.finish(nil, nil) // enqueue calls no handlers
}

// End implements kit.Session: what is queued is written, then the stream error and the end of the stream; the peer has a
// moment to end its side.
func (s *Session) End(condition, text string) { s.EndWith(condition, text, nil) }

// EndWith is End with an application-specific condition (RFC 6120 §4.9.4).
func (s *Session) EndWith(condition, text string, app []byte) {
	var closing []byte
	if condition != "" {
		err := stream.Condition(condition).With(text)
		err.App = app
		closing = err.Append(nil)
	}
	s.finish(append(closing, "</stream:stream>"...), func(c transport.Conn) {
		_ = c.SetReadDeadline(time.Now().Add(s.lim.Goodbye))
	})
}

// Close ends the session because the client ended its stream (RFC 6120 §4.4): what is queued is written, then our end.
func (s *Session) Close() {
	s.finish([]byte("</stream:stream>"), func(c transport.Conn) { _ = c.Close() })
}

// Drop ends a session without a word to its stream, if it has one.
func (s *Session) Drop() {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
	s.finish(nil, nil)
}

// Over says whether the session has ended.
func (s *Session) Over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// finish ends the session, once. With closing and a stream, the writer writes what is queued, then closing, and calls
// after. What the client did not confirm, messages that it could not confirm any more, and without a stream all that is
// queued, go elsewhere.
func (s *Session) finish(closing []byte, after func(transport.Conn)) {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.ended = true
	var left []item
	if s.sm != nil {
		s.sm.wake()
		s.sm.stop()
		for i := range s.sm.unacked.Len() {
			left = append(left, s.sm.unacked.At(i))
		}
		if s.sm.counting { // writing is not enough for this client, and it can confirm nothing any more
			left = append(left, s.takeMessages()...)
		}
		s.sm = nil
	}
	conn, start := s.conn, false
	if conn != nil && closing != nil {
		s.closing, s.after = closing, after
		start = !s.writing
		s.writing = true
	} else {
		s.conn = nil
		for s.out.len() > 0 {
			left = append(left, s.out.pop())
		}
	}
	s.mu.Unlock()
	s.table.remove(s)
	if start {
		go s.write(conn)
	}
	s.owner.Ended(s) // tells contacts, while Presence still says what they knew
	for i := range left {
		s.giveUp(&left[i])
	}
}

// takeMessages takes the messages out of the queue. The lock is held.
func (s *Session) takeMessages() (all []item) {
	rest := ring{}
	for s.out.len() > 0 {
		if it := s.out.pop(); it.st != nil && it.st.Kind == stanza.Message {
			s.outBytes -= it.size()
			all = append(all, it)
		} else {
			rest.push(it)
		}
	}
	s.out = rest
	return all
}

// Undelivered is a stanza that a session did not get over the wire for certain.
type Undelivered struct {
	Stanza *stanza.Stanza
	Stored bool // it is in offline storage already
	Sent   bool // it was written at least once
}

func (s *Session) giveUp(it *item) {
	if it.st == nil {
		return
	}
	if !it.fan.has() {
		s.owner.Redeliver(s.jid.Bare(), Undelivered{Stanza: it.st, Stored: it.name() != "", Sent: it.sent})
	}
	it.st.Custody.Release(nil)
}
