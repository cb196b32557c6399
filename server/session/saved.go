package session

import (
	"encoding/json"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/smq"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/stream"
	"github.com/stonechat-im/stonechat/transport"
)

// Saved is a session as it outlives a restart of the server (XEP-0198#resumption): whoever was attached may resume it.
type Saved struct {
	SID      string                     `json:"sid"`
	Resource string                     `json:"resource"`
	Mech     string                     `json:"mech"`
	Since    time.Time                  `json:"since"`
	ID       string                     `json:"id"`
	Max      time.Duration              `json:"max"`
	Handled  uint32                     `json:"handled"`
	Acked    uint32                     `json:"acked"`
	Unacked  []SavedStanza              `json:"unacked,omitempty"`
	Presence string                     `json:"presence,omitempty"`
	Priority int8                       `json:"priority,omitempty"`
	Vars     map[string]json.RawMessage `json:"vars,omitempty"`
}

// SavedStanza is one stanza that the client has not acknowledged.
type SavedStanza struct {
	XML    string `json:"xml"`
	Sent   bool   `json:"sent,omitempty"`
	Stored string `json:"stored,omitempty"`
}

// Secure stores the messages that senders wait for, without waiting for the client any longer.
func (s *Session) Secure() { s.spoolNow(true) }

// Freeze ends a session that can be resumed without telling anybody that it has ended, and returns what is needed to go
// on. ok is false when it cannot be resumed. The stream, if there is one, is ended with system-shutdown.
func (s *Session) Freeze() (saved Saved, ok bool) {
	vars := s.vars.Save() // before the lock: modules have locks of their own, under which they may queue something
	s.mu.Lock()
	if s.ended || !s.sm.resumable() {
		s.mu.Unlock()
		return Saved{}, false
	}
	s.ended = true
	s.sm.wake()
	s.sm.stop()
	saved = Saved{SID: s.sid, Resource: s.jid.Resource(), Mech: s.mech, Since: s.since, ID: s.sm.id, Max: s.sm.max,
		Handled: s.sm.inbox.Handled(), Acked: s.sm.unacked.Acked(), Priority: s.priority, Vars: vars}
	for i := range s.sm.unacked.Len() {
		saved.add(s.sm.unacked.Ref(i))
	}
	for i := range s.out.n { // still written, but as bytes: the saved copy is the one that counts
		if it := s.out.at(i); it.st != nil {
			saved.add(it)
			it.raw, it.st = it.st.AppendTo(nil), nil
		}
	}
	if s.presence != nil {
		saved.Presence = string(s.presence.AppendTo(nil))
	}
	s.sm = nil
	conn, start := s.conn, false
	if conn != nil {
		s.closing = append(stream.SystemShutdown.With("the server is being restarted").Append(nil), "</stream:stream>"...)
		s.after = func(c transport.Conn) { _ = c.SetReadDeadline(time.Now().Add(s.lim.Goodbye)) }
		start = !s.writing
		s.writing = true
	}
	s.mu.Unlock()
	if start {
		go s.write(conn)
	}
	s.table.remove(s)
	return saved, true
}

func (v *Saved) add(it *item) {
	v.Unacked = append(v.Unacked, SavedStanza{XML: string(it.st.AppendTo(nil)), Sent: it.sent, Stored: it.name()})
}

// Restore puts a saved session into the table, detached, with its whole time to be resumed in.
func Restore(t *Table, account jid.Bare, v Saved, lim *Limits, owner Owner) error {
	full, err := account.WithResource(v.Resource)
	if err != nil {
		return err
	}
	s := New(t, full, nil, v.Mech, lim, owner)
	s.sid, s.since, s.priority = v.SID, v.Since, v.Priority
	s.vars.Restore(v.Vars)
	s.sm = &managed{id: v.ID, max: v.Max, counting: true, inbox: *smq.NewInbox(v.Handled), unacked: *smq.NewQueue[item](v.Acked)}
	for _, u := range v.Unacked {
		st, err := stanza.Parse([]byte(u.XML))
		if err != nil {
			return err
		}
		s.sm.unacked.Push(item{st: st, sent: u.Sent, stored: u.Stored, spooled: u.Stored != ""})
	}
	if v.Presence != "" {
		if s.presence, err = stanza.Parse([]byte(v.Presence)); err != nil {
			return err
		}
		s.presence.Index()
	}
	s.sm.expire = time.AfterFunc(v.Max, func() { s.finish(nil, nil) })
	t.Bind(s, 0)
	return nil
}

var _ kit.Session = (*Session)(nil)
