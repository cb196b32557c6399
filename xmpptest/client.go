package xmpptest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stream"
	"github.com/stonechat-im/stonechat/transport"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// patience is how long a client waits for what it expects: virtual time inside a bubble.
const patience = 10 * time.Second

// elementMost is the largest element that a client takes.
const elementMost = 16 << 20

// event is what came over a stream: a header, an element, or an end.
type event struct {
	kind elem.Event
	tree *elem.Tree // of Open and Element
	err  error      // the connection has ended
}

func (ev event) String() string {
	switch {
	case ev.err != nil:
		return "the end of the connection (" + ev.err.Error() + ")"
	case ev.kind == elem.Close:
		return "</stream:stream>"
	}
	return string(ev.tree.Root().Raw())
}

// Client is one connection to a Server. Its methods fail the test when something is wrong.
type Client struct {
	srv   *Server
	t     testing.TB
	label string // as transcripts call it
	user  string // local part
	host  string
	res   string
	nc    net.Conn
	tc    transport.Conn
	wake  chan struct{} // something was added to got
	bound bool
	pings int

	mu  sync.Mutex
	got []event // in the order of arrival, not yet asked for
	end bool    // the server has ended the stream or the connection
}

// Connect logs a user in and binds the resource. It sends no presence. name is a local part, or a bare address.
func (s *Server) Connect(t testing.TB, name, resource string) *Client {
	t.Helper()
	c, err := s.connect(t, name+"/"+resource)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Raw connects without a word, for tests of the negotiation itself.
func (s *Server) Raw(t testing.TB, name string) *Client {
	t.Helper()
	c, err := s.newClient(t, name)
	if err != nil {
		t.Fatal(err)
	}
	c.connect(false)
	return c
}

// newClient reads the name of a client: USER/RESOURCE, USER@HOST/RESOURCE, or any word for one that need not log in.
func (s *Server) newClient(t testing.TB, label string) (*Client, error) {
	name, res, _ := strings.Cut(label, "/")
	b, err := s.account(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", label, err)
	}
	c := &Client{srv: s, t: t, label: label, user: b.Local(), host: b.Domain(), res: res, wake: make(chan struct{}, 1)}
	s.clients = append(s.clients, c)
	return c, nil
}

// connect opens the connection and starts to read from it.
func (c *Client) connect(direct bool) {
	c.nc = c.srv.dial(direct)
	if direct {
		cfg := c.srv.certs.client(c.host)
		cfg.NextProtos = []string{"xmpp-client"} // XEP-0368#usecases
		c.nc = tls.Client(c.nc, cfg)
		_ = c.nc.(*tls.Conn).HandshakeContext(context.Background()) // a failure is seen by the first read
	}
	c.tc = transport.New(c.nc, xmlscan.Limits{MaxBytes: elementMost})
	go c.read()
}

// read takes what arrives until the connection ends, or TLS comes in between.
func (c *Client) read() {
	for {
		var ev event
		if ev.kind, ev.err = c.tc.Next(); ev.err == nil && ev.kind != elem.Close {
			ev.tree = new(elem.Tree)
			c.tc.Take(ev.tree)
		}
		tls := false
		if ev.kind == elem.Element {
			root := ev.tree.Root()
			tls = root.Is(stream.NSTLS, "proceed")
			if root.Is(stream.NSSASL, "success") {
				c.tc.Restart() // RFC 6120 §6.4.6
			}
		}
		c.arrived(ev)
		if ev.err != nil || tls {
			return
		}
	}
}

func (c *Client) arrived(ev event) {
	c.mu.Lock()
	c.got = append(c.got, ev)
	c.end = c.end || ev.err != nil || ev.kind == elem.Close
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// startTLS upgrades the stream after the server's <proceed/> has been received. A handshake that fails shows as the end
// of the connection.
func (c *Client) startTLS() {
	if err := c.tc.StartTLS(c.t.Context(), c.srv.certs.client(c.host), true); err != nil {
		c.arrived(event{err: err})
		return
	}
	c.tc.Restart()
	go c.read()
}

// errNothing says that nothing arrived within the time that a client has patience.
var errNothing = errors.New("nothing arrived")

// next waits for the next event.
func (c *Client) next() (event, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		c.mu.Lock()
		if len(c.got) > 0 {
			ev := c.got[0]
			c.got = c.got[1:]
			c.mu.Unlock()
			return ev, nil
		}
		c.mu.Unlock()
		select {
		case <-c.wake:
		case <-timer.C:
			return event{}, errNothing
		}
	}
}

// waiting returns what has arrived and was not asked for.
func (c *Client) waiting() []event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]event(nil), c.got...)
}

// setAside forgets what has arrived so far.
func (c *Client) setAside() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = nil
}

// write sends bytes. That the server does not want them is not the client's failure: it shows in what arrives.
func (c *Client) write(b []byte) { _, _ = c.tc.Write(b) }

// cut ends the connection as a network does.
func (c *Client) cut() {
	if c.nc != nil {
		_ = c.nc.Close()
	}
	c.bound = false
}

// live says whether the client is logged in and its connection is there.
func (c *Client) live() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bound && !c.end
}

// settle returns when the server has nothing left to do at this moment. Inside a bubble that is certain; outside, every
// client asks the server for a sign of life and gets it behind all else.
func (s *Server) settle() {
	if bubble() {
		return
	}
	for range 2 { // what one client caused may still be under way to another that was asked before
		for _, c := range s.clients {
			if c.live() {
				c.barrier()
			}
		}
	}
}

// bubble waits until all goroutines of the bubble wait; false when there is none.
func bubble() (in bool) {
	defer func() { in = recover() == nil }()
	synctest.Wait()
	return true
}

// barrier sends a ping and waits for its answer, which is taken out of what has arrived.
func (c *Client) barrier() {
	c.pings++
	id := fmt.Sprintf("barrier-%d", c.pings)
	c.write([]byte("<iq type='get' id='" + id + "' to='" + c.host + "'><ping xmlns='urn:xmpp:ping'/></iq>"))
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		c.mu.Lock()
		for i, ev := range c.got {
			if ev.err == nil && ev.kind == elem.Element && ev.tree.Root().Attr("id") == id {
				c.got = append(c.got[:i:i], c.got[i+1:]...)
				c.mu.Unlock()
				return
			}
		}
		c.mu.Unlock()
		if !c.live() {
			return
		}
		select {
		case <-c.wake:
		case <-timeout.C:
			return
		}
	}
}
