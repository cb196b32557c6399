package pubsub

import (
	"context"

	"github.com/stonechat-im/stonechat/jid"
)

// outbox holds what a host has to tell, in the order of the commits. Whoever has committed carries it out, unless somebody
// else is at it already.
type outbox struct {
	queue    []*batch
	draining bool
}

// batch is what one commit has to tell.
type batch struct {
	notices []*Notice
	told    chan struct{} // closed when it was told
}

// enqueue is called from the store's writer, in the order of the commits.
func (e *Engine) enqueue(host jid.Bare, b *batch) {
	e.mu.Lock()
	defer e.mu.Unlock()
	box := e.boxes[host]
	if box == nil {
		box = new(outbox)
		e.boxes[host] = box
	}
	box.queue = append(box.queue, b)
}

// drain tells what is queued. No lock is held meanwhile.
func (e *Engine) drain(ctx context.Context, host jid.Bare) {
	e.mu.Lock()
	box := e.boxes[host]
	if box == nil || box.draining {
		e.mu.Unlock()
		return
	}
	box.draining = true
	orderly := false
	defer func() {
		if !orderly { // a panic on the way: nobody is to wait for it
			e.mu.Lock()
			for _, b := range box.queue {
				close(b.told)
			}
			delete(e.boxes, host)
			e.mu.Unlock()
		}
	}()
	for len(box.queue) > 0 {
		b := box.queue[0]
		e.mu.Unlock()
		for _, n := range b.notices {
			e.tell(ctx, n)
		}
		e.mu.Lock()
		box.queue = box.queue[1:]
		close(b.told)
	}
	delete(e.boxes, host)
	orderly = true
	e.mu.Unlock()
}
