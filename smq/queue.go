// Package smq keeps the books of stream management (XEP-0198): what was sent and not yet acknowledged, and what was
// received and may be acknowledged. It is pure: no XML, no I/O, no locks, no clock. Client and server share it.
// The caller guards a Queue or Inbox with its own lock.
package smq

import "errors"

// ErrTooHigh says that the peer acknowledged more stanzas than it was ever sent (XEP-0198#acking: a stream error
// undefined-condition with handled-count-too-high).
var ErrTooHigh = errors.New("smq: more stanzas acknowledged than sent")

// Queue holds the stanzas that were sent but not yet acknowledged, oldest first. Counters wrap at 2^32 (XEP-0198#acking).
// The zero Queue starts at zero.
type Queue[T any] struct {
	items []T // ring
	head  int
	n     int
	acked uint32
}

// NewQueue returns an empty queue whose peer has acknowledged `acked` stanzas so far.
func NewQueue[T any](acked uint32) *Queue[T] { return &Queue[T]{acked: acked} }

// Push adds a stanza that is about to be sent.
func (q *Queue[T]) Push(v T) {
	if q.n == len(q.items) {
		q.grow()
	}
	q.items[(q.head+q.n)&(len(q.items)-1)] = v
	q.n++
}

func (q *Queue[T]) grow() {
	bigger := make([]T, max(8, 2*len(q.items)))
	for i := range q.n {
		bigger[i] = q.items[(q.head+i)&(len(q.items)-1)]
	}
	q.items, q.head = bigger, 0
}

// Len is how many stanzas await acknowledgement.
func (q *Queue[T]) Len() int { return q.n }

// Sent is the count of all stanzas ever pushed, modulo 2^32.
func (q *Queue[T]) Sent() uint32 { return q.acked + uint32(q.n) }

// Acked is the count of stanzas the peer has acknowledged, modulo 2^32.
func (q *Queue[T]) Acked() uint32 { return q.acked }

// At returns the i-th oldest stanza.
func (q *Queue[T]) At(i int) T { return *q.Ref(i) }

// Ref returns a pointer to the i-th oldest stanza, good until the next Push or Ack.
func (q *Queue[T]) Ref(i int) *T {
	if i < 0 || i >= q.n {
		panic("smq: index out of range")
	}
	return &q.items[(q.head+i)&(len(q.items)-1)]
}

// Ack takes the peer's count h, calls done for each stanza it newly covers, oldest first, and forgets them. A count that
// goes back, or past what was sent, changes nothing and returns ErrTooHigh: modulo 2^32 the two look alike.
func (q *Queue[T]) Ack(h uint32, done func(T)) error {
	fresh := h - q.acked // modulo 2^32
	if uint64(fresh) > uint64(q.n) {
		return ErrTooHigh
	}
	var zero T
	for range fresh {
		v := q.items[q.head]
		q.items[q.head] = zero
		q.head = (q.head + 1) & (len(q.items) - 1)
		q.n--
		q.acked++
		if done != nil {
			done(v)
		}
	}
	if q.n == 0 && len(q.items) > 64 {
		q.items, q.head = nil, 0 // an idle session keeps no large ring
	}
	return nil
}
