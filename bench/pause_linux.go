package bench

import (
	"syscall"
	"time"
)

// pause sleeps for d, to within some 50 µs: the runtime's timers are only good for a millisecond, which is longer than
// what is measured.
func pause(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil) // woken early is early: the caller looks at the clock
}
