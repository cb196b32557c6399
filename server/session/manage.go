package session

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"

	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/smq"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/transport"
)

// NSSM is the namespace of stream management.
const NSSM = "urn:xmpp:sm:3"

// NewID makes an id for resumption. Whoever knows it and the account's credentials may take over the session.
func NewID() string { return rand.Text() }

// managed is the stream management state of a session (XEP-0198).
type managed struct {
	id       string // what the client resumes with; empty when it may not resume
	max      time.Duration
	counting bool // stanzas written from now on are counted
	unacked  smq.Queue[item]
	inbox    smq.Inbox
	asked    bool // <r/> is on its way; the answer is not here yet
	owed     bool // the client asked and waits for handled to reach owedTo
	owedTo   uint32
	owedLast uint32 // the count at the latest of several such requests
	spool    *time.Timer
	spooling bool // the timer runs
	expire   *time.Timer
	changed  chan struct{} // closed when Settle has to look again; nil while nobody waits
}

// wake has Settle look again. The lock is held.
func (m *managed) wake() {
	if m != nil && m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

func (m *managed) stop() {
	if m.spool != nil {
		m.spool.Stop()
	}
	if m.expire != nil {
		m.expire.Stop()
	}
}

func (m *managed) sent(it item) {
	it.sent = true
	m.unacked.Push(it)
}

var askAck = []byte("<r xmlns='" + NSSM + "'/>")

// requestAck asks for an acknowledgement when stanzas were written and none has been asked for. The lock is held.
func (s *Session) requestAck(dst []byte) []byte {
	if s.sm.asked || s.sm.unacked.Len() == 0 {
		return dst
	}
	s.sm.asked = true
	return append(dst, askAck...)
}

// Enable turns stream management on (XEP-0198#enable). answer is written before the first counted stanza. It is false
// when it was on already.
func (s *Session) Enable(id string, most time.Duration, answer []byte) bool {
	s.mu.Lock()
	if s.sm != nil {
		s.mu.Unlock()
		return false
	}
	s.sm = &managed{id: id, max: most}
	s.mu.Unlock()
	s.enqueue(item{raw: answer, enable: true})
	return true
}

// Managed says whether stream management is on, and the id to resume with.
func (s *Session) Managed() (id string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sm == nil {
		return "", false
	}
	return s.sm.id, true
}

// Resumable says whether the session would outlive the loss of its stream now.
func (s *Session) Resumable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.ended && s.sm.resumable()
}

func (m *managed) resumable() bool { return m != nil && m.id != "" && m.counting }

// full says that the client owes too many acknowledgements: it is sent nothing more until it pays.
func (m *managed) full(lim *Limits) bool { return m != nil && m.unacked.Len() >= lim.Unacked }

// Receive counts a stanza that came in and puts it into the custody of the session: its acknowledgement waits until
// everybody who takes a hold of it has let go. The caller lets go with Custody.Release when its handling has returned.
func (s *Session) Receive(r *stanza.Received) *stanza.Custody {
	s.mu.Lock()
	if s.sm == nil {
		s.mu.Unlock()
		return nil
	}
	n := s.sm.inbox.Receive()
	s.mu.Unlock()
	return r.Hold(s, n)
}

// Secured implements stanza.Keeper: everything about stanza n is committed, or cannot be.
func (s *Session) Secured(n uint32, err error) {
	s.mu.Lock()
	if err != nil && s.failed == nil {
		s.failed = err
	}
	if s.sm == nil || s.failed != nil { // no stanza after one that was lost is acknowledged
		s.mu.Unlock()
		if err != nil {
			s.End("internal-server-error", "a stanza could not be stored; it was not acknowledged")
		}
		return
	}
	s.sm.inbox.End(n)
	s.sm.wake()
	answer := s.sm.owed && int32(s.sm.inbox.Handled()-s.sm.owedTo) >= 0
	h := s.sm.inbox.Handled()
	if answer { // a client that goes on sending and asking is answered all the same
		s.sm.owed, s.sm.owedTo = int32(s.sm.owedLast-h) > 0, s.sm.owedLast
	}
	s.mu.Unlock()
	if answer {
		s.SendNonza(ackOf(h))
	}
}

func ackOf(h uint32) []byte {
	b := append(make([]byte, 0, 48), "<a xmlns='"+NSSM+"' h='"...)
	b = strconv.AppendUint(b, uint64(h), 10)
	return append(b, "'/>"...)
}

