package smq_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stonechat-im/stonechat/smq"
)

func TestAckCoversOldestFirst(t *testing.T) {
	var q smq.Queue[string]
	for _, v := range []string{"a", "b", "c"} {
		q.Push(v)
	}
	var got []string
	if err := q.Ack(2, func(v string) { got = append(got, v) }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, []string{"a", "b"}) || q.Len() != 1 || q.At(0) != "c" || q.Sent() != 3 || q.Acked() != 2 {
		t.Errorf("acked %v; left %d, sent %d, acked %d", got, q.Len(), q.Sent(), q.Acked())
	}
}

func TestAckOfWhatWasNotSent(t *testing.T) {
	for _, tc := range []struct {
		name string
		h    uint32
	}{{"one too many", 3}, {"going back", 0}, {"far off", math.MaxUint32}} {
		t.Run(tc.name, func(t *testing.T) {
			var q smq.Queue[int]
			q.Push(1)
			q.Push(2)
			_ = q.Ack(1, nil)
			if err := q.Ack(tc.h, func(int) { t.Error("something was acknowledged") }); !errors.Is(err, smq.ErrTooHigh) {
				t.Errorf("error %v", err)
			}
			if q.Len() != 1 || q.Acked() != 1 {
				t.Error("the queue has changed")
			}
		})
	}
}

// XEP-0198#acking: the counters wrap from 2^32-1 to 0.
func TestCountersWrap(t *testing.T) {
	q := smq.NewQueue[int](math.MaxUint32 - 1)
	for i := range 4 {
		q.Push(i)
	}
	if q.Sent() != 2 {
		t.Errorf("sent is %d, want 2", q.Sent())
	}
	if err := q.Ack(1, nil); err != nil || q.Len() != 1 || q.Acked() != 1 {
		t.Errorf("error %v, left %d, acked %d", err, q.Len(), q.Acked())
	}
	b := smq.NewInbox(math.MaxUint32)
	first, second := b.Receive(), b.Receive()
	if first != 0 || second != 1 {
		t.Fatalf("numbers %d and %d", first, second)
	}
	if b.End(second) || b.Handled() != math.MaxUint32 {
		t.Error("a later stanza moved the count past an earlier one")
	}
	if !b.End(first) || b.Handled() != 1 {
		t.Errorf("handled is %d, want 1", b.Handled())
	}
}

// Whatever is pushed and acknowledged in whatever order, what is left is what was sent after the last count.
func TestQueueAgainstSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.Uint32().Draw(t, "start")
		q := smq.NewQueue[int](start)
		var model []int
		acked := start
		for i := range rapid.IntRange(1, 300).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "push") {
				q.Push(i)
				model = append(model, i)
				continue
			}
			n := rapid.IntRange(0, len(model)).Draw(t, "acked")
			acked += uint32(n)
			if err := q.Ack(acked, nil); err != nil {
				t.Fatal(err)
			}
			model = model[n:]
		}
		if q.Len() != len(model) {
			t.Fatalf("%d left, want %d", q.Len(), len(model))
		}
		for i, v := range model {
			if q.At(i) != v {
				t.Fatalf("item %d is %d, want %d", i, q.At(i), v)
			}
		}
	})
}

// However the ends of handling are ordered, handled is the longest run without a gap.
func TestInboxAgainstSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.Uint32().Draw(t, "start")
		b := smq.NewInbox(start)
		n := rapid.IntRange(1, 200).Draw(t, "stanzas")
		order := rapid.Permutation(seq(n)).Draw(t, "order")
		for range n {
			b.Receive()
		}
		ended := make([]bool, n)
		for _, i := range order {
			before := b.Handled()
			moved := b.End(start + uint32(i) + 1)
			ended[i] = true
			run := slices.Index(ended, false)
			if run < 0 {
				run = n
			}
			if want := start + uint32(run); b.Handled() != want || moved != (before != want) {
				t.Fatalf("handled %d, want %d (moved %v)", b.Handled(), want, moved)
			}
		}
	})
}

func seq(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	var q smq.Queue[*int]
	var b smq.Inbox
	v := new(int)
	h := uint32(0)
	if n := testing.AllocsPerRun(1000, func() {
		q.Push(v)
		h++
		_ = q.Ack(h, nil)
		b.End(b.Receive())
	}); n != 0 {
		t.Errorf("%v allocations a stanza, want 0", n)
	}
}

func ExampleQueue() {
	var q smq.Queue[string]
	q.Push("<message/>")
	q.Push("<presence/>")
	_ = q.Ack(1, func(s string) { fmt.Println("delivered", s) })
	fmt.Println("again after resumption:", q.At(0))
	// Output:
	// delivered <message/>
	// again after resumption: <presence/>
}
