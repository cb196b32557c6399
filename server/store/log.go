package store

import (
	"context"
	"fmt"
	"time"
)

// trimStep is how many items one transaction trims, so that a large clean-up
// does not hold up the writer; ownerStep is how many owners TrimAll reads at once.
const (
	trimStep  = 500
	ownerStep = 256
)

// LogOptions say how a Log is kept.
type LogOptions struct {
	FullText bool // index Item.Text for Query.Text
}

// Log holds owner → items in the order of their time. The zero Log is not usable.
type Log struct {
	db   DB
	name string
	err  error // of Declare; every call returns it
}

// OpenLog declares the Log name. When that fails, DB.Ready tells, and every
// call returns the error.
func OpenLog(db DB, name string, o LogOptions) Log {
	return Log{db, name, db.Declare(Shape{Name: name, Kind: KindLog, FullText: o.FullText})}
}

// In binds the Log to an open transaction, so that several shapes change together.
func (l Log) In(tx Tx) LogTx { return LogTx{l, tx} }

// Append queues the item and returns at once; see [Tx].Append. The item's
// Value must not change until the Commit is done.
func (l Log) Append(owner string, it Item) *Commit {
	fn := func(tx Tx) error {
		_, err := l.In(tx).Append(owner, it)
		return err
	}
	if d, ok := innermost(l.db).(*db); ok {
		return d.goSingle(fn)
	}
	return l.db.Go(fn)
}

// innermost finds the DB that New made behind those that wrap it.
func innermost(d DB) DB {
	for {
		w, ok := d.(interface{ Unwrap() DB })
		if !ok {
			return d
		}
		d = w.Unwrap()
	}
}

func (l Log) view(ctx context.Context, fn func(LogTx) error) error {
	if l.err != nil {
		return l.err
	}
	return l.db.View(ctx, func(tx Tx) error { return fn(l.In(tx)) })
}

func (l Log) update(ctx context.Context, fn func(LogTx) error) error {
	if l.err != nil {
		return l.err
	}
	return l.db.Update(ctx, func(tx Tx) error { return fn(l.In(tx)) })
}

// Query returns one page of the owner's items. Errors: ErrNotFound, naming the id.
func (l Log) Query(ctx context.Context, owner string, q Query) (p Page, err error) {
	err = l.view(ctx, func(l LogTx) (err error) {
		p, err = l.Query(owner, q)
		return err
	})
	return p, err
}

// Item returns the item with this id, and whether there is one.
func (l Log) Item(ctx context.Context, owner, id string) (it Item, ok bool, err error) {
	err = l.view(ctx, func(l LogTx) (err error) {
		it, ok, err = l.Item(owner, id)
		return err
	})
	return it, ok, err
}

// Replace puts value in place of an item's, durably; see [Tx].Replace.
func (l Log) Replace(ctx context.Context, owner, id string, value []byte) error {
	return l.update(ctx, func(l LogTx) error { return l.Replace(owner, id, value) })
}

// Remove deletes one item, durably, and tells whether it was there.
func (l Log) Remove(ctx context.Context, owner, id string) (existed bool, err error) {
	err = l.update(ctx, func(l LogTx) (err error) {
		existed, err = l.Remove(owner, id)
		return err
	})
	return existed, err
}

// Trim deletes the owner's oldest items that r does not keep and returns how
// many, in as many transactions as it takes.
func (l Log) Trim(ctx context.Context, owner string, r Retention) (deleted int, err error) {
	for {
		var n int
		err := l.update(ctx, func(l LogTx) (err error) {
			n, err = l.Trim(owner, r, trimStep)
			return err
		})
		if deleted += n; err != nil || n < trimStep {
			return deleted, err
		}
	}
}

// TrimAll trims the logs of all owners. It writes only for owners that have
// something to delete.
func (l Log) TrimAll(ctx context.Context, r Retention) (deleted int, err error) {
	for after, more := "", true; more; {
		var stale []string
		err := l.view(ctx, func(l LogTx) error {
			owners, err := l.Owners(after, ownerStep)
			if more = len(owners) == ownerStep; len(owners) > 0 {
				after = owners[len(owners)-1]
			}
			for _, owner := range owners {
				old, err := l.exceeds(owner, r)
				if err != nil {
					return err
				}
				if old {
					stale = append(stale, owner)
				}
			}
			return err
		})
		if err != nil {
			return deleted, err
		}
		for _, owner := range stale {
			n, err := l.Trim(ctx, owner, r)
			if deleted += n; err != nil {
				return deleted, fmt.Errorf("trimming log %s of %s: %w", l.name, owner, err)
			}
		}
	}
	return deleted, nil
}

