package session_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/session"
	"github.com/stonechat-im/stonechat/smq"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// wire is a stream that keeps what is written to it until it breaks.
type wire struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	closed bool
}

func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, net.ErrClosed
	}
	return w.buf.Write(b)
}

func (w *wire) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return nil
}

// took returns the elements written so far, in order.
func (w *wire) took(t interface{ Fatal(...any) }) []elem.Elem {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := bytes.ReplaceAll(bytes.TrimSuffix(w.buf.Bytes(), []byte("</stream:stream>")), []byte("stream:error"), []byte("error"))
	tree, err := elem.ParseFragment(b, stanza.NSClient)
	if err != nil {
		t.Fatal(err)
	}
	var out []elem.Elem
	for e := range tree.Root().Children() {
		out = append(out, e)
	}
	return out
}

func (w *wire) Next() (elem.Event, error)                         { return elem.More, net.ErrClosed }
func (w *wire) Take(*elem.Tree)                                   {}
func (w *wire) Drain()                                            {}
func (w *wire) Restart()                                          {}
func (w *wire) SetLimits(xmlscan.Limits)                          {}
func (w *wire) SetReadDeadline(time.Time) error                   { return nil }
func (w *wire) SetWriteDeadline(time.Time) error                  { return nil }
func (w *wire) StartTLS(context.Context, *tls.Config, bool) error { return nil }
func (w *wire) TLS() *tls.ConnectionState                         { return nil }
func (w *wire) RemoteAddr() net.Addr                              { return nil }
func (w *wire) Idle() (int, time.Time)                            { return 0, time.Time{} }

// owner notes what a session asks of the server.
type owner struct {
	mu        sync.Mutex
	stored    map[string]string // name → id of spooled messages
	elsewhere []string          // ids that were redelivered
	ended     int
	detached  int
	refuse    bool
}

func (o *owner) ToSession(context.Context, *kit.ToSession) error { return nil }
func (o *owner) Detached(*session.Session) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.detached++
}
func (o *owner) Ended(*session.Session) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended++
}

func (o *owner) Spool(ev *kit.Undelivered) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.refuse {
		return
	}
	ev.Stored = fmt.Sprintf("s%d", len(o.stored))
	o.stored[ev.Stored] = ev.Stanza.ID
}

func (o *owner) Unspool(_ jid.Bare, stored string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.stored, stored)
}

func (o *owner) Redeliver(_ jid.Bare, d session.Undelivered) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !d.Stored {
		o.elsewhere = append(o.elsewhere, d.Stanza.ID)
	}
}

var limits = &session.Limits{QueueBytes: 1 << 20, Unacked: 1000, SpoolAfter: 50 * time.Millisecond, Write: time.Second, Goodbye: time.Second}

func open(o *owner) (*session.Table, *session.Session, *wire) {
	o.stored = make(map[string]string)
	t, w := session.NewTable(), &wire{}
	s := session.New(t, jid.MustFull("juliet@capulet.example/balcony"), w, "", limits, o)
	t.Bind(s, 0)
	return t, s, w
}

func message(id string) *stanza.Stanza {
	return stanza.Raw(stanza.Message, stanza.Chat, jid.MustParse("romeo@montague.example/orchard"), jid.MustParse("juliet@capulet.example"), id, []byte("<body>hi</body>"))
}

// waiting is a message whose sender waits for its acknowledgement.
func waiting(id string, k stanza.Keeper) *stanza.Stanza {
	r := &stanza.Received{Stanza: *message(id)}
	r.Hold(k, 1)
	return &r.Stanza
}

type sender struct {
	secured chan error
}

func (s *sender) Secured(_ uint32, err error) { s.secured <- err }

func (s *sender) told() bool {
	select {
	case <-s.secured:
		return true
	default:
		return false
	}
}

