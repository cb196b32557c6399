package bench

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xmlscan"
)

const (
	nsClient = "jabber:client"
	nsSM     = "urn:xmpp:sm:3"

	readLeast = 2 << 10  // a read buffer begins small: most sessions of an idle run never need more
	readMost  = 64 << 10 // and grows up to here while reads fill it; one element may need more
)

// ackEvery is after how many stanzas a session with stream management asks for an acknowledgement: as often as client
// libraries do.
const ackEvery = 5

// newStreamContext makes what an open client stream lends to its elements. All servers use the prefix that RFC 6120
// §4.8.5 tells them to.
func newStreamContext() (*xmlscan.Context, error) {
	header := []byte("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
	var s xmlscan.Scanner
	var t xmlscan.Token
	s.Reset(nil, xmlscan.Limits{})
	if err := s.Next(header, &t); err != nil {
		return nil, err
	}
	return s.Open(header), nil
}

// conn is one session.
type conn struct {
	load *load
	nc   net.Conn
	jid  string
	bare string

	lost atomic.Bool // the stream has ended

	// Reading, by one goroutine. tracks is replaced as a whole while it runs.
	buf     []byte
	r, w    int
	scan    xmlscan.Scanner
	inside  bool   // of an element
	tagEnd  uint32 // end of its start tag; 0 before
	tracks  atomic.Pointer[map[uint32]*track]
	credits []credit
	others  atomic.Int64 // messages without a mark
	before  int64        // of them, those that arrived before the load began
	asked   atomic.Pointer[question]
	watch   atomic.Pointer[func(elem.Elem)] // sees what has no mark, while a scenario is set up

	counting bool   // stream management is on
	handled  uint32 // XEP-0198#acking
	owesAck  bool

	mu    sync.Mutex // guards what is below, and writing
	out   []byte
	smOut uint32 // stanzas sent since stream management was asked for
	sm    bool

	acked atomic.Uint32
}

// credit is arrivals of one lane in one read.
type credit struct {
	lane *lane
	n    int64
}

// question is an IQ that waits for its answer.
type question struct {
	id     string
	answer chan *elem.Tree
}

func (c *conn) expect(t *track) {
	old := c.tracks.Load()
	m := make(map[uint32]*track)
	if old != nil {
		for k, v := range *old {
			m[k] = v
		}
	}
	if had := m[t.lane.id]; had != nil && t.own {
		return
	}
	m[t.lane.id] = t
	c.tracks.Store(&m)
}

// countOut counts a stanza for stream management and asks for acknowledgement now and then. The caller holds mu.
func (c *conn) countOut() {
	if !c.sm {
		return
	}
	if c.smOut++; c.smOut%ackEvery == 0 {
		c.out = append(c.out, "<r xmlns='"+nsSM+"'/>"...)
	}
}

// flush writes what is in out. The caller holds mu.
func (c *conn) flush() {
	if _, err := c.nc.Write(c.out); err != nil {
		c.lose()
	}
	c.out = c.out[:0]
}

// say writes something that is no stanza.
func (c *conn) say(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = append(c.out, text...)
	c.flush()
}

// tell writes a stanza that is not counted in any lane.
func (c *conn) tell(stanza string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = append(c.out, stanza...)
	c.countOut()
	c.flush()
}

// lose notes that the stream has ended, and counts it unless it was meant to.
func (c *conn) lose() {
	if c.lost.CompareAndSwap(false, true) && !c.load.leaving.Load() {
		c.load.dropped.Add(1)
	}
	_ = c.nc.Close()
}

// errLost says that a stream ended while something was awaited on it.
var errLost = errors.New("bench: the server ended the stream")

// answerTime bounds the wait for an answer: servers that are busy with what was asked of them before take long.
const answerTime = 5 * time.Minute

// ask sends an IQ and waits for its answer. One at a time. An answer of type error is no error here.
func (c *conn) ask(ctx context.Context, typ, to, payload string) (elem.Elem, error) {
	q := &question{id: "q" + strconv.FormatInt(c.load.questions.Add(1), 10), answer: make(chan *elem.Tree, 1)}
	c.asked.Store(q)
	defer c.asked.Store(nil)
	iq := "<iq type='" + typ + "' id='" + q.id + "'"
	if to != "" {
		iq += " to='" + to + "'"
	}
	c.tell(iq + ">" + payload + "</iq>")
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	select {
	case t := <-q.answer:
		if t == nil {
			return elem.Elem{}, errLost
		}
		return t.Root(), nil
	case <-ctx.Done():
		return elem.Elem{}, ctx.Err()
	}
}

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