// Asked answers the client's <r/>: at once when all it has sent is secured, otherwise as soon as it is, so that it is
// not told an old number and left to ask again.
func (s *Session) Asked() {
	s.mu.Lock()
	if s.sm == nil {
		s.mu.Unlock()
		return
	}
	in := &s.sm.inbox
	if in.Handled() != in.Received() {
		if !s.sm.owed {
			s.sm.owed, s.sm.owedTo = true, in.Received()
		}
		s.sm.owedLast = in.Received()
		s.mu.Unlock()
		return
	}
	h := in.Handled()
	s.mu.Unlock()
	s.SendNonza(ackOf(h))
}

// AskAck asks for an acknowledgement, to see whether the client is there. It is false when stream management is off.
func (s *Session) AskAck() bool {
	s.mu.Lock()
	on := s.sm != nil && s.sm.counting
	if on {
		s.sm.asked = true
	}
	s.mu.Unlock()
	if on {
		s.SendNonza(askAck)
	}
	return on
}

// Sent is how many stanzas the client was sent, modulo 2^32.
func (s *Session) Sent() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sm == nil {
		return 0
	}
	return s.sm.unacked.Sent()
}

// Acked takes the client's count. smq.ErrTooHigh calls for a stream error.
func (s *Session) Acked(h uint32) error {
	s.mu.Lock()
	if s.sm == nil {
		s.mu.Unlock()
		return nil
	}
	var first [8]item
	done := first[:0]
	err := s.sm.unacked.Ack(h, func(it item) { done = append(done, it) })
	again := err == nil && s.sm.unacked.Len() > 0 && s.conn != nil
	s.sm.asked = again
	conn, start := s.conn, s.conn != nil && !s.writing && s.out.len() > 0 // it was full
	if start {
		s.writing = true
	}
	s.mu.Unlock()
	if start {
		go s.write(conn)
	}
	for i := range done {
		s.confirmed(&done[i])
	}
	if again {
		s.SendNonza(askAck)
	}
	return err
}

// confirmed lets go of a stanza that the client has.
func (s *Session) confirmed(it *item) {
	it.fan.confirm()
	if name := it.name(); name != "" {
		s.owner.Unspool(s.jid.Bare(), name)
	}
	it.st.Custody.Release(nil)
}

// armSpool sets the clock at whose ringing messages that somebody waits for are stored, unless it is set. The lock is held.
func (s *Session) armSpool(after time.Duration) {
	switch {
	case s.sm.spooling:
		return
	case s.sm.spool == nil:
		s.sm.spool = time.AfterFunc(after, func() { s.spoolNow(false) })
	default:
		s.sm.spool.Reset(after)
	}
	s.sm.spooling = true
}

// spoolNow stores the messages that senders have waited for long enough, or all of them, and the client has not
// acknowledged, so that the senders can be answered: should we die now, they are offline messages (XEP-0160). What is not
// worth storing nobody waits for any longer either: it would hold up all that its sender sends after it.
func (s *Session) spoolNow(all bool) {
	waiting := s.overdue(all)
	if len(waiting) == 0 {
		return
	}
	done := make(map[*stanza.Stanza]string, len(waiting)) // under which name; "" for those that need none
	for _, it := range waiting {
		if name, ok := s.spool(it.st, it.fan); ok {
			done[it.st] = name
		} // else it is nowhere safe: its sender goes on waiting for the client
		defer it.st.Custody.Release(nil)
	}
	var freed []*stanza.Custody
	s.mu.Lock()
	s.eachQueued(func(it *item) {
		if name, ok := done[it.st]; ok {
			it.stored = name
			delete(done, it.st)
			freed = append(freed, it.st.Custody)
			it.st = it.st.Readdress(it.st.From, it.st.To) // the sender need not wait for this queue any more
		}
	})
	s.mu.Unlock()
	for _, c := range freed {
		c.Release(nil)
	}
	for _, name := range done { // acknowledged meanwhile
		if name != "" {
			s.owner.Unspool(s.jid.Bare(), name)
		}
	}
}

// overdue returns the stanzas whose senders have waited long enough, or all, and sets the clock for those that have not.
func (s *Session) overdue(all bool) []item {
	var waiting []item
	var next time.Duration
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sm == nil {
		return nil
	}
	s.sm.spooling = false
	s.eachQueued(func(it *item) {
		left := s.lim.SpoolAfter - now.Sub(it.at)
		switch {
		case it.spooled || it.st.Custody == nil:
		case all || left <= 0:
			it.spooled = true
			it.st.Custody.Take() // the client may acknowledge it while it is being stored
			waiting = append(waiting, *it)
		case next == 0 || left < next:
			next = left
		}
	})
	if next > 0 {
		s.armSpool(next)
	}
	return waiting
}

