package c2s

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/session"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/stream"
)

func stack() string { return string(debug.Stack()) }

// run reads a bound stream until it ends. When it has been quiet for some time, the wait goes on in a fresh goroutine: the
// stack of this one has grown with the work it did, and would stay so.
func (c *conn) run(ctx context.Context) {
	err := c.read(ctx)
	if err == errSettled {
		go c.run(ctx)
		return
	}
	c.srv.reading.Done()
	c.ended(err)
	c.srv.release(c)
}

// ended deals with the end of a bound stream.
func (c *conn) ended(err error) {
	var received *stream.Error
	switch se := stream.AsError(err); {
	case c.sess.Over() && errors.Is(err, os.ErrDeadlineExceeded): // we ended it, and the peer has had its moment
		_ = c.tc.Close()
	case c.sess.Over(), err == errStopping:
		c.linger()
	case errors.Is(err, stream.ErrClosed), errors.As(err, &received) && received.Received: // RFC 6120 §4.4, §4.9.1.1
		c.sess.Close()
	case se != nil && se.Condition == stream.ConnectionTimeout && c.sess.Resumable():
		say(c.tc, se, c.srv.Limits().Session.Goodbye)
		c.lost(err)
	case se != nil:
		c.srv.Log.Info("stream error", "jid", c.sess.JID(), "sid", c.sess.SID(), "err", err)
		c.sess.EndWith(string(se.Condition), se.Text, se.App)
		c.linger()
	default:
		c.lost(err)
	}
}

func (c *conn) lost(err error) {
	c.srv.Log.Debug("stream lost", "jid", c.sess.JID(), "sid", c.sess.SID(), "err", err)
	_ = c.tc.Close()
	c.sess.Lost(c.tc)
}

// linger throws away what the peer still sends after we have ended the stream, until it closes the connection or its
// moment has passed.
func (c *conn) linger() {
	_ = c.tc.SetReadDeadline(time.Now().Add(c.srv.Limits().Session.Goodbye))
	c.tc.Drain()
	_ = c.tc.Close()
}

// settle is how long a stream must be quiet to be taken for idle.
const settle = 10 * time.Second

var (
	errSettled  = errors.New("c2s: the stream has become idle")
	errStopping = errors.New("c2s: the server is stopping")
)

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// wakeAt sets the read deadline, which has passed already when the server is stopping.
func (c *conn) wakeAt(t time.Time) {
	_ = c.tc.SetReadDeadline(t)
	if c.srv.deaf.Load() { // looked at second: Server.Stop does the two in the other order
		_ = c.tc.SetReadDeadline(longAgo)
	}
}

// read handles one element after the other. It returns stream.ErrClosed when the peer ended the stream, errSettled when the
// stream has become idle.
func (c *conn) read(ctx context.Context) error {
	lim := c.srv.Limits()
	if !c.idle {
		c.wakeAt(time.Now().Add(settle))
	}
	bucket := bucket{left: lim.Burst, at: time.Now()}
	parse := new(addresses).parse
	for {
		ev, err := c.tc.Next()
		switch {
		case c.srv.deaf.Load() && !c.sess.Over():
			return errStopping
		case err != nil && errors.Is(err, os.ErrDeadlineExceeded) && !c.sess.Over():
			if done := c.quiet(err); done != nil {
				return done
			}
			continue
		case err != nil:
			return err
		case ev == elem.Close:
			return stream.ErrClosed
		case ev == elem.Open:
			return stream.BadFormat.With("a stream header inside a stream")
		}
		r := new(stanza.Received)
		c.tc.Take(&r.Tree)
		if c.sess.Over() {
			continue
		}
		if c.idle {
			c.idle = false
			c.wakeAt(time.Now().Add(settle))
		}
		e := r.Tree.Root()
		bucket.take(ctx, int64(len(e.Raw())), lim)
		if err := c.element(ctx, r, e, parse); err != nil {
			return err
		}
	}
}

