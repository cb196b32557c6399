package smq

// Inbox counts received stanzas and how many of them may be acknowledged: those whose handling has ended, in order. A
// stanza may end later than its successors (its writes are not committed yet); then it holds their acknowledgement
// back, because `h` promises all stanzas up to a number. The zero Inbox starts at zero.
type Inbox struct {
	received uint32
	handled  uint32   // all stanzas up to this one have ended
	ended    []uint64 // bit set over the stanzas after handled
}

// NewInbox returns an inbox that has received and handled `h` stanzas.
func NewInbox(h uint32) *Inbox { return &Inbox{received: h, handled: h} }

// Receive counts one more stanza and returns its number.
func (b *Inbox) Receive() uint32 {
	b.received++
	return b.received
}

// End marks stanza n as ended and reports whether Handled moved. A number that is not under way changes nothing.
func (b *Inbox) End(n uint32) bool {
	at := n - b.handled - 1 // modulo 2^32
	if at >= b.received-b.handled {
		return false
	}
	if at == 0 && len(b.ended) == 0 {
		b.handled = n
		return true
	}
	word := int(at / 64)
	for len(b.ended) <= word {
		b.ended = append(b.ended, 0)
	}
	b.ended[word] |= 1 << (at % 64)
	moved := false
	for len(b.ended) > 0 && b.ended[0]&1 == 1 {
		b.shift()
		b.handled++
		moved = true
	}
	return moved
}

func (b *Inbox) shift() {
	rest := uint64(0)
	for i := range b.ended {
		b.ended[i] >>= 1
		if i+1 < len(b.ended) {
			b.ended[i] |= b.ended[i+1] << 63
		}
		rest |= b.ended[i]
	}
	if rest == 0 {
		b.ended = b.ended[:0]
	}
}

// Received is the count of stanzas received, modulo 2^32.
func (b *Inbox) Received() uint32 { return b.received }

// Handled is the count that may be acknowledged, modulo 2^32.
func (b *Inbox) Handled() uint32 { return b.handled }