// spool stores a message, unless another session of the account has it or stores it. ok says that nobody need wait for it.
func (s *Session) spool(st *stanza.Stanza, f *Fanout) (name string, ok bool) {
	if st.Kind != stanza.Message || f.has() || !f.claim() {
		return "", true
	}
	ev := &kit.Undelivered{Account: s.jid.Bare(), Stanza: st, Spool: true}
	s.owner.Spool(ev) // takes its own hold until the commit
	if ev.Stored == "" {
		return "", ev.Trivial
	}
	if f.keep(ev.Stored) {
		s.owner.Unspool(s.jid.Bare(), ev.Stored)
	}
	return ev.Stored, true
}

// Stored implements kit.Session.
func (s *Session) Stored() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eachQueued(func(it *item) {
		if name := it.name(); name != "" {
			names = append(names, name)
		}
	})
	return names
}

// eachQueued calls f for every stanza that the client has not confirmed. The lock is held.
func (s *Session) eachQueued(f func(*item)) {
	if s.ended || s.sm == nil {
		return
	}
	for i := range s.sm.unacked.Len() {
		f(s.sm.unacked.Ref(i))
	}
	for i := range s.out.n {
		if it := s.out.at(i); it.st != nil {
			f(it)
		}
	}
}

// Lost is called by the stream's reader when conn is gone. A session that can be resumed is detached, another ends.
func (s *Session) Lost(conn transport.Conn) {
	s.mu.Lock()
	if s.conn != conn || s.ended {
		s.mu.Unlock()
		return
	}
	if !s.sm.resumable() {
		s.mu.Unlock()
		s.finish(nil, nil)
		return
	}
	s.conn, s.writing = nil, false
	s.sm.wake()
	s.sm.expire = time.AfterFunc(s.sm.max, func() { s.finish(nil, nil) })
	s.mu.Unlock()
	s.owner.Detached(s)
}

// Stream returns the stream that is attached; nil for none.
func (s *Session) Stream() transport.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn
}

// Settle waits until everything that came in is secured, so that the count of it is final: what the client would say again
// would otherwise be handled twice, and counted. With detached, it also waits until the session has lost its stream, and
// with it the reader who counts. It is false when the session or ctx has ended first.
func (s *Session) Settle(ctx context.Context, detached bool) bool {
	for {
		s.mu.Lock()
		if s.ended || s.sm == nil {
			s.mu.Unlock()
			return false
		}
		in := &s.sm.inbox
		if in.Handled() == in.Received() && !(detached && s.conn != nil) {
			s.mu.Unlock()
			return true
		}
		if s.sm.changed == nil {
			s.sm.changed = make(chan struct{})
		}
		changed := s.sm.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// ErrNotNow says that a session cannot be resumed: it has ended, or is not settled.
var ErrNotNow = errors.New("session: it has ended or is in use")

// Resume attaches a new stream (XEP-0198#resumption) to a session that Settle has found detached. h is what the client has
// received; what it lacks is written again after answer. Errors: ErrNotNow, smq.ErrTooHigh.
func (s *Session) Resume(conn transport.Conn, h uint32, answer func(handled uint32) []byte) error {
	s.mu.Lock()
	if s.ended || s.sm == nil || s.conn != nil || s.sm.inbox.Handled() != s.sm.inbox.Received() {
		s.mu.Unlock()
		return ErrNotNow
	}
	var done []item
	if err := s.sm.unacked.Ack(h, func(it item) { done = append(done, it) }); err != nil {
		s.mu.Unlock()
		return err
	}
	if s.sm.expire != nil {
		s.sm.expire.Stop()
	}
	again := ring{}
	again.push(item{raw: answer(s.sm.inbox.Handled())})
	for s.sm.unacked.Len() > 0 { // sent again, and counted again from h
		it := s.sm.unacked.At(0)
		_ = s.sm.unacked.Ack(s.sm.unacked.Acked()+1, nil)
		again.push(it)
		s.outBytes += it.size()
	}
	for s.out.len() > 0 {
		if it := s.out.pop(); it.st != nil { // nonzas belonged to the old stream
			again.push(it)
		}
	}
	s.sm.unacked = *smq.NewQueue[item](h)
	s.out, s.conn, s.writing, s.sm.asked = again, conn, true, false
	s.sm.owed = false
	s.mu.Unlock()
	for i := range done {
		s.confirmed(&done[i])
	}
	go s.write(conn)
	return nil
}
