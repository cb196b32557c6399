package auth

import (
	"sync"
	"time"
)

// Failures within failureWindow that lock out. The bound on an account is wide, so that a stranger cannot easily lock
// its owner out; the one on an address is what stops guessing.
const (
	addressFailures = 20
	accountFailures = 100
	failureWindow   = 10 * time.Minute
	attemptsMost    = 1 << 14 // keys remembered
)

// attempts counts failures by address and account. The zero attempts is ready for use.
type attempts struct {
	mu    sync.Mutex
	since time.Time
	now   map[string]int // in the current window
	last  map[string]int // in the one before
}

// turn moves to a new window when it is time. The lock is held.
func (a *attempts) turn() {
	age := time.Since(a.since)
	if a.now != nil && age < failureWindow && len(a.now) < attemptsMost {
		return
	}
	a.last, a.now = a.now, make(map[string]int)
	if age >= 2*failureWindow {
		a.last = nil
	}
	a.since = time.Now()
}

func (a *attempts) add(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn()
	a.now[key]++
}

func (a *attempts) tooMany(key string, most int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn()
	return a.now[key]+a.last[key] >= most
}