func TestSenderWaitsForRecipientOrStore(t *testing.T) {
	for _, tc := range []struct {
		name string
		run  func(t *testing.T, s *session.Session, o *owner, from *sender)
	}{
		{"acknowledged by the recipient", func(t *testing.T, s *session.Session, o *owner, from *sender) {
			if from.told() {
				t.Error("the sender was told before the recipient has the message")
			}
			if err := s.Acked(1); err != nil {
				t.Fatal(err)
			}
			if !from.told() || len(o.stored) != 0 {
				t.Error("the recipient has it, and the sender was not told, or it was stored")
			}
		}},
		{"stored when the recipient is slow, and forgotten when it acknowledges", func(t *testing.T, s *session.Session, o *owner, from *sender) {
			time.Sleep(limits.SpoolAfter)
			synctest.Wait()
			if !from.told() || len(o.stored) != 1 {
				t.Fatalf("stored %v", o.stored)
			}
			_ = s.Acked(1)
			if len(o.stored) != 0 {
				t.Errorf("stored %v after it was acknowledged", o.stored)
			}
		}},
		{"stored once, also when the session ends without an acknowledgement", func(t *testing.T, s *session.Session, o *owner, from *sender) {
			time.Sleep(limits.SpoolAfter)
			synctest.Wait()
			s.Drop()
			if len(o.stored) != 1 || len(o.elsewhere) != 0 {
				t.Errorf("stored %v, redelivered %v", o.stored, o.elsewhere)
			}
		}},
		{"redelivered when the session ends at once", func(t *testing.T, s *session.Session, o *owner, from *sender) {
			s.Drop()
			if len(o.elsewhere) != 1 || !from.told() {
				t.Errorf("redelivered %v", o.elsewhere)
			}
		}},
		{"kept waiting when nobody stores it", func(t *testing.T, s *session.Session, o *owner, from *sender) {
			o.mu.Lock()
			o.refuse = true
			o.mu.Unlock()
			time.Sleep(time.Second)
			synctest.Wait()
			if from.told() {
				t.Error("the sender was told of a message that is nowhere safe")
			}
			_ = s.Acked(1)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, from := &owner{}, &sender{make(chan error, 1)}
				_, s, _ := open(o)
				s.Enable("id", time.Minute, []byte("<enabled xmlns='urn:xmpp:sm:3'/>"))
				m := waiting("m1", from)
				s.Send(t.Context(), m)
				m.Custody.Release(nil) // the sender's own handling is over
				synctest.Wait()
				tc.run(t, s, o, from)
				s.Drop()
			})
		})
	}
}

func TestWithoutManagementWritingIsEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, from := &owner{}, &sender{make(chan error, 1)}
		_, s, w := open(o)
		m := waiting("m1", from)
		s.Send(t.Context(), m)
		m.Custody.Release(nil)
		synctest.Wait()
		if !from.told() || len(w.took(t)) != 1 {
			t.Error("the message was written, and the sender not told")
		}
		_ = w.Close()
		s.Send(t.Context(), message("m2"))
		synctest.Wait()
		s.Lost(w)
		if len(o.elsewhere) != 1 || o.elsewhere[0] != "m2" || o.ended != 1 {
			t.Errorf("redelivered %v, ended %d times", o.elsewhere, o.ended)
		}
	})
}

func TestEndDrainsTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &owner{}
		tab, s, w := open(o)
		for i := range 5 {
			s.Send(t.Context(), message(fmt.Sprint(i)))
		}
		s.End("conflict", "taken over")
		synctest.Wait()
		got := w.took(t)
		if len(got) != 6 || got[5].Local() != "error" || len(o.elsewhere) != 0 || tab.Len() != 0 || o.ended != 1 {
			t.Errorf("%d elements written, %v redelivered", len(got), o.elsewhere)
		}
		s.Send(t.Context(), message("late"))
		synctest.Wait()
		if len(w.took(t)) != 6 {
			t.Error("something was written after the end")
		}
	})
}