// Count returns how many items owner has.
func (l Log) Count(ctx context.Context, owner string) (n int, err error) {
	err = l.view(ctx, func(l LogTx) (err error) {
		n, err = l.Count(owner)
		return err
	})
	return n, err
}

// Bounds returns the first and the last item, and whether there are any.
func (l Log) Bounds(ctx context.Context, owner string) (b Bounds, ok bool, err error) {
	err = l.view(ctx, func(l LogTx) (err error) {
		b, ok, err = l.Bounds(owner)
		return err
	})
	return b, ok, err
}

// Clear deletes all items of owner in one transaction.
func (l Log) Clear(ctx context.Context, owner string) error {
	return l.update(ctx, func(l LogTx) error { return l.Clear(owner) })
}

// Owners pages through the owners, as [Tx].Owners does.
func (l Log) Owners(ctx context.Context, after string, limit int) (owners []string, err error) {
	err = l.view(ctx, func(l LogTx) (err error) {
		owners, err = l.Owners(after, limit)
		return err
	})
	return owners, err
}

// LogTx is a Log within a transaction. Its methods are those of Tx.
type LogTx struct {
	l  Log
	tx Tx
}

// Append adds an item; see [Tx].Append. Errors: ErrExists.
func (l LogTx) Append(owner string, it Item) (seq int64, err error) {
	if l.l.err != nil {
		return 0, l.l.err
	}
	return l.tx.Append(l.l.name, owner, it)
}

// Query returns one page. Errors: ErrNotFound, naming the id.
func (l LogTx) Query(owner string, q Query) (Page, error) {
	if l.l.err != nil {
		return Page{}, l.l.err
	}
	return l.tx.Query(l.l.name, owner, q)
}

// Item returns the item with this id, and whether there is one.
func (l LogTx) Item(owner, id string) (Item, bool, error) {
	if l.l.err != nil {
		return Item{}, false, l.l.err
	}
	return l.tx.Item(l.l.name, owner, id)
}

// Replace puts value in place of an item's; see [Tx].Replace. Errors: ErrNotFound.
func (l LogTx) Replace(owner, id string, value []byte) error {
	if l.l.err != nil {
		return l.l.err
	}
	return l.tx.Replace(l.l.name, owner, id, value)
}

// Remove deletes one item and tells whether it was there.
func (l LogTx) Remove(owner, id string) (existed bool, err error) {
	if l.l.err != nil {
		return false, l.l.err
	}
	return l.tx.Remove(l.l.name, owner, id)
}

// Trim deletes at most limit of the oldest items that r does not keep.
func (l LogTx) Trim(owner string, r Retention, limit int) (deleted int, err error) {
	if l.l.err != nil {
		return 0, l.l.err
	}
	return l.tx.Trim(l.l.name, owner, r, limit)
}

// Count returns how many items owner has.
func (l LogTx) Count(owner string) (int, error) {
	if l.l.err != nil {
		return 0, l.l.err
	}
	return l.tx.Count(l.l.name, owner)
}

// Bounds returns the first and the last item, and whether there are any.
func (l LogTx) Bounds(owner string) (Bounds, bool, error) {
	if l.l.err != nil {
		return Bounds{}, false, l.l.err
	}
	return l.tx.Bounds(l.l.name, owner)
}

// Clear deletes all items of owner.
func (l LogTx) Clear(owner string) error {
	if l.l.err != nil {
		return l.l.err
	}
	return l.tx.Clear(l.l.name, owner)
}

// Owners pages through the owners, as [Tx].Owners does.
func (l LogTx) Owners(after string, limit int) ([]string, error) {
	if l.l.err != nil {
		return nil, l.l.err
	}
	return l.tx.Owners(l.l.name, after, limit)
}

// exceeds tells whether Trim would delete something.
func (l LogTx) exceeds(owner string, r Retention) (bool, error) {
	if !r.Before.IsZero() {
		b, ok, err := l.Bounds(owner)
		if err != nil || !ok {
			return false, err
		}
		if b.FirstAt.Before(r.Before.Truncate(time.Microsecond)) {
			return true, nil
		}
	}
	if r.Keep <= 0 {
		return false, nil
	}
	n, err := l.Count(owner)
	return n > r.Keep, err
}
