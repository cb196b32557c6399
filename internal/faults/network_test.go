//go:build linux

package faults

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// Connections that break at any moment cost nobody a session.
func TestCutConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 6, t.TempDir(), "")
	stop := w.load(2 * time.Millisecond)
	for range 60 {
		life(rand.IntN(100))
		if all := w.proxy.all(); len(all) > 0 {
			all[rand.IntN(len(all))].cut()
		}
	}
	stop()
	w.strict(t)
}

// Connections that go silent without an end: the client comes back while the server still takes the old one for good.
func TestHalfOpenConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 6, t.TempDir(), "")
	for _, c := range w.clients {
		c.calm = 300 * time.Millisecond
	}
	stop := w.load(2 * time.Millisecond)
	for i := range 12 {
		life(rand.IntN(400))
		if all := w.proxy.all(); len(all) > 0 {
			all[rand.IntN(len(all))].silence([]fate{lost, frozen}[i%2])
		}
	}
	before := w.streams()
	for _, k := range w.proxy.all() { // everybody at once
		k.silence(lost)
	}
	w.online(t, before)
	stop()
	w.strict(t)
}

// A server that stands still for seconds goes on as if nothing had been. Clients that lose patience come back to it.
func TestPause(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 6, t.TempDir(), "")
	w.clients[0].calm = 400 * time.Millisecond
	w.clients[1].calm = 700 * time.Millisecond
	stop := w.load(2 * time.Millisecond)
	life(300)
	w.server.signal(t, syscall.SIGSTOP)
	life(3000)
	w.server.signal(t, syscall.SIGCONT)
	life(500)
	stop()
	w.strict(t)
}
