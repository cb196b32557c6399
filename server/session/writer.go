package session

import (
	"sync"
	"time"

	"github.com/stonechat-im/stonechat/transport"
)

// writeChunk is how much is gathered for one write: a full TLS record.
const writeChunk = 16 << 10

// chunk is what one write takes.
type chunk struct {
	buf   []byte
	items []item // the stanzas in buf that nobody will acknowledge: writing them is all we can do
	after func(transport.Conn)
}

var chunks = sync.Pool{New: func() any { return &chunk{buf: make([]byte, 0, writeChunk+4096)} }}

// write is the writer goroutine: it lives while the queue holds something. conn is the stream it was started for; it
// stops when the session has moved on to another.
func (s *Session) write(conn transport.Conn) {
	c := chunks.Get().(*chunk)
	for s.gather(conn, c) {
		_ = conn.SetWriteDeadline(time.Now().Add(s.lim.Write))
		_, err := conn.Write(c.buf)
		for i := range c.items {
			if err != nil {
				s.giveUp(&c.items[i])
			} else {
				c.items[i].st.Custody.Release(nil)
			}
		}
		if err != nil {
			s.broken(conn)
			break
		}
		if c.after != nil {
			c.after(conn)
		}
	}
	if cap(c.buf) <= 4*writeChunk {
		c.reset()
		chunks.Put(c)
	}
}

func (c *chunk) reset() {
	clear(c.items)
	c.buf, c.items, c.after = c.buf[:0], c.items[:0], nil
}

// broken is called when a write has failed. The reader of conn notices and calls Lost; what was queued for the end of a
// session that has ended is given up here.
func (s *Session) broken(conn transport.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	var left []item
	if s.conn == conn {
		s.writing = false
		if s.ended {
			s.conn = nil
			for s.out.len() > 0 {
				left = append(left, s.out.pop())
			}
		}
	}
	s.mu.Unlock()
	for i := range left {
		s.giveUp(&left[i])
	}
}

// gather fills c from the queue; false when there is nothing left and the writer may go.
func (s *Session) gather(conn transport.Conn, c *chunk) bool {
	c.reset()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != conn {
		return false // detached or resumed elsewhere: the flag belongs to another writer now
	}
	for s.out.len() > 0 && len(c.buf) < writeChunk && !s.sm.full(s.lim) {
		it := s.out.pop()
		s.outBytes -= it.size()
		c.buf = it.append(c.buf)
		switch {
		case s.sm != nil && it.enable:
			s.sm.counting = true
		case it.st == nil:
		case s.sm != nil && s.sm.counting:
			s.sm.sent(it)
		default:
			c.items = append(c.items, it)
		}
	}
	if s.sm != nil && s.sm.counting {
		c.buf = s.requestAck(c.buf)
	}
	if s.out.len() == 0 && s.closing != nil {
		c.buf = append(c.buf, s.closing...)
		c.after = s.after
		s.closing, s.after = nil, nil
	}
	if len(c.buf) > 0 {
		return true
	}
	s.writing = false
	if s.ended {
		s.conn = nil
	}
	return false
}
