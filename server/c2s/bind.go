package c2s

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/session"
	"github.com/stonechat-im/stonechat/smq"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/stream"
	"github.com/stonechat-im/stonechat/transport"
)

// identity is who a stream has logged in as.
type identity struct{ account jid.Bare }

// bindsMost is how often a stream may try to bind (RFC 6120 §7.7.3 allows at least 5, at most 10).
const bindsMost = 10

// bindFeature is resource binding, RFC 6120 §7.
func (s *Server) bindFeature() *stream.Feature {
	return &stream.Feature{
		Takes: []elem.Name{{Space: stream.NSBind, Local: "bind"}},
		Needs: stream.Authed,
		Not:   stream.Bound,
		Advertise: func(_ *stream.Stream, w *elem.Writer) {
			w.Start(stream.NSBind, "bind")
			w.Elem(stream.NSBind, "required", "")
			w.End()
		},
		Serve: func(ctx context.Context, st *stream.Stream, e elem.Elem) (stream.State, error) {
			if c := of(st); c.binds >= bindsMost {
				return 0, stream.PolicyViolation.With("too many attempts to bind a resource")
			} else {
				c.binds++
			}
			r := new(stanza.Received)
			if err := r.FromElem(e, stanza.NSClient, jid.Parse); err != nil || r.Type != stanza.Set || r.ID == "" {
				return 0, refuse(st, r.ID, stanza.BadRequest.With("binding is an IQ set with an id"))
			}
			return s.bind(ctx, st, r.ID, e.First().ChildText(stream.NSBind, "resource"))
		},
	}
}

func refuse(st *stream.Stream, id string, err *stanza.Error) error {
	_, werr := st.Conn.Write(stanza.New(stanza.IQ, stanza.TypeError, jid.JID{}, jid.JID{}, id, err).AppendTo(nil))
	return werr
}

// bind makes a session for the resource that the client asks for, or one of our making (RFC 6120 §7.6, §7.7).
func (s *Server) bind(ctx context.Context, st *stream.Stream, id, resource string) (stream.State, error) {
	c := of(st)
	if resource == "" {
		resource = strings.ToLower(rand.Text()[:12])
	}
	full, err := c.who.account.WithResource(resource)
	if err != nil { // §7.7.2.1
		return 0, refuse(st, id, stanza.BadRequest.With("the resource is not acceptable"))
	}
	sess := session.New(s.Table, full, c.tc, c.mech, &s.Limits().Session, c.realm.Owner)
	old, ok := s.Table.Bind(sess, s.Limits().Sessions)
	if !ok { // §7.6.2.1
		return 0, refuse(st, id, stanza.ResourceConstraint.With("this account has too many sessions"))
	}
	if old != nil {
		old.End(string(stream.Conflict), "the resource was taken over by a newer session") // §7.7.2.2
	}
	c.sess = sess
	w := elem.NewWriter(nil, stanza.NSClient)
	w.Start(stream.NSBind, "bind")
	w.Elem(stream.NSBind, "jid", full.String())
	w.End()
	c.realm.Points.Bound.Tell(ctx, &kit.SessionEvent{Session: sess})
	sess.SendNonza(stanza.Raw(stanza.IQ, stanza.Result, jid.JID{}, jid.JID{}, id, w.Bytes()).AppendTo(nil))
	return stream.Bound | stream.Ready, nil
}

// resumeFeature offers stream management (XEP-0198#feature) and takes resumption of an earlier session in place of
// binding.
func (s *Server) resumeFeature() *stream.Feature {
	return &stream.Feature{
		Takes:     []elem.Name{{Space: session.NSSM, Local: "resume"}, {Space: session.NSSM, Local: "enable"}, {Space: session.NSSM, Local: "r"}, {Space: session.NSSM, Local: "a"}},
		Needs:     stream.Authed,
		Not:       stream.Bound,
		Advertise: func(_ *stream.Stream, w *elem.Writer) { w.Elem(session.NSSM, "sm", "") },
		Serve: func(ctx context.Context, st *stream.Stream, e elem.Elem) (stream.State, error) {
			if e.Local() != "resume" { // XEP-0198#enable: not before a resource is bound
				_, err := st.Conn.Write(smFailed("unexpected-request", -1))
				return 0, err
			}
			return s.resume(ctx, st, e)
		},
	}
}

