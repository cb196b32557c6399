//go:build linux

package faults

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
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

const (
	nsClient = "jabber:client"
	nsSM     = "urn:xmpp:sm:3"
	password = "wherefore art thou"
)

// outbox is how many stanzas a client has unacknowledged at most.
const outbox = 40

// client is an account's one client. Its goroutine (run) connects, reads, and connects again; others send through it.
type client struct {
	w        *world
	index    int // in world.clients
	user     string
	resource string
	hello    string           // its first stanza
	keys     *sasl.ClientKeys // of the first login
	calm     time.Duration    // silence after which it asks the server, and after as much again gives the stream up

	mu      sync.Mutex // guards what is below, and writing
	changed *sync.Cond
	conn    transport.Conn // nil while there is no stream
	raw     net.Conn       // below conn
	smID    string         // resumes the session
	epoch   int            // counts sessions; resuming one is not a new one
	in      uint32         // stanzas received in this session; of run's goroutine alone while conn is not nil
	acked   uint32
	unacked []outgoing
	asked   map[string]chan elem.Elem // requests without an answer
	quiet   bool                      // asked whether the server is there
	deaf    chan struct{}             // while not nil, nothing is read until it is closed
	other   func(elem.Elem)           // sees messages that are not letters

	requests       atomic.Int64
	resumed, fresh atomic.Int64 // streams that went on with a session, or began one
}

// outgoing is a stanza that the server has not acknowledged.
type outgoing struct {
	xml     string
	letter  *letter // nil for other stanzas
	written bool
}

func newClient(w *world, index int, user string) *client {
	c := &client{w: w, index: index, user: user, resource: "stage", hello: "<presence/>", calm: 4 * time.Second, asked: make(map[string]chan elem.Elem)}
	c.changed = sync.NewCond(&c.mu)
	return c
}

// run keeps the client online until ctx ends.
func (c *client) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := c.connect(ctx)
		if err == nil {
			err = c.read()
		}
		c.leave()
		var refused *stream.LoginError
		if errors.As(err, &refused) {
			c.w.books.fault("client %d: %v", c.index, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(10+rand.IntN(50)) * time.Millisecond): // as clients do, so that they do not storm the server
		}
	}
}

// connect makes a stream: the session is resumed if it can be, else a new one begins.
func (c *client) connect(ctx context.Context) error {
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", c.w.proxy.addr())
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	_ = raw.SetDeadline(time.Now().Add(patience))
	st := &stream.Stream{Conn: transport.New(raw, xmlscan.Limits{})}
	cred := &stream.Credentials{User: c.user, Password: password, Keys: c.keys}
	handled, on := uint32(0), false
	err = st.Initiate(ctx, &stream.Role{Content: nsClient, Features: []*stream.Feature{
		stream.UseTLS(&tls.Config{InsecureSkipVerify: true, ServerName: "localhost"}), stream.UseSASL(cred),
		c.resume(func(h uint32) { handled, on = h, true }), stream.UseBind(c.resource, func(string) {}),
	}}, "localhost", "")
	if err != nil {
		_ = raw.Close()
		return err
	}
	c.keys = cred.Keys
	_ = raw.SetDeadline(time.Time{})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.raw, c.quiet = st.Conn, raw, false
	if on {
		c.resumed.Add(1)
		return c.goOn(handled)
	}
	c.fresh.Add(1)
	return c.begin()
}

// resume goes on with the session (XEP-0198#resumption); without success a resource is bound next.
func (c *client) resume(done func(h uint32)) *stream.Feature {
	return &stream.Feature{Needs: stream.Authed, Not: stream.Bound, Use: func(_ context.Context, s *stream.Stream, _ elem.Elem) (stream.State, error) {
		if c.smID == "" {
			return 0, nil
		}
		if _, err := fmt.Fprintf(s.Conn, "<resume xmlns='%s' previd='%s' h='%d'/>", nsSM, c.smID, c.in); err != nil {
			return 0, err
		}
		e, err := s.Next()
		if err != nil {
			return 0, err
		}
		if !e.Is(nsSM, "resumed") {
			c.smID = ""
			return 0, nil
		}
		h, err := strconv.ParseUint(e.Attr("h"), 10, 32)
		done(uint32(h))
		return stream.Bound | stream.Ready, err
	}}
}

