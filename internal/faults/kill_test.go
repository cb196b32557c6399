//go:build linux

package faults

import (
	"math/rand/v2"
	"testing"
	"time"
)

// What was acknowledged survives kill -9 at any moment.
func TestKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 6, t.TempDir(), "")
	stop, settled := w.load(2*time.Millisecond), w.confirm()
	for range 6 {
		before := w.streams()
		life(200 + rand.IntN(800))
		w.server.kill()
		w.server.start(t)
		w.online(t, before)
	}
	stop()
	kept := settled()
	out := w.check(t)
	kept.verify(t, w)
	w.archived(t)
	if out.written < 500 {
		t.Errorf("only %d messages: there was no load", out.written)
	}
}

// life lets the world go on for so many milliseconds: what is waited for is time itself.
func life(ms int) { <-time.After(time.Duration(ms) * time.Millisecond) }
