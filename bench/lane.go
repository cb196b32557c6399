package bench

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/stonechat-im/stonechat/bench/hist"
)

// lane is a stream of numbered stanzas from one session to those who must receive each of them.
type lane struct {
	id    uint32
	from  *conn
	group *group
	n     int64 // receivers of each stanza

	frame []byte // the next stanza, with the mark at at; guarded by from.mu
	at    int
	sent  uint32 // guarded by from.mu

	delivered atomic.Int64 // first arrivals at receivers
	refused   atomic.Int64 // stanzas that came back as errors
}

// group is lanes of one kind, which are reported together.
type group struct {
	name    string
	lanes   []*lane
	latency hist.Histogram
	shares  int // in a mixed load: of all stanzas
}

// markHere stands in the text of a stanza where its mark belongs.
const markHere = "@mark@"

// addLane makes a lane of a stanza. Its receivers are added with expect.
func (l *load) addLane(g *group, from *conn, stanza string) *lane {
	id := uint32(len(l.lanes))
	at := strings.Index(stanza, markHere)
	if at < 0 {
		panic("bench: a stanza without a place for its mark")
	}
	ln := &lane{id: id, from: from, group: g, at: at, frame: []byte(strings.Replace(stanza, markHere, blankMark(l.tag, id), 1))}
	l.lanes = append(l.lanes, ln)
	g.lanes = append(g.lanes, ln)
	from.expect(&track{lane: ln, own: true})
	return ln
}

// expect makes to a receiver of the lane.
func (ln *lane) expect(to *conn) {
	ln.n++
	to.expect(&track{lane: ln})
}

// send writes the next k stanzas, in one piece, as of time now.
func (ln *lane) send(k int, now int64) {
	c := ln.from
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost.Load() {
		return
	}
	putHex(ln.frame[ln.at+timeAt:ln.at+markLen], uint64(now))
	for range k {
		putHex(ln.frame[ln.at+numberAt:ln.at+timeAt-1], uint64(ln.sent))
		ln.sent++
		c.out = append(c.out, ln.frame...)
		c.countOut()
	}
	c.flush()
}

// credit notes d more arrivals and, when as fast as it goes, sends as many stanzas as have arrived everywhere.
func (ln *lane) credit(l *load, d int64) {
	now := ln.delivered.Add(d)
	if l.cfg.Rate > 0 || l.stopping.Load() {
		return
	}
	if k := now/ln.n - (now-d)/ln.n; k > 0 {
		ln.send(int(k), l.now())
	}
}

// refuse notes that a stanza came back as an error: nobody will receive it.
func (ln *lane) refuse(l *load) {
	ln.refused.Add(1)
	if l.cfg.Rate == 0 && !l.stopping.Load() {
		ln.send(1, l.now())
	}
}

// numberSent is how many stanzas the lane has sent.
func (ln *lane) numberSent() int64 {
	ln.from.mu.Lock()
	defer ln.from.mu.Unlock()
	return int64(ln.sent)
}

// outstanding is how many deliveries are still to come.
func (ln *lane) outstanding() int64 {
	sent := ln.numberSent()
	return (sent-ln.refused.Load())*ln.n - ln.delivered.Load()
}

// message writes a message as clients send it, size bytes long in all if it can be, with a mark for an id.
func message(to, typ string, size int) string {
	const tail = `</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/></message>`
	head := fmt.Sprintf(`<message to='%s' type='%s' id='%s'><body>`, to, typ, markHere)
	text := size - (len(head) - len(markHere) + markLen) - len(tail)
	return head + filler(text) + tail
}

const verse = "But soft, what light through yonder window breaks? It is the east, and Juliet is the sun. "

// filler is n bytes of text, at least one.
func filler(n int) string {
	n = max(n, 1)
	return string(bytes.Repeat([]byte(verse), n/len(verse)+1)[:n])
}