// goOn says again what the server has not handled. The lock is held.
func (c *client) goOn(handled uint32) error {
	if err := c.confirm(handled); err != nil {
		return err
	}
	return c.writeAll()
}

// begin starts a session: it says again what was not acknowledged in the one before. Its requests are not made again;
// whoever waits for an answer is told. The lock is held.
func (c *client) begin() error {
	var again []*letter
	keep := c.unacked[:0]
	for _, o := range c.unacked {
		if o.letter == nil {
			continue
		}
		if o.written {
			again = append(again, o.letter)
		}
		keep = append(keep, o)
	}
	c.unacked = append([]outgoing{{xml: c.hello}}, keep...)
	c.w.books.again(again)
	for id, answer := range c.asked {
		delete(c.asked, id)
		close(answer)
	}
	c.acked, c.in, c.epoch = 0, 0, c.epoch+1
	if err := c.write("<enable xmlns='" + nsSM + "' resume='true'/>"); err != nil {
		return err
	}
	return c.writeAll()
}

// writeAll writes all that is not acknowledged. The lock is held.
func (c *client) writeAll() error {
	var all strings.Builder
	for i := range c.unacked {
		c.unacked[i].written = true
		all.WriteString(c.unacked[i].xml)
	}
	all.WriteString("<r xmlns='" + nsSM + "'/>")
	return c.write(all.String())
}

// write sends text. The lock is held. A failure ends the stream; the reader notices.
func (c *client) write(text string) error {
	_ = c.raw.SetWriteDeadline(time.Now().Add(c.calm))
	_, err := c.conn.Write([]byte(text))
	if err != nil {
		_ = c.raw.Close()
	}
	return err
}

// leave is called when a stream has ended.
func (c *client) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.raw != nil {
		_ = c.raw.Close()
	}
	c.conn = nil
	c.changed.Broadcast()
}

// send queues a stanza, and writes it if there is a stream. It waits while too much is unacknowledged. make is called when
// the stanza is sure to be sent.
func (c *client) send(ctx context.Context, make func() (xml string, x *letter)) error {
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.changed.Broadcast()
	})
	defer stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.unacked) >= outbox && ctx.Err() == nil {
		c.changed.Wait()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	xml, x := make()
	o := outgoing{xml: xml, letter: x, written: c.conn != nil}
	c.unacked = append(c.unacked, o)
	if o.written {
		if len(c.unacked)%5 == 0 || len(c.unacked) < 5 {
			xml += "<r xmlns='" + nsSM + "'/>"
		}
		_ = c.write(xml)
	}
	return nil
}

// errAway says that a session ended before a request was answered.
var errAway = errors.New("the session ended before the answer came")

// ask makes a request and waits for the answer.
func (c *client) ask(ctx context.Context, typ, to, payload string) (elem.Elem, error) {
	id := fmt.Sprintf("q%d", c.requests.Add(1))
	answer := make(chan elem.Elem, 1)
	c.mu.Lock()
	c.asked[id] = answer
	c.mu.Unlock()
	if to != "" {
		to = "to='" + to + "'"
	}
	iq := fmt.Sprintf("<iq type='%s' id='%s' %s>%s</iq>", typ, id, to, payload)
	if err := c.send(ctx, func() (string, *letter) { return iq, nil }); err != nil {
		return elem.Elem{}, err
	}
	select {
	case e, ok := <-answer:
		if !ok {
			return e, errAway
		}
		if e.Attr("type") == "error" {
			return e, fmt.Errorf("refused: %s", e.Raw())
		}
		return e, nil
	case <-ctx.Done():
		return elem.Elem{}, ctx.Err()
	}
}

