package bench

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/sasl"
	"github.com/stonechat-im/stonechat/stream"
	"github.com/stonechat-im/stonechat/transport"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// loginTime bounds one login.
const loginTime = time.Minute

// user is an account and what it takes to log in cheaply.
type user struct {
	Account
	keys atomic.Pointer[sasl.ClientKeys] // of the first login: the others need no PBKDF2
}

// mechanisms are those the generator takes, in this order.
var mechanisms = []sasl.Mechanism{sasl.ScramSHA256, sasl.ScramSHA1, sasl.ScramSHA512, sasl.Plain}

// negotiated is a stream before it has a conn.
type negotiated struct {
	nc net.Conn
	st *stream.Stream
}

// dial connects, and for direct TLS does the handshake.
func (l *load) dial(ctx context.Context) (*negotiated, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", l.cfg.Addr)
	if err != nil {
		return nil, err
	}
	_ = nc.SetDeadline(time.Now().Add(loginTime))
	n := &negotiated{nc: nc}
	if l.cfg.Transport == Direct || l.cfg.Floor {
		t := tls.Client(nc, l.tls())
		if err := t.HandshakeContext(ctx); err != nil {
			_ = nc.Close()
			return nil, err
		}
		n.nc = t
	}
	n.st = &stream.Stream{Conn: transport.New(n.nc, xmlscan.Limits{})}
	if l.cfg.Transport == Direct {
		n.st.State = stream.Secure
	}
	return n, nil
}

// tls is what sessions are protected with. Certificates are not checked: it is the server's cost that matters. Only X25519 is
// offered, which all servers have: with more, each would do a key exchange of a different cost.
func (l *load) tls() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, ServerName: l.cfg.Domain, DynamicRecordSizingDisabled: true,
		CurvePreferences: []tls.CurveID{tls.X25519},
		NextProtos:       []string{"xmpp-client"}}
}

// initiate negotiates with features behind TLS.
func (l *load) initiate(ctx context.Context, n *negotiated, features ...*stream.Feature) error {
	if l.cfg.Transport == StartTLS {
		features = append([]*stream.Feature{l.useTLS(n)}, features...)
	}
	return n.st.Initiate(ctx, &stream.Role{Content: nsClient, Features: features}, l.cfg.Domain, "")
}

// useTLS is stream.UseTLS, but keeps hold of the protected connection.
func (l *load) useTLS(n *negotiated) *stream.Feature {
	return &stream.Feature{Not: stream.Secure, Use: func(ctx context.Context, s *stream.Stream, offered elem.Elem) (stream.State, error) {
		if !offered.Child(stream.NSTLS, "starttls").Ok() {
			return 0, errors.New("bench: the server does not offer TLS")
		}
		if _, err := s.Conn.Write([]byte("<starttls xmlns='" + stream.NSTLS + "'/>")); err != nil {
			return 0, err
		}
		e, err := s.Next()
		if err != nil {
			return 0, err
		}
		if !e.Is(stream.NSTLS, "proceed") {
			return 0, errors.New("bench: the server refused TLS")
		}
		cfg := l.tls()
		cfg.NextProtos = nil
		t := tls.Client(n.nc, cfg)
		if err := t.HandshakeContext(ctx); err != nil {
			return 0, err
		}
		n.nc, s.Conn = t, transport.New(t, xmlscan.Limits{})
		return stream.Secure | stream.Restart, nil
	}}
}

// useSASL logs in without channel binding, so that all servers are asked for the same.
func (l *load) useSASL(u *user) *stream.Feature {
	return &stream.Feature{Not: stream.Authed, Use: func(_ context.Context, s *stream.Stream, offered elem.Elem) (stream.State, error) {
		mech, err := l.choose(offered.Child(stream.NSSASL, "mechanisms"))
		if err != nil {
			return 0, err
		}
		var x sasl.Client
		if mech == sasl.Plain {
			x, err = sasl.NewPlainClient("", u.User, u.Password)
		} else {
			x, err = sasl.NewScramClient(mech, sasl.ScramClientOptions{Username: u.User, Password: u.Password, Keys: u.keys.Load()})
		}
		if err != nil {
			return 0, err
		}
		if err := authenticate(s, mech, x); err != nil {
			return 0, err
		}
		if sc, ok := x.(*sasl.ScramClient); ok && u.keys.Load() == nil {
			k := sc.Keys()
			u.keys.Store(&k)
		}
		return stream.Authed | stream.Restart, nil
	}}
}

