// Package c2s is the client side of the server: listeners, negotiation (RFC 6120 §4–§7) and the loop that reads the
// stanzas of a session.
//
// Each connection has one goroutine. It negotiates (login.go, bind.go) and then hands over to a fresh one, whose stack is
// still small, which reads until the stream ends (loop.go). Before authentication everything is bounded: connections
// by address, bytes of an element, and time.
package c2s

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stonechat-im/stonechat/server/auth"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/router"
	"github.com/stonechat-im/stonechat/server/session"
	"github.com/stonechat-im/stonechat/stream"
	"github.com/stonechat-im/stonechat/transport"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// Limits bounds what clients may do.
type Limits struct {
	Element     int           // bytes of one stanza after authentication; RFC 6120 §13.12 demands at least 10000
	GuestBytes  int           // bytes of one element before it
	Negotiation time.Duration // from connecting to a bound resource
	PerAddress  int           // connections from one address (an IPv6 /64)
	Guests      int           // connections that are not logged in, of all addresses
	Sessions    int           // sessions of one account
	Rate        int64         // bytes a second that a session may send over time
	Burst       int64         // bytes that it may send at once
	Ping        time.Duration // silence after which a client is asked whether it is there
	Pong        time.Duration // silence after that which ends the stream
	Resume      time.Duration // how long a session can be resumed at most
	Session     session.Limits
}

// Realm is a realm with what only c2s needs to know of it.
type Realm struct {
	*kit.Realm
	Owner  *router.Owner
	policy atomic.Pointer[auth.Policy]
}

// SetPolicy says how people may log in from now on.
func (r *Realm) SetPolicy(p auth.Policy) { r.policy.Store(&p) }

// Certificates finds the certificate to show for a server name, now.
type Certificates interface {
	Config() *tls.Config
	Leaf(name string) *x509.Certificate
}

// Server accepts client streams. The fields are set before the first Serve.
type Server struct {
	Realms    map[string]*Realm // by domain
	Default   string            // the domain of streams that name none by header or SNI
	Accounts  *auth.Accounts
	Table     *session.Table
	Certs     Certificates // nil: no TLS is offered (tests)
	Plaintext bool         // logging in without TLS is allowed; for loopback and tests
	Log       *slog.Logger

	role   stream.Role
	limits atomic.Pointer[Limits]

	mu      sync.Mutex
	open    map[*conn]struct{}
	perAddr map[string]int
	guests  int
	closing bool
	idle    sync.WaitGroup
	reading sync.WaitGroup // streams that take stanzas
	deaf    atomic.Bool    // they must not any more
}

// SetLimits bounds what clients may do from now on. What a session keeps for its client stays as it was when it began.
func (s *Server) SetLimits(l Limits) { s.limits.Store(&l) }

// Limits is what was set last. It must not be changed.
func (s *Server) Limits() *Limits { return s.limits.Load() }

// conn is one connection.
type conn struct {
	srv   *Server
	nc    net.Conn // as it was accepted
	tc    transport.Conn
	st    *stream.Stream
	addr  string // key of limits
	guest bool   // counted as one

	realm  *Realm
	domain string
	login  *auth.Login
	tries  int // to log in
	binds  int // to bind
	mech   string
	lang   string // of the client's stream header
	who    identity
	sess   *session.Session
	idle   bool // nothing has come for some time
}

// Serve accepts connections until the listener is closed. direct says that TLS comes first (XEP-0368).
func (s *Server) Serve(ctx context.Context, l net.Listener, direct bool) error {
	for {
		nc, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			s.Log.Warn("accepting a connection", "err", err) // no file descriptors, most likely
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		go s.Handle(ctx, nc, direct)
	}
}

