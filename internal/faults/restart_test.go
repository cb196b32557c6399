//go:build linux

package faults

import (
	"testing"
	"time"
)

// A restart in order costs nobody a session, and nobody gets anything twice.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 6, t.TempDir(), "")
	stop := w.load(2 * time.Millisecond)
	for range 3 {
		before := w.streams()
		life(400)
		w.server.stop(t)
		w.server.start(t)
		w.online(t, before)
	}
	stop()
	w.strict(t)
	w.archived(t)
}
