package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// bufSize is how much is read at a time: most stanzas, and a good part of a TLS record.
const bufSize = 4096

var bufs = sync.Pool{New: func() any { b := make([]byte, bufSize); return &b }}

type netConn struct {
	raw  net.Conn
	tls  *tls.Conn // nil before TLS
	dec  elem.Decoder
	lim  xmlscan.Limits
	buf  []byte  // nil while idle
	pool *[]byte // what buf came from, when it came from the pool
	r, w int     // unread part of buf
	one  [1]byte
	last time.Time
}

// New makes a Conn of a connection: TCP, one half of net.Pipe, or a *tls.Conn whose handshake is done.
func New(c net.Conn, lim xmlscan.Limits) Conn {
	n := &netConn{raw: c, lim: lim, last: time.Now()}
	if t, ok := c.(*tls.Conn); ok {
		n.tls = t
	}
	n.dec.Reset(lim)
	return n
}

func (c *netConn) conn() net.Conn {
	if c.tls != nil {
		return c.tls
	}
	return c.raw
}

// Next implements Conn.
func (c *netConn) Next() (elem.Event, error) {
	for {
		if c.r < c.w {
			n, ev, err := c.dec.Next(c.buf[c.r:c.w])
			c.r += n
			if err != nil || ev != elem.More {
				return ev, err
			}
		}
		var err error
		if c.r == c.w && c.dec.Pending() == 0 {
			err = c.wait()
		} else {
			err = c.fill()
		}
		if err != nil {
			return elem.More, err
		}
	}
}

// Take implements Conn.
func (c *netConn) Take(t *elem.Tree) { c.dec.Take(t, 0) }

// wait gives the buffer back and sleeps until a byte arrives. Blanks between elements, which clients send to keep a
// connection open (RFC 6120 §4.6.1), do not wake more than that.
func (c *netConn) wait() error {
	c.release()
	for {
		n, err := c.conn().Read(c.one[:])
		if n == 0 {
			if err == nil {
				continue
			}
			return err
		}
		c.last = time.Now()
		if !blank(c.one[0]) {
			break
		}
	}
	c.pool = bufs.Get().(*[]byte)
	c.buf = *c.pool
	c.buf[0] = c.one[0]
	c.r, c.w = 0, 1
	return nil
}

// fill reads more behind what is there.
func (c *netConn) fill() error {
	switch {
	case c.buf == nil:
		c.pool = bufs.Get().(*[]byte)
		c.buf = *c.pool
	case c.r > 0:
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
	}
	if c.w == len(c.buf) { // an element larger than the buffer; the scanner bounds how large it gets
		bigger := make([]byte, 2*len(c.buf))
		copy(bigger, c.buf[:c.w])
		c.giveBack()
		c.buf = bigger
	}
	n, err := c.conn().Read(c.buf[c.w:])
	if n > 0 {
		c.last = time.Now()
		c.w += n
		return nil
	}
	return err
}

func (c *netConn) release() {
	c.giveBack()
	c.buf, c.r, c.w = nil, 0, 0
}

func (c *netConn) giveBack() {
	if c.pool != nil {
		bufs.Put(c.pool)
		c.pool = nil
	}
}

// Write implements Conn.
func (c *netConn) Write(b []byte) (int, error) { return c.conn().Write(b) }

// Restart implements Conn. Blanks that came behind the last element belong to the old stream, like those that wait skips:
// clients end lines after <auth/> although they must not (RFC 6120 §6.3.5), and an XML declaration must come first.
func (c *netConn) Restart() {
	for c.r < c.w && blank(c.buf[c.r]) {
		c.r++
	}
	c.dec.Reset(c.lim)
}

func blank(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

// SetLimits implements Conn.
func (c *netConn) SetLimits(lim xmlscan.Limits) {
	c.lim = lim
	c.dec.SetLimits(lim)
}

// SetReadDeadline implements Conn.
func (c *netConn) SetReadDeadline(t time.Time) error { return c.raw.SetReadDeadline(t) }

// SetWriteDeadline implements Conn.
func (c *netConn) SetWriteDeadline(t time.Time) error { return c.conn().SetWriteDeadline(t) }

// ErrAhead says that bytes came in the clear after STARTTLS had been agreed on. Reading them later as if they had been
// protected is the known command injection attack on STARTTLS.
var ErrAhead = errors.New("transport: data sent ahead of the TLS handshake")

// StartTLS implements Conn.
func (c *netConn) StartTLS(ctx context.Context, cfg *tls.Config, client bool) error {
	if c.tls != nil {
		return errors.New("transport: TLS is on already")
	}
	for _, b := range c.buf[c.r:c.w] {
		if b != ' ' && b != '\n' {
			return ErrAhead
		}
	}
	c.release()
	var t *tls.Conn
	if client {
		t = tls.Client(c.raw, cfg)
	} else {
		t = tls.Server(c.raw, cfg)
	}
	if err := t.HandshakeContext(ctx); err != nil {
		return err
	}
	c.tls = t
	return nil
}

// TLS implements Conn.
func (c *netConn) TLS() *tls.ConnectionState {
	if c.tls == nil {
		return nil
	}
	s := c.tls.ConnectionState()
	return &s
}

// RemoteAddr implements Conn.
func (c *netConn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// Idle implements Conn.
func (c *netConn) Idle() (int, time.Time) { return c.dec.Pending() + c.w - c.r, c.last }

// Drain implements Conn.
func (c *netConn) Drain() {
	c.release()
	buf := bufs.Get().(*[]byte)
	defer bufs.Put(buf)
	for {
		if _, err := c.conn().Read(*buf); err != nil {
			return
		}
	}
}

// Close implements Conn. The TLS layer is not asked to say goodbye: that could block behind a peer that does not read.
func (c *netConn) Close() error { return c.raw.Close() }