// moduleFeatures are those that only need to be announced.
func (s *Server) moduleFeatures() *stream.Feature {
	return &stream.Feature{
		Needs: stream.Authed,
		Not:   stream.Bound,
		Advertise: func(st *stream.Stream, w *elem.Writer) {
			for _, f := range of(st).realm.Features() {
				f.Advertise(w)
			}
		},
	}
}

// settleMost bounds how long a resumption waits for what came in on the stream before to be secured. That takes longer only
// when a recipient neither acknowledges a message nor can have it stored.
const settleMost = 5 * time.Second

// resume goes on with a session over this stream (XEP-0198#resumption).
func (s *Server) resume(ctx context.Context, st *stream.Stream, e elem.Elem) (stream.State, error) {
	c := of(st)
	h, err := strconv.ParseUint(e.Attr("h"), 10, 32)
	if err != nil {
		_, err := st.Conn.Write(smFailed("bad-request", -1))
		return 0, err
	}
	sess := s.resumable(c.who.account, e.Attr("previd"))
	if sess == nil {
		_, err := st.Conn.Write(smFailed("item-not-found", -1))
		return 0, err
	}
	if old := sess.Stream(); old != nil { // the client came back before we noticed that it had gone
		go supersede(old, min(s.Limits().Session.Goodbye, time.Second))
	}
	wait, cancel := context.WithTimeout(ctx, settleMost)
	defer cancel()
	err = session.ErrNotNow
	if sess.Settle(wait, true) {
		id, _ := sess.Managed()
		err = sess.Resume(c.tc, uint32(h), func(handled uint32) []byte {
			w := elem.NewWriter(nil, stanza.NSClient)
			w.Start(session.NSSM, "resumed")
			w.Attr("previd", id)
			w.Attr("h", strconv.FormatUint(uint64(handled), 10))
			w.End()
			return w.Bytes()
		})
	}
	switch {
	case errors.Is(err, smq.ErrTooHigh):
		return 0, tooHigh(uint32(h), sess)
	case err != nil:
		_, err := st.Conn.Write(smFailed("item-not-found", -1))
		return 0, err
	}
	c.sess = sess
	c.realm.Points.Resumed.Tell(ctx, &kit.SessionEvent{Session: sess})
	return stream.Bound | stream.Ready, nil
}

// supersede ends a stream whose session has moved to another one (XEP-0198#resumption).
func supersede(old transport.Conn, moment time.Duration) {
	say(old, stream.Conflict.With("the session was resumed on another stream"), moment)
	_ = old.Close()
}

// say ends a stream that no session is attached to any more.
func say(tc transport.Conn, err *stream.Error, moment time.Duration) {
	_ = tc.SetWriteDeadline(time.Now().Add(moment))
	_, _ = tc.Write(append(err.Append(nil), "</stream:stream>"...))
}

// resumable finds an account's session by the id that the client was given. Only the account's own sessions are looked at.
func (s *Server) resumable(account jid.Bare, previd string) *session.Session {
	for _, x := range s.Table.Of(account) {
		if id, on := x.Managed(); on && id != "" && subtle.ConstantTimeCompare([]byte(id), []byte(previd)) == 1 {
			return x
		}
	}
	return nil
}

// smFailed is a refusal of stream management; handled is left out when negative.
func smFailed(condition string, handled int64) []byte {
	w := elem.NewWriter(nil, stanza.NSClient)
	w.Start(session.NSSM, "failed")
	if handled >= 0 {
		w.IntAttr("h", handled)
	}
	w.Elem(stanza.NSStanzas, condition, "")
	w.End()
	return w.Bytes()
}

// tooHigh is the stream error for an acknowledgement of more than was sent (XEP-0198#acking).
func tooHigh(h uint32, sess *session.Session) error {
	err := stream.UndefinedCondition.With("more stanzas were acknowledged than were sent")
	w := elem.NewWriter(nil, stanza.NSClient)
	w.Start(session.NSSM, "handled-count-too-high")
	w.Attr("h", strconv.FormatUint(uint64(h), 10))
	w.Attr("send-count", strconv.FormatUint(uint64(sess.Sent()), 10))
	w.End()
	err.App = w.Bytes()
	return err
}
