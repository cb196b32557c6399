package c2s

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/sasl"
	"github.com/stonechat-im/stonechat/server/auth"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/stream"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// triesMost is how often a stream may fail to log in (RFC 6120 §6.4.5 allows at least 2, at most 5 retries).
const triesMost = 5

// nsCB is XEP-0440.
const nsCB = "urn:xmpp:sasl-cb:0"

// Prepare builds the role after the fields are set.
func (s *Server) Prepare() {
	s.role = stream.Role{Content: stanza.NSClient, Lang: "en", Host: s.host, Features: []*stream.Feature{
		s.startTLS(), s.authenticate(), s.guestFeatures(), s.bindFeature(), s.resumeFeature(), s.moduleFeatures(),
	}}
}

func of(st *stream.Stream) *conn { return st.User.(*conn) }

// host checks the domain of a stream header (RFC 6120 §4.9.3.6, §4.9.3.7).
func (s *Server) host(st *stream.Stream, peer stream.Header) (string, error) {
	c := of(st)
	name := peer.To
	if name == "" {
		if name = s.Default; name == "" {
			return "", stream.HostUnknown.With("say in the stream header which domain you want")
		}
	}
	d, err := jid.Domain(name)
	if err != nil {
		return s.Default, stream.ImproperAddressing.With("the stream header's to is no domain")
	}
	realm := s.Realms[d.Domain()]
	if realm == nil {
		return s.Default, stream.HostUnknown.With(d.Domain() + " is not served here")
	}
	if c.realm != nil && c.domain != d.Domain() && st.State&stream.Authed != 0 {
		return c.domain, stream.HostUnknown.With("the domain cannot change after authentication")
	}
	if peer.From != "" && st.State&stream.Authed != 0 { // §4.9.3.9
		if from, err := jid.Parse(peer.From); err != nil || from.Bare() != c.who.account {
			return c.domain, stream.InvalidFrom.With("the stream header's from is not the account that logged in")
		}
	}
	c.realm, c.domain = realm, d.Domain()
	return c.domain, nil
}

// startTLS is RFC 6120 §5.
func (s *Server) startTLS() *stream.Feature {
	return &stream.Feature{
		Takes: []elem.Name{{Space: stream.NSTLS, Local: "starttls"}},
		Not:   stream.Secure | stream.Authed,
		Advertise: func(_ *stream.Stream, w *elem.Writer) {
			if s.Certs == nil {
				return
			}
			w.Start(stream.NSTLS, "starttls")
			if !s.Plaintext {
				w.Elem(stream.NSTLS, "required", "")
			}
			w.End()
		},
		Serve: func(ctx context.Context, st *stream.Stream, _ elem.Elem) (stream.State, error) {
			if s.Certs == nil { // §5.4.2.2
				_, _ = st.Conn.Write([]byte("<failure xmlns='" + stream.NSTLS + "'/>"))
				return 0, stream.ErrClosed
			}
			if _, err := st.Conn.Write([]byte("<proceed xmlns='" + stream.NSTLS + "'/>")); err != nil {
				return 0, err
			}
			cfg := s.Certs.Config()
			if err := st.Conn.StartTLS(ctx, cfg, false); err != nil {
				st.Own.Content = "" // §5.4.3.2: nothing is said after a failed handshake
				return 0, err
			}
			of(st).login = nil
			return stream.Secure | stream.Restart, nil
		},
	}
}

// loginOf makes up its mind what to offer a stream, once for each state of it.
func (s *Server) loginOf(st *stream.Stream) *auth.Login {
	c := of(st)
	if c.login == nil {
		p := auth.Peer{Domain: c.domain, Addr: c.tc.RemoteAddr(), TLS: c.tc.TLS()}
		if p.TLS != nil && s.Certs != nil {
			p.Cert = s.Certs.Leaf(p.TLS.ServerName)
		}
		c.login = s.Accounts.NewLogin(*c.realm.policy.Load(), p)
	}
	return c.login
}

func (s *Server) mayLogin(st *stream.Stream) bool { return st.State&stream.Secure != 0 || s.Plaintext }

// authenticate is RFC 6120 §6.
func (s *Server) authenticate() *stream.Feature {
	return &stream.Feature{
		Takes: []elem.Name{{Space: stream.NSSASL, Local: "auth"}, {Space: stream.NSSASL, Local: "abort"}, {Space: stream.NSSASL, Local: "response"}},
		Not:   stream.Authed,
		Advertise: func(st *stream.Stream, w *elem.Writer) {
			if !s.mayLogin(st) {
				return
			}
			l := s.loginOf(st)
			w.Start(stream.NSSASL, "mechanisms")
			for _, m := range l.Offered() {
				w.Elem(stream.NSSASL, "mechanism", string(m))
			}
			w.End()
			if bs := l.Bindings(); len(bs) > 0 { // XEP-0440
				w.Start(nsCB, "sasl-channel-binding")
				for _, b := range bs {
					w.Start(nsCB, "channel-binding")
					w.Attr("type", string(b.Type))
					w.End()
				}
				w.End()
			}
		},
		Serve: s.serveAuth,
	}
}

