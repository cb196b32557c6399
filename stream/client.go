package stream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/sasl"
)

// nsCB is XEP-0440.
const nsCB = "urn:xmpp:sasl-cb:0"

// UseTLS is the client's side of STARTTLS (RFC 6120 §5). A server that does not offer it is an error: nothing goes on in
// the clear.
func UseTLS(cfg *tls.Config) *Feature {
	return &Feature{Not: Secure, Use: func(ctx context.Context, s *Stream, offered elem.Elem) (State, error) {
		if !offered.Child(NSTLS, "starttls").Ok() {
			return 0, errors.New("stream: the server does not offer TLS")
		}
		if _, err := s.Conn.Write([]byte("<starttls xmlns='" + NSTLS + "'/>")); err != nil {
			return 0, err
		}
		e, err := s.Next()
		if err != nil {
			return 0, err
		}
		if !e.Is(NSTLS, "proceed") {
			return 0, errors.New("stream: the server refused TLS")
		}
		return Secure | Restart, s.Conn.StartTLS(ctx, cfg, true)
	}}
}

// Credentials is what a client logs in with.
type Credentials struct {
	User      string // the local part
	Password  string
	Prefer    sasl.Preferences
	Keys      *sasl.ClientKeys // of an earlier login; spares computing them
	Anonymous bool
}

// LoginError is a SASL failure that the server reported (RFC 6120 §6.5).
type LoginError struct {
	Condition string
	Text      string
}

func (e *LoginError) Error() string {
	return strings.TrimRight("login refused: "+e.Condition+": "+e.Text, ": ")
}

// UseSASL is the client's side of authentication (RFC 6120 §6).
func UseSASL(c *Credentials) *Feature {
	return &Feature{Not: Authed, Use: func(_ context.Context, s *Stream, offered elem.Elem) (State, error) {
		x, mech, err := c.begin(s, offered)
		if err != nil {
			return 0, err
		}
		initial, has, err := x.Start()
		if err != nil {
			return 0, err
		}
		w := elem.NewWriter(nil, s.Own.Content)
		w.Start(NSSASL, "auth")
		w.Attr("mechanism", string(mech))
		if has {
			w.Text(encode(initial))
		}
		w.End()
		if _, err := s.Conn.Write(w.Bytes()); err != nil {
			return 0, err
		}
		if err := answer(s, x); err != nil {
			return 0, err
		}
		if sc, ok := x.(*sasl.ScramClient); ok {
			k := sc.Keys()
			c.Keys = &k
		}
		return Authed | Restart, nil
	}}
}

// begin chooses the strongest mechanism that both sides can do.
func (c *Credentials) begin(s *Stream, offered elem.Elem) (sasl.Client, sasl.Mechanism, error) {
	var mechs []sasl.Mechanism
	for m := range offered.Child(NSSASL, "mechanisms").Children() {
		mechs = append(mechs, sasl.Mechanism(m.Text()))
	}
	var types []sasl.BindingType
	for b := range offered.Child(nsCB, "sasl-channel-binding").Children() {
		types = append(types, sasl.BindingType(b.Attr("type")))
	}
	var bindings []sasl.Binding
	if cs := s.Conn.TLS(); cs != nil {
		var leaf *x509.Certificate
		if len(cs.PeerCertificates) > 0 {
			leaf = cs.PeerCertificates[0]
		}
		bindings = sasl.Bindings(cs, leaf)
	}
	p := c.Prefer
	p.Password, p.Anonymous, p.OfferedBindings = !c.Anonymous, c.Anonymous, types
	for _, b := range bindings {
		p.Bindings = append(p.Bindings, b.Type)
	}
	mech, ok := sasl.Choose(mechs, p)
	switch {
	case !ok:
		return nil, "", fmt.Errorf("stream: no mechanism to log in with; the server offers %v", mechs)
	case mech == sasl.Anonymous:
		return sasl.NewAnonymousClient(), mech, nil
	case mech == sasl.External:
		x, err := sasl.NewExternalClient("")
		return x, mech, err
	case mech == sasl.Plain:
		x, err := sasl.NewPlainClient("", c.User, c.Password)
		return x, mech, err
	}
	x, err := sasl.NewScramClient(mech, sasl.ScramClientOptions{Username: c.User, Password: c.Password, Keys: c.Keys, Bindings: bindings, Offered: mechs, OfferedBindings: types})
	return x, mech, err
}

func encode(b []byte) string {
	if len(b) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}

// answer goes through challenges until the server reports success, and checks what it says then.
func answer(s *Stream, x sasl.Client) error {
	for {
		e, err := s.Next()
		if err != nil {
			return err
		}
		var data []byte
		if text := e.Text(); text == "=" {
			data = []byte{}
		} else if text != "" {
			if data, err = base64.StdEncoding.DecodeString(text); err != nil && !e.Is(NSSASL, "failure") {
				return err
			}
		}
		switch {
		case e.Is(NSSASL, "success"):
			return x.Done(data)
		case e.Is(NSSASL, "failure"):
			le := &LoginError{Text: e.ChildText(NSSASL, "text")}
			if f := e.First(); f.Local() != "text" {
				le.Condition = f.Local()
			}
			return le
		case !e.Is(NSSASL, "challenge"):
			return BadFormat.With("a SASL challenge is expected")
		}
		response, err := x.Next(data)
		if err != nil {
			return err
		}
		w := elem.NewWriter(nil, s.Own.Content)
		w.Elem(NSSASL, "response", encode(response))
		if _, err := s.Conn.Write(w.Bytes()); err != nil {
			return err
		}
	}
}

// UseBind is the client's side of resource binding (RFC 6120 §7); an empty resource lets the server choose. bound is given
// the full address.
func UseBind(resource string, bound func(full string)) *Feature {
	return &Feature{Needs: Authed, Not: Bound, Use: func(_ context.Context, s *Stream, offered elem.Elem) (State, error) {
		if !offered.Child(NSBind, "bind").Ok() {
			return 0, nil
		}
		w := elem.NewWriter(nil, s.Own.Content)
		w.Start(s.Own.Content, "iq")
		w.Attr("type", "set")
		w.Attr("id", "bind")
		w.Start(NSBind, "bind")
		if resource != "" {
			w.Elem(NSBind, "resource", resource)
		}
		w.End()
		w.End()
		if _, err := s.Conn.Write(w.Bytes()); err != nil {
			return 0, err
		}
		e, err := s.Next()
		if err != nil {
			return 0, err
		}
		if e.Attr("type") != "result" || e.Attr("id") != "bind" {
			return 0, fmt.Errorf("stream: binding refused: %s", e.Raw())
		}
		bound(strings.Clone(e.Child(NSBind, "bind").ChildText(NSBind, "jid")))
		return Bound | Ready, nil
	}}
}
