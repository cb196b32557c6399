package session

import "sync/atomic"

// Fanout is what the sessions of an account share of a message that all of them got. The account has the message as soon
// as one of them has confirmed it; then the others need not store it, nor find it another way when they end. A nil Fanout
// stands for a message that one session alone got.
type Fanout struct {
	confirmed atomic.Bool
	claimed   atomic.Bool            // some session stores it
	stored    atomic.Pointer[string] // under this name
}

func (f *Fanout) has() bool { return f != nil && f.confirmed.Load() }

// claim says whether it is the caller who has to store the message.
func (f *Fanout) claim() bool { return f == nil || f.claimed.CompareAndSwap(false, true) }

// keep notes where the message was stored. gone says that a session has confirmed it meanwhile.
func (f *Fanout) keep(name string) (gone bool) {
	if f == nil {
		return false
	}
	f.stored.Store(&name)
	return f.has()
}

// confirm notes that the account has the message.
func (f *Fanout) confirm() {
	if f != nil {
		f.confirmed.Store(true)
	}
}

// name is where the message was stored; empty for nowhere.
func (f *Fanout) name() string {
	if f == nil {
		return ""
	}
	if p := f.stored.Load(); p != nil {
		return *p
	}
	return ""
}