// serveAuth runs one attempt. A failure is answered and the client may try again, some times.
func (s *Server) serveAuth(ctx context.Context, st *stream.Stream, first elem.Elem) (stream.State, error) {
	c := of(st)
	err := s.exchange(ctx, st, first)
	if err == nil {
		s.Log.Debug("logged in", "jid", c.who.account, "addr", c.addr, "mech", c.mech)
		st.Conn.SetLimits(xmlscan.Limits{MaxBytes: s.Limits().Element})
		return stream.Authed | stream.Restart, nil
	}
	if stream.AsError(err) != nil || !isSASL(err) {
		return 0, err
	}
	s.Log.Info("login failed", "addr", c.addr, "domain", c.domain, "mech", first.Attr("mechanism"), "err", err)
	if !errors.Is(err, sasl.ErrAborted) && !errors.Is(err, sasl.ErrTemporary) {
		s.loginOf(st).Failed(err)
	}
	w := elem.NewWriter(nil, stanza.NSClient)
	w.Start(stream.NSSASL, "failure")
	w.Elem(stream.NSSASL, sasl.Condition(err), "")
	w.End()
	if _, werr := st.Conn.Write(w.Bytes()); werr != nil {
		return 0, werr
	}
	if c.tries++; c.tries >= triesMost { // RFC 6120 §6.4.5
		return 0, stream.PolicyViolation.With("too many failed attempts to log in")
	}
	return 0, nil
}

// errLogin wraps what the client is told as a SASL failure.
type errLogin struct{ error }

func (e errLogin) Unwrap() error { return e.error }

func isSASL(err error) bool {
	var e errLogin
	return errors.As(err, &e)
}

// exchange runs challenges and responses until the client is known.
func (s *Server) exchange(ctx context.Context, st *stream.Stream, e elem.Elem) error {
	c := of(st)
	if !s.mayLogin(st) {
		return errLogin{sasl.ErrEncryptionRequired}
	}
	if e.Local() != "auth" {
		return errLogin{sasl.ErrAborted}
	}
	l := s.loginOf(st)
	mech := sasl.Mechanism(e.Attr("mechanism"))
	x, err := l.Begin(ctx, mech)
	if err != nil {
		return errLogin{err}
	}
	for {
		response, err := decode(e)
		if err != nil {
			return errLogin{err}
		}
		challenge, done, err := x.Next(response)
		if err != nil {
			return errLogin{err}
		}
		if done {
			b, err := l.Finish(ctx, x.Identity())
			if err != nil {
				return errLogin{err}
			}
			c.who, c.mech = identity{account: b}, string(mech)
			return s.say(st, "success", challenge)
		}
		if challenge == nil {
			challenge = []byte{}
		}
		if err := s.say(st, "challenge", challenge); err != nil {
			return err
		}
		if e, err = st.Next(); err != nil {
			return err
		}
		switch {
		case e.Is(stream.NSSASL, "abort"):
			return errLogin{sasl.ErrAborted}
		case !e.Is(stream.NSSASL, "response"):
			return stream.NotAuthorized.With("a SASL response is expected")
		}
	}
}

// decode reads the data of auth and response elements: absent is nil, "=" is empty (RFC 6120 §6.4.2).
func decode(e elem.Elem) ([]byte, error) {
	text := e.Text()
	switch {
	case text == "" && e.Local() == "auth":
		return nil, nil
	case text == "" || text == "=":
		return []byte{}, nil
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, sasl.ErrIncorrectEncoding
	}
	return b, nil
}

func (s *Server) say(st *stream.Stream, what string, data []byte) error {
	w := elem.NewWriter(nil, stanza.NSClient)
	text := ""
	if data != nil {
		if text = base64.StdEncoding.EncodeToString(data); text == "" && what == "success" {
			text = "=" // §6.4.6
		}
	}
	w.Elem(stream.NSSASL, what, text)
	_, err := st.Conn.Write(w.Bytes())
	return err
}

// guestFeatures are those of modules before authentication.
func (s *Server) guestFeatures() *stream.Feature {
	var takes []elem.Name
	for _, r := range s.Realms {
		for _, g := range r.GuestFeatures() {
			takes = append(takes, g.Takes)
		}
	}
	guest := func(st *stream.Stream) *kit.Guest {
		c := of(st)
		return &kit.Guest{Domain: c.domain, Addr: c.tc.RemoteAddr(), Secure: st.State&stream.Secure != 0}
	}
	return &stream.Feature{
		Takes: takes,
		Not:   stream.Authed,
		Advertise: func(st *stream.Stream, w *elem.Writer) {
			if s.mayLogin(st) {
				for _, g := range of(st).realm.GuestFeatures() {
					g.Advertise(guest(st), w)
				}
			}
		},
		Serve: func(ctx context.Context, st *stream.Stream, e elem.Elem) (stream.State, error) {
			if !s.mayLogin(st) {
				return 0, stream.NotAuthorized.With("TLS first")
			}
			return 0, s.answerGuest(ctx, st, guest(st), e)
		},
	}
}

func (s *Server) answerGuest(ctx context.Context, st *stream.Stream, g *kit.Guest, e elem.Elem) error {
	r := new(stanza.Received)
	if err := r.FromElem(e, stanza.NSClient, jid.Parse); err != nil || r.Kind != stanza.IQ {
		return stream.NotAuthorized.With("log in first")
	}
	var reply stanza.Payload
	err := error(stanza.ServiceUnavailable)
	for _, f := range of(st).realm.GuestFeatures() {
		if f.Takes == r.Payload().Name() {
			reply, err = f.Answer(ctx, g, r.Type, r.Payload())
		}
	}
	out := stanza.New(stanza.IQ, stanza.Result, jid.MustParse(g.Domain), jid.JID{}, r.ID)
	switch {
	case err != nil:
		se, meant := stanza.AsError(err)
		if !meant {
			s.Log.Error("answering a guest", "err", err)
		}
		out = stanza.New(stanza.IQ, stanza.TypeError, out.From, jid.JID{}, r.ID, se)
	case reply != nil:
		out = out.With(reply)
	}
	_, err = st.Conn.Write(out.AppendTo(nil))
	return err
}
