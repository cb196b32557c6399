package store

import (
	"context"
	"sync"
	"sync/atomic"
)

// Commit is the future of one queued write. A nil or zero *Commit stands for
// a write that is committed already.
type Commit struct {
	fn     func(Tx) error // nil for a barrier
	single bool           // see Driver.Mark
	result error          // of fn; the writer's alone until finish
	taken  atomic.Bool    // by the writer, or by Update to withdraw it

	mu      sync.Mutex
	pending bool
	err     error
	done    chan struct{} // made on demand
	first   func(error)   // the usual single callback
	more    []func(error)
}

// Done returns a channel that is closed when the write is durable or has failed.
func (c *Commit) Done() <-chan struct{} {
	if c == nil {
		return closedChan()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.pending {
		return closedChan()
	}
	if c.done == nil {
		c.done = make(chan struct{})
	}
	return c.done
}

func closedChan() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// Err returns why the write failed, nil when it is durable. It means something
// only once Done is closed.
func (c *Commit) Err() error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// OnDone has fn called once with the outcome: from the writer's goroutine when
// the write ends, or at once when it has ended. fn must be quick and must not
// write to the DB. Functions of one Commit run in the order they were given,
// those of different Commits in the order of their writes.
func (c *Commit) OnDone(fn func(error)) {
	if c == nil {
		fn(nil)
		return
	}
	c.mu.Lock()
	switch {
	case !c.pending:
		c.mu.Unlock()
		fn(c.err)
		return
	case c.first == nil:
		c.first = fn
	default:
		c.more = append(c.more, fn)
	}
	c.mu.Unlock()
}

// Wait waits for the end of the write and returns its error, or the context's.
func (c *Commit) Wait(ctx context.Context) error {
	select {
	case <-c.Done():
		return c.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Commit) finish(err error) {
	c.mu.Lock()
	c.pending, c.err = false, err
	c.fn = nil
	first, more := c.first, c.more
	c.first, c.more = nil, nil
	if c.done != nil {
		close(c.done)
	}
	c.mu.Unlock()
	if first != nil {
		first(err)
	}
	for _, fn := range more {
		fn(err)
	}
}