// quiet is called when the read deadline has passed, with that as its error, and sets the next one. After some silence it
// asks the client to say something; when that is of no use it gives up.
func (c *conn) quiet(timeout error) error {
	lim := c.srv.Limits()
	_, last := c.tc.Idle()
	silence := time.Since(last)
	switch {
	case silence >= lim.Ping+lim.Pong:
		return timeout
	case silence >= lim.Ping:
		if !c.sess.AskAck() { // any answer will do, also an error (XEP-0199#s2c)
			ping := stanza.Raw(stanza.IQ, stanza.Get, jid.MustParse(c.domain), c.sess.JID().JID(), "ping-"+c.sess.SID()[:8], []byte("<ping xmlns='urn:xmpp:ping'/>"))
			c.sess.SendNonza(ping.AppendTo(nil))
		}
		c.wakeAt(last.Add(lim.Ping + lim.Pong))
	case silence >= settle && !c.idle:
		c.idle = true
		c.wakeAt(last.Add(lim.Ping))
		return errSettled
	case c.idle:
		c.wakeAt(last.Add(lim.Ping))
	default:
		c.wakeAt(last.Add(settle))
	}
	return nil
}

// element deals with one top-level element. A panic in a handler costs its session, nobody else's.
func (c *conn) element(ctx context.Context, r *stanza.Received, e elem.Elem, parse stanza.Addresses) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.srv.Log.Error("panic while handling a stanza", "jid", c.sess.JID(), "sid", c.sess.SID(), "panic", p, "stack", stack())
			err = stream.InternalServerError
		}
	}()
	switch space := e.Space(); {
	case space == stanza.NSClient && stanza.KindOf(e.Local()) != 0:
		return c.stanza(ctx, r, e, parse)
	case space == session.NSSM:
		return c.manage(e)
	case e.Is(stream.NS, "error"):
		return stream.ReadError(e)
	}
	if h := c.realm.Nonza(e.Name()); h != nil {
		return h(ctx, c.sess, e)
	}
	if e.Space() == stream.NSSASL || e.Space() == stream.NSTLS {
		return stream.PolicyViolation.With("that was negotiated already")
	}
	return stream.UnsupportedStanzaType.With("neither a stanza nor anything that was offered") // RFC 6120 §4.9.3.24
}

// stanza checks a stanza, stamps its sender and sends it on its way.
func (c *conn) stanza(ctx context.Context, r *stanza.Received, e elem.Elem, parse stanza.Addresses) error {
	custody := c.sess.Receive(r)
	defer custody.Release(nil)
	err := r.FromElem(e, stanza.NSClient, parse)
	own := c.sess.JID()
	badTo, badFrom := false, !r.From.IsZero() && r.From != own.JID() && r.From != own.Bare().JID()
	if err != nil {
		badTo, badFrom = badAddress(err)
	}
	if badFrom {
		return stream.InvalidFrom.With("a stanza names a sender who is not its own") // RFC 6120 §8.1.2.1, §4.9.3.9
	}
	s := &r.Stanza
	s.From = own.JID() // §8.1.2.1
	if s.Lang == "" {
		s.Lang = c.lang // §4.7.4
	}
	switch {
	case err == nil:
		err = wellFormed(s)
	case badTo:
		err = stanza.JIDMalformed.With("the address in to is not valid") // §8.3.3.8
	}
	if err == nil {
		ev := fromClients.Get().(*kit.FromClient)
		ev.Session, ev.Stanza = c.sess, s
		err = c.realm.Points.FromClient.Run(ctx, ev)
		s = ev.Stanza
		*ev = kit.FromClient{}
		fromClients.Put(ev)
	}
	if err != nil {
		c.refused(ctx, s, err)
		return nil
	}
	if s.To.IsZero() { // RFC 6120 §10.3: to the own account
		if s.Kind == stanza.Presence {
			return nil // the presence module has dealt with it
		}
		s.To = own.Bare().JID()
	}
	c.realm.Router.Route(ctx, s)
	return nil
}

var fromClients = sync.Pool{New: func() any { return new(kit.FromClient) }}

