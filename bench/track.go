package bench

// track is what one receiver knows of one lane: the numbers it has seen. It belongs to the receiver's goroutine.
type track struct {
	lane *lane
	own  bool // the receiver is the lane's sender and gets its own copy back, which is not counted

	next      uint32 // one more than the highest number seen
	seen      int64  // different numbers
	gaps      map[uint32]struct{}
	doubled   int64
	reordered int64
}

// see notes that number n arrived and reports whether it is the first time.
func (t *track) see(n uint32) bool {
	switch {
	case n == t.next:
		t.next++
	case n > t.next:
		if t.gaps == nil {
			t.gaps = make(map[uint32]struct{})
		}
		for m := t.next; m < n; m++ {
			t.gaps[m] = struct{}{}
		}
		t.next = n + 1
	default:
		if _, ok := t.gaps[n]; !ok {
			t.doubled++
			return false
		}
		delete(t.gaps, n)
		t.reordered++
	}
	t.seen++
	return true
}
