package bench

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// faulty is a peer between a sender and a receiver. deliver is given each stanza with its number and says what the
// receiver gets.
type faulty struct {
	deliver func(n int, stanza []byte) [][]byte
	bounce  func(n int) bool

	passed int // stanzas seen, and what was made of them
	got    int
}

// relay reads stanzas from one end and passes them on.
func (f *faulty) relay(from, to net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	var dec elem.Decoder
	dec.Reset(xmlscan.Limits{})
	buf := []byte("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
	for {
		n, ev, err := dec.Next(buf)
		switch {
		case err != nil || ev == elem.Close:
			return
		case ev == elem.Element:
			if f.bounce != nil && f.bounce(f.passed) {
				var t elem.Tree
				dec.Take(&t, 0)
				_, _ = from.Write([]byte("<message type='error' id='" + t.Root().Attr("id") + "'/>"))
			} else {
				for _, b := range f.deliver(f.passed, append([]byte(nil), buf[:n]...)) {
					f.got++
					_, _ = to.Write(b)
				}
			}
			f.passed++
		}
		if buf = buf[n:]; ev == elem.More {
			more := make([]byte, 4096)
			n, err := from.Read(more)
			if err != nil {
				return
			}
			buf = append(buf, more[:n]...)
		}
	}
}

// ends returns the two ends of a connection over loopback, which has the buffers that net.Pipe lacks.
func ends(t *testing.T) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a, b
}

// through plays a chat of one pair through a faulty peer.
func through(t *testing.T, f *faulty, rate float64) *Result {
	t.Helper()
	cfg := Defaults()
	cfg.Scenario, cfg.Rate, cfg.Window = "chat", rate, 4
	cfg.Warmup, cfg.Duration, cfg.Drain = 10*time.Millisecond, 60*time.Millisecond, 300*time.Millisecond
	l, err := newLoad(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var conns []*conn
	var far []net.Conn
	for range 2 {
		near, other := ends(t)
		c := &conn{load: l, nc: near, jid: "juliet@capulet.example/balcony"}
		conns, far = append(conns, c), append(far, other)
		l.begin(c)
	}
	l.chatLanes(conns)
	var peer sync.WaitGroup
	peer.Go(func() { f.relay(far[0], far[1]) })
	if err := l.measure(t.Context(), func(ctx context.Context) error { return l.drive(ctx, l.lanes) }); err != nil {
		t.Fatal(err)
	}
	l.closeAll()
	peer.Wait()
	return l.result(&scenarios[0])
}

func TestFaultsAreCounted(t *testing.T) {
	one := func(b []byte) [][]byte { return [][]byte{b} }
	faithful := func(_ int, b []byte) [][]byte { return one(b) }
	var held []byte // by the one that changes the order
	for _, tc := range []struct {
		name  string
		peer  *faulty
		fault func(*Result) int64 // what must be counted
		each  int                 // one of how many stanzas has the fault
	}{
		{"loss", &faulty{deliver: func(n int, b []byte) [][]byte {
			if n%5 == 4 {
				return nil
			}
			return one(b)
		}}, func(r *Result) int64 { return r.Lost }, 5},
		{"doubles", &faulty{deliver: func(n int, b []byte) [][]byte {
			if n%4 == 3 {
				return [][]byte{b, b}
			}
			return one(b)
		}}, func(r *Result) int64 { return r.Doubled }, 4},
		{"change of order", &faulty{deliver: func(n int, b []byte) [][]byte {
			if n%3 == 1 {
				held = b
				return nil
			}
			if h := held; h != nil {
				held = nil
				return [][]byte{b, h}
			}
			return one(b)
		}}, func(r *Result) int64 { return r.Reordered }, 3},
		{"errors", &faulty{deliver: faithful, bounce: func(n int) bool { return n%6 == 5 }}, func(r *Result) int64 { return r.Refused }, 6},
	} {
		t.Run(tc.name, func(t *testing.T) {
			held = nil
			r := through(t, tc.peer, 1000)
			want := int64(tc.peer.passed / tc.each)
			if got := tc.fault(r); got < want-1 || got > want+1 || got == 0 {
				t.Errorf("counted %d, the peer did %d in %d", got, want, tc.peer.passed)
			}
			others := r.Lost + r.Doubled + r.Reordered + r.Refused - tc.fault(r)
			if held != nil {
				others-- // the last one was still held back
			}
			if others != 0 {
				t.Errorf("other faults: %+v", r)
			}
			if r.Delivered+r.Doubled != int64(tc.peer.got) {
				t.Errorf("delivered %d, the peer delivered %d", r.Delivered+r.Doubled, tc.peer.got)
			}
		})
	}
}

func TestWindowBoundsWhatIsUnderWay(t *testing.T) {
	f := &faulty{deliver: func(n int, b []byte) [][]byte {
		if n > 100 {
			return nil // swallows all: no credit is given any more
		}
		return [][]byte{b}
	}}
	r := through(t, f, 0)
	if r.Lost != 4 {
		t.Errorf("%d under way and lost, the window is 4", r.Lost)
	}
}

func TestErrorsKeepTheWindowGoing(t *testing.T) {
	f := &faulty{deliver: func(_ int, b []byte) [][]byte { return [][]byte{b} }, bounce: func(n int) bool { return n < 20 }}
	r := through(t, f, 0)
	if r.Refused != 20 || r.Delivered == 0 || r.Lost != 0 {
		t.Errorf("refused %d, delivered %d, lost %d", r.Refused, r.Delivered, r.Lost)
	}
}

func TestLostStreamsAreCounted(t *testing.T) {
	l, err := newLoad(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	near, far := ends(t)
	c := &conn{load: l, nc: near}
	l.begin(c)
	_, _ = far.Write([]byte("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"))
	l.readers.Wait()
	l.closeAll()
	if r := l.result(&scenarios[0]); r.Dropped != 1 || len(r.Notes) != 1 {
		t.Errorf("dropped %d, notes %q", r.Dropped, r.Notes)
	}
}

func TestTrack(t *testing.T) {
	for _, tc := range []struct {
		name                     string
		numbers                  []uint32
		seen, doubled, reordered int64
	}{
		{"in order", []uint32{0, 1, 2, 3}, 4, 0, 0},
		{"one lost", []uint32{0, 2, 3}, 3, 0, 0},
		{"one late", []uint32{0, 2, 1, 3}, 4, 0, 1},
		{"backwards", []uint32{3, 2, 1, 0}, 4, 0, 3},
		{"doubled at once", []uint32{0, 0, 1}, 2, 1, 0},
		{"doubled later", []uint32{0, 1, 2, 0}, 3, 1, 0},
		{"late and doubled", []uint32{1, 0, 0, 1}, 2, 2, 1},
		{"never the first", []uint32{5}, 1, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var tr track
			var first int64
			for _, n := range tc.numbers {
				if tr.see(n) {
					first++
				}
			}
			if first != tc.seen || tr.seen != tc.seen || tr.doubled != tc.doubled || tr.reordered != tc.reordered {
				t.Errorf("seen %d (%d), doubled %d, reordered %d", tr.seen, first, tr.doubled, tr.reordered)
			}
		})
	}
}

func TestMarksAreFound(t *testing.T) {
	tag := newTag([4]byte{1, 2, 3, 4})
	b := []byte("<message id='" + blankMark(tag, 7) + "'/>")
	at := 13
	putHex(b[at+numberAt:at+timeAt-1], 42)
	putHex(b[at+timeAt:at+markLen], 123456789)
	m, ok := findMark(b, []byte(tag))
	if !ok || m != (mark{lane: 7, number: 42, time: 123456789}) {
		t.Errorf("%+v, %v in %s", m, ok, b)
	}
	for _, tc := range []struct{ name, text string }{
		{"another run's", "<message id='" + blankMark("sb99999999", 7) + "'/>"},
		{"cut off", "<message id='" + tag + "-00"},
		{"damaged", "<message id='" + tag + "-0000000x-00000000-0000000000000000'/>"},
		{"none", "<message/>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if m, ok := findMark([]byte(tc.text), []byte(tag)); ok {
				t.Errorf("found %+v", m)
			}
		})
	}
}

