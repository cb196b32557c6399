package bench

import (
	"strconv"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xmlscan"
)

const (
	readLeast = 2 << 10  // a read buffer begins small: most sessions of an idle run never need more
	readMost  = 64 << 10 // and grows up to here while reads fill it; one element may need more
)

// read handles what the server sends until the stream ends.
func (c *conn) read() {
	defer c.load.readers.Done()
	defer func() {
		c.lose()
		if q := c.asked.Load(); q != nil {
			select {
			case q.answer <- nil:
			default:
			}
		}
	}()
	if !c.batch() { // what came along with the end of negotiation
		return
	}
	c.buf = append(make([]byte, 0, max(readLeast, 2*c.w)), c.buf[c.r:c.w]...)
	c.r, c.w = 0, len(c.buf)
	c.buf = c.buf[:cap(c.buf)]
	for {
		n, err := c.nc.Read(c.buf[c.w:])
		if err != nil {
			return
		}
		full := c.w+n == len(c.buf)
		c.w += n
		if !c.batch() {
			return
		}
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
		if c.w == len(c.buf) || full && len(c.buf) < readMost {
			c.buf = append(c.buf, make([]byte, len(c.buf))...)
		}
	}
}

// batch handles all whole elements in the buffer, then gives credit for them, so that what it makes others send goes
// out in one piece. It is false when the stream is over.
func (c *conn) batch() bool {
	now := c.load.now()
	ok := true
	for ok && c.r < c.w {
		b := c.buf[c.r:c.w]
		if !c.inside {
			if blank := leadingBlank(b); blank > 0 {
				c.r += blank
				continue
			}
			c.scan.Reset(c.load.context, xmlscan.Limits{MaxBytes: 16 << 20})
			c.inside, c.tagEnd = true, 0
		}
		n, isEnd, err := c.scanElement(b)
		if err != nil || isEnd {
			ok = false
			break
		}
		if n == 0 {
			break
		}
		c.inside = false
		c.element(b[:n], now)
		c.r += n
	}
	for i := range c.credits {
		c.credits[i].lane.credit(c.load, c.credits[i].n)
	}
	c.credits = c.credits[:0]
	if c.owesAck {
		c.owesAck = false
		c.say("<a xmlns='" + nsSM + "' h='" + strconv.FormatUint(uint64(c.handled), 10) + "'/>")
	}
	return ok
}

func leadingBlank(b []byte) int {
	for i, x := range b {
		if x != ' ' && x != '\n' && x != '\r' && x != '\t' {
			return i
		}
	}
	return len(b)
}

// scanElement returns the length of the element b begins with, 0 when it is not whole yet.
func (c *conn) scanElement(b []byte) (n int, isEnd bool, err error) {
	var t xmlscan.Token
	for {
		if err := c.scan.Next(b, &t); err != nil {
			return 0, false, err
		}
		if c.tagEnd == 0 {
			c.tagEnd = t.End
		}
		switch t.Type {
		case xmlscan.More:
			if c.scan.Depth() == 0 {
				c.tagEnd = 0
			}
			return 0, false, nil
		case xmlscan.Close:
			return 0, true, nil
		case xmlscan.Empty, xmlscan.End:
			if c.scan.Depth() == 0 {
				return int(t.End), false, nil
			}
		}
	}
}

// attr is the value of an attribute without prefix of the element at hand; nil when it has none.
func (c *conn) attr(b []byte, name string) []byte {
	for _, a := range c.scan.Attrs() {
		if a.Name >= c.tagEnd {
			break // of a child
		}
		if string(b[a.Name:][:a.Len]) == name {
			return b[a.Val:][:a.ValLen]
		}
	}
	return nil
}

// markOf finds the mark of a stanza: in the id, or anywhere in presence, where servers may drop ids. Anywhere in a message
// would be wrong: archives quote messages whole.
func (c *conn) markOf(b []byte) (mark, bool) {
	switch b[1] {
	case 'm', 'i':
		return findMark(c.attr(b, "id"), c.load.tagBytes)
	case 'p':
		return findMark(b, c.load.tagBytes)
	}
	return mark{}, false
}

// element handles one.
func (c *conn) element(b []byte, now int64) {
	isStanza := b[1] == 'm' || b[1] == 'p' || b[1] == 'i'
	if isStanza && c.counting {
		c.handled++
	}
	if m, ok := c.markOf(b); ok {
		c.arrived(m, string(c.attr(b, "type")) == "error", now)
		return
	}
	switch {
	case b[1] == 'r' && b[2] != 'e': // <r/>, not <resumed/>
		c.owesAck = true
	case b[1] == 'a':
		if h, err := strconv.ParseUint(string(c.attr(b, "h")), 10, 32); err == nil {
			c.acked.Store(uint32(h))
		}
	case b[1] == 's': // a stream error; the end follows
		c.load.note(string(b))
	default:
		if b[1] == 'm' {
			c.others.Add(1)
		}
		c.setup(b)
	}
}

// setup shows an element to whoever waits for it.
func (c *conn) setup(b []byte) {
	q, watch := c.asked.Load(), c.watch.Load()
	if q == nil && watch == nil {
		return
	}
	t, err := elem.Parse(append([]byte(nil), b...), nsClient)
	if err != nil {
		c.load.note("unreadable: " + err.Error())
		return
	}
	e := t.Root()
	if q != nil && e.Local() == "iq" && e.Attr("id") == q.id && (e.Attr("type") == "result" || e.Attr("type") == "error") {
		select {
		case q.answer <- t:
		default: // answered twice
		}
		return
	}
	if watch != nil {
		(*watch)(e)
	}
}

// arrived notes a stanza with a mark.
func (c *conn) arrived(m mark, isError bool, now int64) {
	tracks := c.tracks.Load()
	if tracks == nil {
		c.load.strays.Add(1)
		return
	}
	t := (*tracks)[m.lane]
	switch {
	case t == nil:
		c.load.strays.Add(1)
		return
	case isError:
		t.lane.refuse(c.load)
		return
	case t.own:
		return
	}
	if !t.see(m.number) {
		return
	}
	if from := c.load.from.Load(); from > 0 && m.time >= from && m.time < c.load.until.Load() {
		t.lane.group.latency.Record(time.Duration(now - m.time))
	}
	if n := len(c.credits); n > 0 && c.credits[n-1].lane == t.lane {
		c.credits[n-1].n++
		return
	}
	c.credits = append(c.credits, credit{t.lane, 1})
}
