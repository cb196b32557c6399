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
