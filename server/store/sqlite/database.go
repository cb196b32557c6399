package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/stonechat-im/stonechat/server/store"
)

// maxReaders bounds the connections for reading, each of which may hold a
// megabyte of pages.
const maxReaders = 4

// database is the store.Driver.
type database struct {
	path   string
	shapes atomic.Pointer[map[string]*tables] // what is committed; never changed in place

	// Of the writer's goroutine.
	w       *conn
	created []store.Shape // in this batch
	mark    int           // len(created) at Mark
	single  bool          // see store.Driver.Mark
	saved   bool          // a savepoint is open for the current function
	rows    int           // changed in this batch
	broken  error         // why the batch cannot go on

	slots  chan struct{} // one for each view that runs
	pool   sync.Mutex
	idle   []*conn // under pool; the one used last is used first
	closed bool    // under pool
}

func newDatabase(path string, w *conn) *database {
	return &database{path: path, w: w, slots: make(chan struct{}, min(maxReaders, max(2, runtime.NumCPU())))}
}

// publish makes shapes known to views that begin from now on.
func (d *database) publish(shapes []store.Shape) {
	known := map[string]*tables{}
	if old := d.shapes.Load(); old != nil {
		for name, t := range *old {
			known[name] = t
		}
	}
	for _, s := range shapes {
		known[s.Name] = tablesOf(s)
	}
	d.shapes.Store(&known)
}

func (d *database) View(ctx context.Context, fn func(store.Tx) error) error {
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.slots }()
	c, err := d.reader()
	if err != nil {
		return err
	}
	if _, _, err := c.exec("BEGIN"); err != nil {
		return errors.Join(err, c.close())
	}
	defer d.release(c) // also when fn panics
	return fn(&tx{d: d, c: c, shapes: *d.shapes.Load()})
}

func (d *database) reader() (*conn, error) {
	d.pool.Lock()
	if d.closed {
		d.pool.Unlock()
		return nil, store.ErrClosed
	}
	if n := len(d.idle); n > 0 {
		c := d.idle[n-1]
		d.idle = d.idle[:n-1]
		d.pool.Unlock()
		return c, nil
	}
	d.pool.Unlock()
	return connect(d.path, reading...)
}

func (d *database) release(c *conn) {
	if _, _, err := c.exec("ROLLBACK"); err != nil {
		c.close()
		return
	}
	d.pool.Lock()
	d.idle = append(d.idle, c)
	d.pool.Unlock()
}

func (d *database) Begin() (store.Tx, error) {
	d.created, d.mark, d.rows, d.saved, d.broken = nil, 0, 0, false, nil
	if _, _, err := d.w.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	return &tx{d: d, c: d.w, shapes: *d.shapes.Load(), writes: true}, nil
}

// Mark lets the savepoint of the last function go. The next one is set by the
// first write of the function: those that only look, and those with a single
// change, which a statement makes wholly or not at all, need none.
func (d *database) Mark(single bool) error {
	d.mark, d.single = len(d.created), single
	return d.drop("RELEASE f")
}

func (d *database) Undo() error {
	d.created = d.created[:d.mark]
	if d.saved {
		if err := d.step("ROLLBACK TO f"); err != nil {
			return err
		}
	}
	return d.drop("RELEASE f")
}

func (d *database) drop(sql string) error {
	if !d.saved || d.broken != nil {
		return d.broken
	}
	d.saved = false
	return d.step(sql)
}

// step executes a statement that only a broken transaction refuses.
func (d *database) step(sql string) error {
	if d.broken == nil {
		_, _, d.broken = d.w.exec(sql)
	}
	return d.broken
}

// save prepares for a write.
func (d *database) save() error {
	if d.single || d.saved || d.broken != nil {
		return d.broken
	}
	d.saved = true
	return d.step("SAVEPOINT f")
}

func (d *database) Commit() (rows int, err error) {
	if err := d.step("COMMIT"); err != nil { // open savepoints are committed too
		return 0, err
	}
	if len(d.created) > 0 {
		d.publish(d.created)
	}
	return d.rows, nil
}

// Rollback fails where the engine has rolled back already, which is as good.
func (d *database) Rollback() { _, _, _ = d.w.exec("ROLLBACK") }

func (d *database) Close() error {
	for range cap(d.slots) {
		d.slots <- struct{}{}
	}
	d.pool.Lock()
	d.closed = true
	idle := d.idle
	d.idle = nil
	d.pool.Unlock()
	for range cap(d.slots) {
		<-d.slots
	}
	var err error
	for _, c := range idle {
		err = errors.Join(err, c.close())
	}
	// The last connection copies the log into the file and removes it.
	if err = errors.Join(err, d.w.close()); err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	return nil
}