// badAddress says which address of a stanza could not be read, if that is what is wrong.
func badAddress(err error) (to, from bool) {
	var ae *stanza.AddressError
	if !errors.As(err, &ae) {
		return false, false
	}
	return ae.Attr == "to", ae.Attr == "from"
}

// wellFormed checks what RFC 6120 §8.2.3 demands of IQs.
func wellFormed(s *stanza.Stanza) error {
	if s.Kind != stanza.IQ {
		return nil
	}
	if s.ID == "" {
		return stanza.BadRequest.With("an IQ needs an id")
	}
	first := s.Payload()
	switch {
	case (s.Type == stanza.Get || s.Type == stanza.Set) && (!first.Ok() || first.Next().Ok()):
		return stanza.BadRequest.With("a request has exactly one payload")
	case s.Type == stanza.Result && first.Ok() && first.Next().Ok():
		return stanza.BadRequest.With("a result has at most one payload")
	}
	return nil
}

// refused tells the client why its stanza goes nowhere. The error comes from where it was addressed to.
func (c *conn) refused(ctx context.Context, s *stanza.Stanza, err error) {
	if errors.Is(err, hook.Stop) {
		return
	}
	se, meant := stanza.AsError(err)
	if !meant {
		c.srv.Log.Error("handling a stanza", "jid", c.sess.JID(), "sid", c.sess.SID(), "id", s.ID, "err", err)
	}
	if b := s.Bounce(se); b != nil {
		c.sess.Send(ctx, b)
	}
}

// manage deals with the elements of stream management on a bound stream.
func (c *conn) manage(e elem.Elem) error {
	switch e.Local() {
	case "enable":
		c.enable(e)
	case "r":
		c.sess.Asked()
	case "a":
		h, err := strconv.ParseUint(e.Attr("h"), 10, 32)
		if err != nil {
			return stream.UndefinedCondition.With("an acknowledgement needs a number")
		}
		if err := c.sess.Acked(uint32(h)); err != nil {
			return tooHigh(uint32(h), c.sess)
		}
	case "resume": // XEP-0198#resumption: not after binding
		c.sess.SendNonza(smFailed("unexpected-request", -1))
	default:
		return stream.UnsupportedStanzaType.With("unknown element of stream management")
	}
	return nil
}

// enable turns stream management on (XEP-0198#enable).
func (c *conn) enable(e elem.Elem) {
	resume := e.Attr("resume") == "true" || e.Attr("resume") == "1"
	most := c.srv.Limits().Resume
	if want, err := strconv.ParseUint(e.Attr("max"), 10, 31); err == nil && time.Duration(want)*time.Second < most {
		most = time.Duration(want) * time.Second
	}
	w := elem.NewWriter(nil, stanza.NSClient)
	w.Start(session.NSSM, "enabled")
	id := ""
	if resume && most > 0 {
		id = session.NewID()
		w.Attr("id", id)
		w.Attr("resume", "true")
		w.IntAttr("max", int64(most/time.Second))
	}
	w.End()
	if !c.sess.Enable(id, most, w.Bytes()) {
		c.sess.SendNonza(smFailed("unexpected-request", -1))
	}
}

// addresses remembers the address that was parsed last: most stanzas go where the one before went.
type addresses struct {
	text string
	jid  jid.JID
}

func (a *addresses) parse(s string) (jid.JID, error) {
	if s == a.text && s != "" {
		return a.jid, nil
	}
	j, err := jid.Parse(s)
	if err == nil {
		a.text, a.jid = s, j
	}
	return j, err
}

// bucket makes a client that sends faster than it may wait. Its stream fills up, and TCP tells it.
type bucket struct {
	left int64
	at   time.Time
}

func (b *bucket) take(ctx context.Context, n int64, lim *Limits) {
	if lim.Rate <= 0 {
		return
	}
	if b.left -= n; b.left > 0 {
		return
	}
	now := time.Now()
	b.left = min(b.left+int64(now.Sub(b.at).Seconds()*float64(lim.Rate)), lim.Burst)
	b.at = now
	if b.left > 0 {
		return
	}
	wait := time.NewTimer(time.Duration(float64(1-b.left) / float64(lim.Rate) * float64(time.Second)))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}