// XEP-0198#resumption: however often the stream is cut, and wherever, the client has every message once and in order.
func TestRandomCutsLoseAndDoubleNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			o := &owner{}
			_, s, w := open(o)
			s.Enable("id", time.Hour, []byte("<enabled xmlns='urn:xmpp:sm:3'/>"))
			synctest.Wait()
			var have []string // what the client has taken
			h, sent, seen := uint32(0), 0, 0
			read := func(most int) { // the client reads some more of the current stream
				for _, e := range w.took(t)[seen:] {
					if most == 0 {
						return
					}
					seen++
					if e.Local() == "message" {
						have = append(have, e.Attr("id"))
						h++
						most--
					}
				}
			}
			for range rapid.IntRange(1, 60).Draw(rt, "steps") {
				switch rapid.IntRange(0, 3).Draw(rt, "step") {
				case 0:
					for range rapid.IntRange(1, 20).Draw(rt, "messages") {
						s.Send(t.Context(), message(fmt.Sprint(sent)))
						sent++
					}
				case 1:
					synctest.Wait()
					read(rapid.IntRange(0, 10).Draw(rt, "read"))
				case 2:
					synctest.Wait()
					if err := s.Acked(h); err != nil {
						t.Fatal(err)
					}
				case 3:
					_ = w.Close()
					s.Lost(w)
					time.Sleep(time.Duration(rapid.IntRange(0, 100).Draw(rt, "ms")) * time.Millisecond)
					w, seen = &wire{}, 0
					if err := s.Resume(w, h, func(uint32) []byte { return []byte("<resumed xmlns='urn:xmpp:sm:3'/>") }); err != nil {
						t.Fatal(err)
					}
				}
			}
			synctest.Wait()
			read(-1)
			if len(have) != sent {
				t.Fatalf("the client has %d messages of %d", len(have), sent)
			}
			for i, id := range have {
				if id != fmt.Sprint(i) {
					t.Fatalf("message %d is %s of %q", i, id, have)
				}
			}
			s.Drop()
		})
	})
}

func TestResumeRefusesAWrongCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s, w := open(&owner{})
		s.Enable("id", time.Minute, nil)
		s.Send(t.Context(), message("1"))
		synctest.Wait()
		s.Lost(w)
		if err := s.Resume(&wire{}, 2, func(uint32) []byte { return nil }); !errors.Is(err, smq.ErrTooHigh) {
			t.Errorf("resumed with a count of stanzas that were never sent: %v", err)
		}
		if err := s.Acked(9); err == nil {
			t.Error("took an acknowledgement of stanzas that were never sent")
		}
		s.Drop()
	})
}

func TestDetachedSessionTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &owner{}
		tab, s, w := open(o)
		s.Enable("id", time.Minute, nil)
		synctest.Wait()
		_ = w.Close()
		s.Lost(w)
		s.Send(t.Context(), message("1"))
		if o.detached != 1 || tab.Len() != 1 || s.Attached() {
			t.Fatal("not detached")
		}
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if o.ended != 1 || tab.Len() != 0 || len(o.elsewhere) != 1 {
			t.Errorf("ended %d times, redelivered %v", o.ended, o.elsewhere)
		}
	})
}

// A failure to store ends the session, and nothing behind it is acknowledged.
func TestNothingIsAcknowledgedAfterALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s, w := open(&owner{})
		s.Enable("id", time.Minute, nil)
		lost, fine := new(stanza.Received), new(stanza.Received)
		c1, c2 := s.Receive(lost), s.Receive(fine)
		c2.Release(nil)
		c1.Release(errors.New("disk full"))
		synctest.Wait()
		got := w.took(t)
		if len(got) == 0 || got[len(got)-1].Local() != "error" {
			t.Error("the stream was not ended with an error")
		}
		for _, e := range got {
			if e.Local() == "a" {
				t.Error("something was acknowledged")
			}
		}
		s.Drop()
	})
}

func TestSavedSessionGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &owner{}
		_, s, w := open(o)
		s.Enable("id", time.Minute, nil)
		s.SetPresence(stanza.Raw(stanza.Presence, stanza.Available, s.JID().JID(), jid.JID{}, "", []byte("<show>away</show>")), 5)
		s.Send(t.Context(), message("1"))
		synctest.Wait()
		s.Receive(new(stanza.Received)).Release(nil)
		v, ok := s.Freeze()
		synctest.Wait()
		if !ok || o.ended != 0 || len(o.elsewhere) != 0 {
			t.Fatal("not frozen, or somebody was told")
		}
		_ = w.Close()
		tab := session.NewTable()
		if err := session.Restore(tab, jid.MustBare("juliet@capulet.example"), v, limits, o); err != nil {
			t.Fatal(err)
		}
		back := tab.Find(jid.MustFull("juliet@capulet.example/balcony"))
		if back == nil || back.Priority() != 5 || back.Presence() == nil || back.SID() != v.SID {
			t.Fatalf("restored as %+v", back)
		}
		w2 := &wire{}
		handled := uint32(0)
		if err := back.Resume(w2, 0, func(h uint32) []byte { handled = h; return nil }); err != nil || handled != 1 {
			t.Fatalf("not resumed, or with a count of %d: %v", handled, err)
		}
		synctest.Wait()
		if got := w2.took(t); len(got) != 2 || got[0].Attr("id") != "1" || got[1].Local() != "r" {
			t.Errorf("%d elements after resumption: %s", len(got), w2.buf.String())
		}
		back.Drop()
	})
}

