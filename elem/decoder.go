package elem

import "github.com/stonechat-im/stonechat/xmlscan"

// Event is what Decoder.Next found.
type Event uint8

// Events of a stream.
const (
	More    Event = iota // nothing complete: append more bytes and call again
	Open                 // the stream header; Take gives its element, without children
	Element              // one complete first-level element, for Take
	Close                // the end tag of the stream; nothing but white space may follow
)

func (ev Event) String() string {
	switch ev {
	case Open:
		return "open"
	case Element:
		return "element"
	case Close:
		return "close"
	}
	return "more"
}

// Decoder splits one XML stream (RFC 6120 §4) into elements as bytes arrive.
// It belongs to one goroutine. Between elements it holds no tables and no
// bytes. The zero Decoder is a new stream with default limits.
type Decoder struct {
	lim      xmlscan.Limits
	ctx      *xmlscan.Context // nil: nothing seen yet
	busy     *scratch         // element in progress, or to be taken
	done     []byte           // bytes of the element to be taken
	err      error
	pending  int
	open     bool // the header was seen
	selfDone bool // the header was an empty tag: Close comes next
	closed   bool
}

// Reset forgets all state: a new stream begins, also after STARTTLS and SASL
// (RFC 6120 §4.3.3).
func (d *Decoder) Reset(lim xmlscan.Limits) {
	d.free()
	*d = Decoder{lim: lim}
}

// SetLimits changes the limits from the next element on.
func (d *Decoder) SetLimits(lim xmlscan.Limits) { d.lim = lim }

// Pending returns the number of bytes of a half received element that the
// caller holds.
func (d *Decoder) Pending() int { return d.pending }

// free gives the tables back.
func (d *Decoder) free() {
	if d.busy != nil {
		d.busy.release()
	}
	d.busy, d.done, d.pending = nil, nil, 0
}

// Next looks for the next event in buf, the bytes not consumed so far. It
// returns how many of them are consumed now; the caller drops these and keeps
// the others, in any array, in front of what it reads next. Bytes of an
// element are consumed when it is complete. An element not taken before the
// next call is lost. Errors are *xmlscan.Error and final; their offset counts
// from the start of buf.
func (d *Decoder) Next(buf []byte) (n int, ev Event, err error) {
	if d.err != nil {
		return 0, More, d.err
	}
	if d.done != nil {
		d.free()
	}
	if d.selfDone {
		d.selfDone, d.closed = false, true
		return 0, Close, nil
	}
	for {
		if d.busy == nil {
			w := blank(buf[n:])
			if n += w; n == len(buf) {
				d.skipped(n)
				return n, More, nil
			}
			if err := d.begin(n); err != nil {
				return n, More, err
			}
		}
		typ, err := d.busy.next(buf[n:], !d.open)
		if err != nil {
			return n, More, d.fail(err, n)
		}
		end := n + int(d.busy.tok.End)
		switch typ {
		case xmlscan.More:
			d.pending = len(buf) - n
			return n, More, nil
		case xmlscan.Decl:
			d.free()
			d.ctx = siblings
			n = end
		case xmlscan.Close:
			d.free()
			d.closed = true
			return end, Close, nil
		default:
			d.done, d.pending = buf[n:end:end], 0
			if d.open {
				return end, Element, nil
			}
			d.header(typ)
			return end, Open, nil
		}
	}
}

// blank counts the white space at the start of b: RFC 6120 §11.7.
func blank(b []byte) int {
	for i, c := range b {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return i
		}
	}
	return len(b)
}

// skipped notes that n bytes of white space went by: an XML declaration may
// no longer come.
func (d *Decoder) skipped(n int) {
	if n > 0 && d.ctx == nil {
		d.ctx = siblings
	}
}

// begin takes tables for the element that starts at buf[n].
func (d *Decoder) begin(n int) error {
	d.skipped(n)
	if d.closed {
		return d.fail(&xmlscan.Error{Kind: xmlscan.NotWellFormed, Reason: "data after the end of the stream"}, n)
	}
	d.busy = scratches.Get().(*scratch)
	d.busy.begin(d.ctx, d.lim)
	return nil
}

// header makes the element of the start tag at hand the open stream.
func (d *Decoder) header(typ xmlscan.Type) {
	d.open = true
	if typ == xmlscan.Empty {
		d.selfDone = true
		return
	}
	d.ctx = d.busy.scan.Open(d.done)
	d.busy.nodes[0].skip = 1
}

// fail makes err, found n bytes into the buffer, final.
func (d *Decoder) fail(err error, n int) error {
	if e, ok := err.(*xmlscan.Error); ok {
		e.Offset += n
	}
	d.free()
	d.err = err
	return err
}

// Take moves the element that Next just found into t, whose former content is
// forgotten: its bytes into one new allocation with room for spare more
// behind them, its tables into t. It must come before the buffer given to Next
// changes. Without an element to take, t is left empty.
func (d *Decoder) Take(t *Tree, spare int) {
	t.clear()
	if d.done == nil {
		return
	}
	raw := make([]byte, len(d.done), len(d.done)+spare)
	copy(raw, d.done)
	t.fill(raw, d.busy)
	d.free()
}