func (l *load) choose(offered elem.Elem) (sasl.Mechanism, error) {
	var have []string
	for m := range offered.Children() {
		have = append(have, strings.Clone(m.Text()))
	}
	for _, m := range mechanisms {
		if slices.Contains(have, string(m)) && (l.cfg.Mechanism == "" || l.cfg.Mechanism == m) {
			return m, nil
		}
	}
	return "", fmt.Errorf("bench: no mechanism to log in with; the server offers %v", have)
}

// authenticate is RFC 6120 §6.4.
func authenticate(s *stream.Stream, mech sasl.Mechanism, x sasl.Client) error {
	first, _, err := x.Start()
	if err != nil {
		return err
	}
	out := "<auth xmlns='" + stream.NSSASL + "' mechanism='" + string(mech) + "'>" + base64.StdEncoding.EncodeToString(first) + "</auth>"
	for {
		if _, err := s.Conn.Write([]byte(out)); err != nil {
			return err
		}
		e, err := s.Next()
		if err != nil {
			return err
		}
		text := e.Text()
		if text == "=" { // §6.4.2: nothing, said explicitly
			text = ""
		}
		data, err := base64.StdEncoding.DecodeString(text)
		switch {
		case e.Local() == "failure":
			return fmt.Errorf("bench: login refused: %s", e.Raw())
		case err != nil:
			return err
		case e.Local() == "success":
			return x.Done(data)
		}
		if data, err = x.Next(data); err != nil {
			return err
		}
		out = "<response xmlns='" + stream.NSSASL + "'>" + base64.StdEncoding.EncodeToString(data) + "</response>"
	}
}

// login makes a session of a user's. Its reader is not running yet.
func (l *load) login(ctx context.Context, u *user, resource string) (*conn, error) {
	n, err := l.dial(ctx)
	if err != nil {
		return nil, err
	}
	c := &conn{load: l}
	if !l.cfg.Floor {
		if err = l.initiate(ctx, n, l.useSASL(u), stream.UseBind(resource, func(full string) { c.jid = full })); err == nil {
			c.bare, _, _ = strings.Cut(c.jid, "/")
			err = l.finish(n, c)
		}
	}
	if err != nil {
		_ = n.nc.Close()
		return nil, fmt.Errorf("%s: %w", u.User, err)
	}
	c.nc = n.nc
	_ = c.nc.SetDeadline(time.Time{})
	return c, nil
}

// finish turns on stream management and takes over what has arrived already.
func (l *load) finish(n *negotiated, c *conn) error {
	if l.cfg.Acks {
		if _, err := n.st.Conn.Write([]byte("<enable xmlns='" + nsSM + "' resume='true'/>")); err != nil {
			return err
		}
		e, err := n.st.Next()
		if err != nil {
			return err
		}
		if !e.Is(nsSM, "enabled") {
			return fmt.Errorf("%w: stream management: %s", ErrUnsupported, e.Raw())
		}
		c.sm, c.counting = true, true
	}
	for pending, _ := n.st.Conn.Idle(); pending > 0; pending, _ = n.st.Conn.Idle() {
		e, err := n.st.Next()
		if err != nil {
			return err
		}
		c.buf = append(c.buf, e.Raw()...)
	}
	c.w = len(c.buf)
	return nil
}

// open logs in one session for each of n users and sets their readers going. With presence they become available.
func (l *load) open(ctx context.Context, n int, presence bool) ([]*conn, error) {
	if n > len(l.users) {
		return nil, fmt.Errorf("bench: %d accounts are needed, there are %d", n, len(l.users))
	}
	out := make([]*conn, n)
	err := l.each(ctx, n, func(ctx context.Context, i int) error {
		c, err := l.login(ctx, l.users[i], l.name)
		if err != nil {
			return err
		}
		if l.cfg.Floor {
			if _, err := fmt.Fprintf(c.nc, "%s-%d\n", l.name, i/2); err != nil {
				return err
			}
		}
		out[i] = c
		l.begin(c)
		if presence && !l.cfg.Floor {
			c.tell("<presence/>")
		}
		return nil
	})
	return out, err
}

// begin sets the reader of a session going.
func (l *load) begin(c *conn) {
	l.mu.Lock()
	l.conns = append(l.conns, c)
	l.mu.Unlock()
	l.readers.Add(1)
	go c.read()
}

// each calls f for 0 to n-1, cfg.Parallel at a time, until one fails.
func (l *load) each(ctx context.Context, n int, f func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(max(l.cfg.Parallel, 1), n) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := f(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}
