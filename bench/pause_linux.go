package bench

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pauser sleeps to within some 50 µs: the runtime's timers are only good for a millisecond, which is longer than what is
// measured. The kernel's timer wakes it through the runtime's poller, so no thread waits. It belongs to one goroutine.
type pauser struct {
	f  *os.File
	fd int // os.File.Fd would make it blocking
}

func newPauser() (*pauser, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	return &pauser{os.NewFile(uintptr(fd), "timer"), fd}, nil
}

// pause sleeps for d, or shorter.
func (p *pauser) pause(d time.Duration) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(d, 1)))} // zero would switch the timer off
	if err := unix.TimerfdSettime(p.fd, 0, &spec, nil); err != nil {
		time.Sleep(d)
		return
	}
	var expired [8]byte
	_, _ = p.f.Read(expired[:])
}

func (p *pauser) close() { _ = p.f.Close() }
