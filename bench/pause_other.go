//go:build !linux

package bench

import "time"

// pauser sleeps as precisely as the runtime can.
type pauser struct{}

func newPauser() (*pauser, error) { return new(pauser), nil }

func (*pauser) pause(d time.Duration) { time.Sleep(d) }
func (*pauser) close()                {}