// Handle runs one connection from its beginning. It returns when the stream is bound or has failed.
func (s *Server) Handle(ctx context.Context, nc net.Conn, direct bool) {
	c := &conn{srv: s, nc: nc}
	if !s.admit(c) {
		_ = nc.Close()
		return
	}
	ok := false
	defer func() {
		if !ok {
			_ = nc.Close()
			s.release(c)
		}
	}()
	defer s.recovered(c)
	_ = nc.SetReadDeadline(time.Now().Add(s.Limits().Negotiation))
	_ = nc.SetWriteDeadline(time.Now().Add(s.Limits().Negotiation + s.Limits().Session.Goodbye))
	if direct {
		cfg := s.Certs.Config().Clone()
		cfg.NextProtos = []string{"xmpp-client"} // XEP-0368#usecases
		t := tls.Server(nc, cfg)
		if err := t.HandshakeContext(ctx); err != nil {
			s.Log.Debug("direct TLS handshake", "addr", c.addr, "err", err)
			return
		}
		nc = t
	}
	c.tc = transport.New(nc, xmlscan.Limits{MaxBytes: s.Limits().GuestBytes, MaxDepth: 20})
	c.st = &stream.Stream{Conn: c.tc, User: c}
	if direct {
		c.st.State = stream.Secure
	}
	if err := c.st.Accept(ctx, &s.role); err != nil {
		s.Log.Info("stream ended before a resource was bound", "addr", c.addr, "domain", c.domain, "err", err)
		return
	}
	_ = nc.SetDeadline(time.Time{})
	c.lang = c.st.Peer.Lang
	c.st, c.login = nil, nil // an idle session needs neither
	if !s.loggedIn(c) {
		c.sess.Lost(c.tc)
		return
	}
	ok = true
	go c.run(ctx) // a goroutine with a small stack, for the long wait
}

func (s *Server) recovered(c *conn) {
	if p := recover(); p != nil {
		s.Log.Error("panic in negotiation", "addr", c.addr, "panic", p, "stack", stack())
		if c.st != nil {
			c.st.Fail(stream.InternalServerError)
		}
	}
}

// admit counts a connection, and refuses it when there are too many.
func (s *Server) admit(c *conn) bool {
	c.addr = kit.AddressKey(c.nc.RemoteAddr())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open, s.perAddr = make(map[*conn]struct{}), make(map[string]int)
	}
	switch {
	case s.closing:
		return false
	case s.perAddr[c.addr] >= s.Limits().PerAddress:
		s.Log.Warn("too many connections from one address", "addr", c.addr)
		return false
	case s.guests >= s.Limits().Guests:
		s.Log.Warn("too many connections that are not logged in", "addr", c.addr)
		return false
	}
	s.open[c] = struct{}{}
	s.perAddr[c.addr]++
	s.guests++
	c.guest = true
	s.idle.Add(1)
	return true
}

// loggedIn counts a connection among those that take stanzas. It is false when the server is stopping.
func (s *Server) loggedIn(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.guestNoMore(c)
	s.reading.Add(1)
	return true
}

// guestNoMore is called under the lock.
func (s *Server) guestNoMore(c *conn) {
	if c.guest {
		c.guest = false
		s.guests--
	}
}

func (s *Server) release(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.guestNoMore(c)
	delete(s.open, c)
	if s.perAddr[c.addr]--; s.perAddr[c.addr] == 0 {
		delete(s.perAddr, c.addr)
	}
	s.idle.Done()
}

// Stop refuses new connections and ends those that have no session. The sessions are ended by their owner. Their streams
// take no stanza any more when it returns, unless ctx ends first: what comes now is neither handled nor acknowledged.
func (s *Server) Stop(ctx context.Context) {
	s.mu.Lock()
	s.closing = true
	s.deaf.Store(true)
	for c := range s.open {
		if c.guest {
			_ = c.nc.Close()
		} else {
			_ = c.tc.SetReadDeadline(longAgo)
		}
	}
	s.mu.Unlock()
	await(ctx, &s.reading)
}

// Wait returns when all connections have gone, or ctx ends.
func (s *Server) Wait(ctx context.Context) { await(ctx, &s.idle) }

func await(ctx context.Context, group *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