// read deals with what the server sends until the stream ends.
func (c *client) read() error {
	for {
		c.mu.Lock()
		conn, deaf := c.conn, c.deaf
		c.mu.Unlock()
		if deaf != nil {
			<-deaf
		}
		_ = conn.SetReadDeadline(time.Now().Add(c.calm))
		ev, err := conn.Next()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && c.stillThere():
			continue
		case err != nil:
			return err
		case ev != elem.Element:
			return stream.ErrClosed
		}
		c.quiet = false
		t := new(elem.Tree)
		conn.Take(t)
		if err := c.element(t.Root()); err != nil {
			return err
		}
	}
}

// stillThere asks the server for a sign of life; it is false when that has been of no use.
func (c *client) stillThere() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.quiet {
		return false
	}
	c.quiet = true
	return c.write("<r xmlns='"+nsSM+"'/>") == nil
}

// element deals with one element.
func (c *client) element(e elem.Elem) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case e.Space() == nsClient:
		c.in++
		return c.stanza(e)
	case e.Is(nsSM, "enabled"):
		c.smID, c.in = e.Attr("id"), 0
	case e.Is(nsSM, "r"):
		return c.write(fmt.Sprintf("<a xmlns='%s' h='%d'/>", nsSM, c.in))
	case e.Is(nsSM, "a"):
		h, err := strconv.ParseUint(e.Attr("h"), 10, 32)
		if err != nil {
			return err
		}
		return c.confirm(uint32(h))
	case e.Is(stream.NS, "error"):
		return stream.ReadError(e)
	}
	return nil
}

// stanza deals with one stanza. The lock is held.
func (c *client) stanza(e elem.Elem) error {
	id := strings.Clone(e.Attr("id"))
	switch typ := e.Attr("type"); {
	case e.Local() == "message" && typ == "error":
		c.w.books.bounced(id)
	case e.Local() == "message" && typ == "chat":
		c.w.books.saw(id, c.index, sighting{epoch: c.epoch, life: c.w.server.life.Load(), at: time.Now()})
	case e.Local() == "message":
		if c.other != nil {
			c.other(e)
		}
	case e.Local() == "iq" && typ == "set": // a roster push
		c.unacked = append(c.unacked, outgoing{xml: "<iq type='result' id='" + id + "'/>", written: true})
		return c.write(c.unacked[len(c.unacked)-1].xml)
	case e.Local() == "iq":
		if answer := c.asked[id]; answer != nil {
			delete(c.asked, id)
			answer <- e
		}
	}
	return nil
}

// confirm takes the server's count. The lock is held.
func (c *client) confirm(h uint32) error {
	n := h - c.acked
	if uint64(n) > uint64(len(c.unacked)) {
		c.w.books.fault("client %d: the server acknowledged %d stanzas, %d were sent", c.index, h, c.acked+uint32(len(c.unacked)))
		return errors.New("acknowledged too much")
	}
	for _, o := range c.unacked[:n] {
		if !o.written {
			c.w.books.fault("client %d: the server acknowledged %q, which was not written", c.index, o.xml)
		}
		if o.letter != nil {
			c.w.books.acked(o.letter)
		}
	}
	c.unacked = append(c.unacked[:0], c.unacked[n:]...)
	c.acked = h
	c.changed.Broadcast()
	return nil
}

// online waits until the client has a stream whose number of sessions and resumptions differs from before; see streams.
func (c *client) online(ctx context.Context, since int64) bool {
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.changed.Broadcast()
	})
	defer stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for (c.conn == nil || c.streams() <= since) && ctx.Err() == nil {
		c.changed.Wait()
	}
	return ctx.Err() == nil
}

// streams counts the streams that the client has had.
func (c *client) streams() int64 { return c.resumed.Load() + c.fresh.Load() }