func TestMessageHasItsSize(t *testing.T) {
	l, err := newLoad(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	ln := l.addLane(l.addGroup("chat"), &conn{load: l}, message("juliet@capulet.example/balcony", "chat", 377))
	if len(ln.frame) != 377 {
		t.Errorf("%d bytes: %s", len(ln.frame), ln.frame)
	}
	if _, err := elem.Parse(ln.frame, nsClient); err != nil {
		t.Error(err)
	}
}

// sink is a connection that swallows what is written.
type sink struct {
	net.Conn
	n atomic.Int64
}

func (s *sink) Write(b []byte) (int, error) { s.n.Add(int64(len(b))); return len(b), nil }

// received makes a session that has a read buffer full of messages of one lane.
func received(tb testing.TB, n int) (c *conn, ln *lane, fill func()) {
	tb.Helper()
	l, err := newLoad(Defaults())
	if err != nil {
		tb.Fatal(err)
	}
	from := &conn{load: l, nc: new(sink)}
	c = &conn{load: l, nc: new(sink)}
	ln = l.addLane(l.addGroup("chat"), from, message("juliet@capulet.example/balcony", "chat", 377))
	ln.expect(c)
	l.from.Store(1)
	number := 0
	return c, ln, func() {
		c.buf, c.r = c.buf[:0], 0
		for range n {
			c.buf = append(c.buf, ln.frame...)
			b := c.buf[len(c.buf)-len(ln.frame):]
			putHex(b[ln.at+numberAt:ln.at+timeAt-1], uint64(number))
			putHex(b[ln.at+timeAt:ln.at+markLen], uint64(l.now()))
			number++
		}
		c.w = len(c.buf)
	}
}

func TestReceivingDoesNotAllocate(t *testing.T) {
	c, ln, fill := received(t, 10)
	fill()
	c.batch()
	if n := testing.AllocsPerRun(100, func() {
		fill()
		if !c.batch() {
			t.Fatal("the stream is over")
		}
	}); n != 0 {
		t.Errorf("%v allocations for ten messages received, and as many sent", n)
	}
	if ln.delivered.Load() == 0 || ln.numberSent() != ln.delivered.Load() {
		t.Errorf("delivered %d, sent for it %d", ln.delivered.Load(), ln.numberSent())
	}
}

// BenchmarkMessage is what the generator adds to a message beside the system calls and TLS: receiving it, and building
// the next.
func BenchmarkMessage(b *testing.B) {
	c, ln, fill := received(b, 10)
	for b.Loop() {
		fill()
		c.batch()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(max(ln.delivered.Load(), 1)), "ns/message")
}
