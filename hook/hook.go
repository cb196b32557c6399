// Package hook is how parts of a program take part in events without knowing each other: typed chains that decide and
// typed notes that report. There is no XMPP in it; client and server share it.
//
// A Chain or Note belongs to whoever declares it. Handlers are added while the program is put together; Freeze ends
// that. From then on nothing changes, so running takes no lock, makes no cast and allocates nothing.
package hook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Phase says when in a chain a handler runs. Handlers of one phase run in the order in which they were added.
type Phase uint8

const (
	Guard    Phase = iota // refuse: limits, blocking, access. An error ends the chain: a guard that fails, fails closed.
	Rewrite               // change the event: stamp, strip, normalise
	Archive               // store what must not be lost
	Copy                  // send copies elsewhere. An error is reported, and the chain goes on.
	Deliver               // hand over to whoever takes it
	Fallback              // what to do when nobody took it
	phases
)

var phaseNames = [phases]string{"guard", "rewrite", "archive", "copy", "deliver", "fallback"}

func (p Phase) String() string {
	if p < phases {
		return phaseNames[p]
	}
	return fmt.Sprintf("phase(%d)", uint8(p))
}

// Stop is what a handler returns to say that it dealt with the event and the rest of the chain is not needed.
// It is no failure.
var Stop = errors.New("hook: dealt with")

// Func is one handler. It must not keep the event after it returns: events are reused.
type Func[E any] func(ctx context.Context, ev *E) error

// Entry describes a handler for lists and documents.
type Entry struct {
	Owner string // who added it: the module's name
	Phase Phase
}

type link[E any] struct {
	Entry
	run Func[E]
}

// Chain is a list of handlers that decide about an event. The zero Chain is ready for Add.
type Chain[E any] struct {
	links  []link[E]
	frozen bool
	failed func(owner string, err error)
}

// Add appends a handler to phase p. It panics after Freeze: wiring is done at start.
func (c *Chain[E]) Add(owner string, p Phase, f Func[E]) {
	if c.frozen {
		panic("hook: " + owner + " adds a handler after start")
	}
	if p >= phases {
		panic("hook: " + owner + " names no phase")
	}
	c.links = append(c.links, link[E]{Entry{owner, p}, f})
}

// Freeze sorts the handlers by phase and ends additions. failed is told of errors in the Copy phase; it may be nil.
func (c *Chain[E]) Freeze(failed func(owner string, err error)) {
	slices.SortStableFunc(c.links, func(a, b link[E]) int { return cmp.Compare(a.Phase, b.Phase) })
	c.frozen, c.failed = true, failed
}

// Run calls the handlers in order. It returns nil when all ran, Stop when one dealt with the event, and otherwise the
// error of the handler that refused it.
func (c *Chain[E]) Run(ctx context.Context, ev *E) error {
	for i := range c.links {
		l := &c.links[i]
		err := l.run(ctx, ev)
		if err == nil {
			continue
		}
		if l.Phase == Copy && err != Stop {
			if c.failed != nil {
				c.failed(l.Owner, err)
			}
			continue
		}
		return err
	}
	return nil
}

// Entries lists the handlers in the order in which they run.
func (c *Chain[E]) Entries() []Entry {
	out := make([]Entry, len(c.links))
	for i := range c.links {
		out[i] = c.links[i].Entry
	}
	return out
}

// Note is a list of handlers that are told of something that has happened. They cannot change it.
// The zero Note is ready for Add.
type Note[E any] struct {
	links  []noted[E]
	frozen bool
}

type noted[E any] struct {
	owner string
	run   func(ctx context.Context, ev *E)
}

// Add appends a handler. It panics after Freeze.
func (n *Note[E]) Add(owner string, f func(ctx context.Context, ev *E)) {
	if n.frozen {
		panic("hook: " + owner + " adds a handler after start")
	}
	n.links = append(n.links, noted[E]{owner, f})
}

// Freeze ends additions.
func (n *Note[E]) Freeze() { n.frozen = true }

// Tell calls every handler in the order of addition.
func (n *Note[E]) Tell(ctx context.Context, ev *E) {
	for i := range n.links {
		n.links[i].run(ctx, ev)
	}
}

// Owners lists who is told, in order.
func (n *Note[E]) Owners() []string {
	out := make([]string, len(n.links))
	for i := range n.links {
		out[i] = n.links[i].owner
	}
	return out
}
