//go:build linux

package faults

import (
	"testing"
	"time"
)

// The books themselves: what is excused, and what is not.
func TestBooks(t *testing.T) {
	at := func(epochs ...int) (out []sighting) {
		for _, e := range epochs {
			out = append(out, sighting{epoch: e, life: int32(e), at: time.Unix(int64(e), 0)})
		}
		return out
	}
	crash := func(before, now sighting) bool { return now.epoch > before.epoch }
	never := func(sighting, sighting) bool { return false }
	for _, tc := range []struct {
		name                        string
		said                        int
		seen                        []sighting
		may                         func(before, now sighting) bool
		again, redelivered, doubled int
	}{
		{"once", 0, at(1), never, 0, 0, 0},
		{"not at all", 0, nil, never, 0, 0, 0},
		{"twice in one session", 0, at(1, 1), crash, 0, 0, 1},
		{"twice in two sessions without a crash", 0, at(1, 2), never, 0, 0, 1},
		{"twice in two sessions around a crash", 0, at(1, 2), crash, 0, 1, 0},
		{"said again", 1, at(1, 1), never, 1, 0, 0},
		{"said again, and delivered again", 1, at(1, 2, 2), crash, 1, 1, 0},
		{"said again, and both delivered again", 1, at(1, 1, 2, 2), crash, 1, 2, 0},
		{"said again, and once too many", 1, at(1, 1, 1), crash, 1, 0, 1},
		{"said again, and once too many after a crash", 1, at(1, 2, 2, 2), crash, 1, 1, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := &letter{again: tc.said, seen: tc.seen}
			if a, r, d := x.twice(tc.may); a != tc.again || r != tc.redelivered || d != tc.doubled {
				t.Errorf("%d said again, %d redelivered, %d doubled", a, r, d)
			}
		})
	}
}
