package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// QueueLimit is how many writes may wait before Go and Update block.
const QueueLimit = 8192

// maxBatch bounds a commit, and so the time that its first write waits for it.
const maxBatch = 1024

// db makes a DB of a Driver. The goroutine write owns the driver's writing side.
type db struct {
	driver Driver
	queue  chan *Commit
	ended  chan struct{} // closed when write has returned

	gate   sync.RWMutex // held for reading while sending to queue
	closed bool         // under gate

	declared sync.Mutex
	names    map[string]bool // under declared
	failed   []error         // under declared

	commits, lost, writes, rows atomic.Uint64
}

// New starts the writer of a driver.
func New(d Driver) DB {
	db := &db{
		driver: d,
		queue:  make(chan *Commit, QueueLimit),
		ended:  make(chan struct{}),
		names:  map[string]bool{},
	}
	go db.write()
	return db
}

func (db *db) View(ctx context.Context, fn func(Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db.gate.RLock()
	closed := db.closed
	db.gate.RUnlock()
	if closed {
		return ErrClosed
	}
	return db.driver.View(ctx, fn)
}

func (db *db) Update(ctx context.Context, fn func(Tx) error) error {
	return db.await(ctx, &Commit{fn: fn, pending: true})
}

func (db *db) Go(fn func(Tx) error) *Commit {
	c := &Commit{fn: fn, pending: true}
	db.send(c)
	return c
}

// goSingle is Go for a function with a single change; see Driver.Mark.
func (db *db) goSingle(fn func(Tx) error) *Commit {
	c := &Commit{fn: fn, single: true, pending: true}
	db.send(c)
	return c
}

func (db *db) Sync(ctx context.Context) error {
	return db.await(ctx, &Commit{pending: true})
}

// await queues c and waits for it. A context that ends first withdraws c,
// unless the writer has taken it.
func (db *db) await(ctx context.Context, c *Commit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done := c.Done()
	db.send(c)
	select {
	case <-done:
	case <-ctx.Done():
		if c.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		<-done
	}
	return c.Err()
}

func (db *db) send(c *Commit) {
	db.gate.RLock()
	defer db.gate.RUnlock()
	if db.closed {
		c.finish(ErrClosed)
		return
	}
	db.queue <- c
}

// Close lets the writer drain the queue. Senders that wait for room hold the
// gate, so that closing the queue comes after the last of them.
func (db *db) Close() error {
	db.gate.Lock()
	was := db.closed
	if !was {
		db.closed = true
		close(db.queue)
	}
	db.gate.Unlock()
	<-db.ended
	if was {
		return nil
	}
	return db.driver.Close()
}

func (db *db) Stats() Stats {
	return Stats{
		Commits: db.commits.Load(),
		Failed:  db.lost.Load(),
		Writes:  db.writes.Load(),
		Rows:    db.rows.Load(),
		Queue:   len(db.queue),
	}
}

// write is the writer: it takes what is queued, commits it as one batch, tells
// the waiting, and begins again.
func (db *db) write() {
	defer close(db.ended)
	batch := make([]*Commit, 0, maxBatch)
	for c := range db.queue {
		batch = append(batch[:0], c)
		for more := true; more && len(batch) < maxBatch; {
			select {
			case c, ok := <-db.queue:
				if more = ok; ok {
					batch = append(batch, c)
				}
			default:
				more = false
			}
		}
		db.commit(batch)
		clear(batch)
	}
}

// commit runs one batch and finishes its Commits in order.
func (db *db) commit(batch []*Commit) {
	run := batch[:0:0]
	for _, c := range batch {
		if !c.taken.CompareAndSwap(false, true) {
			c.fn, c.result = nil, context.Canceled // withdrawn: nobody waits any more
		}
		if c.fn != nil {
			run = append(run, c)
		}
	}
	var lost error
	if len(run) > 0 {
		if lost = db.runAll(run); lost != nil {
			db.driver.Rollback()
			db.lost.Add(1)
		}
	}
	for _, c := range batch {
		if lost != nil && c.fn != nil {
			c.result = lost
		}
		c.finish(c.result)
	}
}

// runAll runs the functions of a batch and commits. Its error loses them all.
func (db *db) runAll(run []*Commit) error {
	tx, err := db.driver.Begin()
	if err != nil {
		return err
	}
	for _, c := range run {
		if err := db.driver.Mark(c.single); err != nil {
			return err
		}
		if c.result = call(c.fn, tx); c.result != nil {
			if err := db.driver.Undo(); err != nil {
				return err
			}
		}
	}
	rows, err := db.driver.Commit()
	if err != nil {
		return err
	}
	db.commits.Add(1)
	db.writes.Add(uint64(len(run)))
	db.rows.Add(uint64(rows))
	return nil
}

// call turns a panic of fn into its error: the writer must outlive any module.
func call(fn func(Tx) error, tx Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("store: panic in a write: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(tx)
}

func (db *db) Declare(s Shape) error {
	err := db.declare(s)
	if err != nil {
		db.declared.Lock()
		db.failed = append(db.failed, err)
		db.declared.Unlock()
	}
	return err
}

func (db *db) declare(s Shape) error {
	if err := s.check(); err != nil {
		return err
	}
	db.declared.Lock()
	taken := db.names[s.Name]
	db.names[s.Name] = true
	db.declared.Unlock()
	if taken {
		return fmt.Errorf("%w: %q is declared twice", ErrShape, s.Name)
	}
	c := db.Go(func(tx Tx) error { return tx.Create(s) })
	<-c.Done()
	if err := c.Err(); err != nil {
		return fmt.Errorf("declaring %v %q: %w", s.Kind, s.Name, err)
	}
	return nil
}

func (db *db) Ready() error {
	db.declared.Lock()
	defer db.declared.Unlock()
	return errors.Join(db.failed...)
}