// A client that acknowledges nothing is not sent ever more, and goes on where it stopped when it does.
func TestWritingWaitsForAcknowledgements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := *limits
		lim.Unacked = 3
		o := &owner{stored: make(map[string]string)}
		tab, w := session.NewTable(), &wire{}
		s := session.New(tab, jid.MustFull("juliet@capulet.example/balcony"), w, "", &lim, o)
		tab.Bind(s, 0)
		s.Enable("id", time.Minute, []byte("<enabled xmlns='urn:xmpp:sm:3'/>"))
		for i := range 10 {
			s.Send(t.Context(), message(fmt.Sprint(i)))
		}
		for h := uint32(0); h < 10; h++ {
			synctest.Wait()
			n := 0
			for _, e := range w.took(t) {
				if e.Local() == "message" {
					n++
				}
			}
			if want := min(int(h)+3, 10); n != want {
				t.Fatalf("%d messages written after %d were acknowledged, want %d", n, h, want)
			}
			if err := s.Acked(h + 1); err != nil {
				t.Fatal(err)
			}
		}
		s.Drop()
	})
}

// XEP-0198#resumption: the count in the answer is final, so a session is not resumed while a stream can still raise it, or
// while something is not secured.
func TestResumptionWaitsForItsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s, w := open(&owner{})
		s.Enable("id", time.Minute, nil)
		synctest.Wait()
		custody := s.Receive(new(stanza.Received))
		answer := func(uint32) []byte { return nil }
		settled := make(chan bool, 1)
		go func() { settled <- s.Settle(t.Context(), true) }()
		for _, step := range []struct {
			name string
			do   func()
		}{
			{"attached", func() { s.Lost(w) }},
			{"not secured", func() { custody.Release(nil) }},
		} {
			synctest.Wait()
			if err := s.Resume(&wire{}, 0, answer); !errors.Is(err, session.ErrNotNow) || len(settled) > 0 {
				t.Errorf("while %s: settled %d, resumed with %v", step.name, len(settled), err)
			}
			step.do()
		}
		if !<-settled {
			t.Error("not settled")
		}
		handled := uint32(0)
		if err := s.Resume(&wire{}, 0, func(h uint32) []byte { handled = h; return nil }); err != nil || handled != 1 {
			t.Errorf("resumed with a count of %d: %v", handled, err)
		}
		s.Drop()
		if s.Settle(t.Context(), false) {
			t.Error("a session that has ended is settled")
		}
	})
}

// A client that must confirm what it gets cannot confirm what is written behind its back when the session ends.
func TestEndHandsOnWhatCannotBeConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := *limits
		lim.Unacked = 1
		o := &owner{stored: make(map[string]string)}
		tab, w := session.NewTable(), &wire{}
		s := session.New(tab, jid.MustFull("juliet@capulet.example/balcony"), w, "", &lim, o)
		tab.Bind(s, 0)
		s.Enable("id", time.Minute, nil)
		s.Send(t.Context(), message("0"))
		s.Send(t.Context(), message("1")) // waits until the first is acknowledged
		synctest.Wait()
		s.End("conflict", "taken over")
		synctest.Wait()
		written := 0
		for _, e := range w.took(t) {
			if e.Local() == "message" {
				written++
			}
		}
		if fmt.Sprint(o.elsewhere) != "[0 1]" || written != 1 {
			t.Errorf("%d messages written, elsewhere %v", written, o.elsewhere)
		}
	})
}
