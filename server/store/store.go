// Package store is what every server module keeps its data in. It knows three
// shapes: [KV] (owner → value), [Map] (owner → key → value) and [Log] (owner →
// appended items with id, time and peer). Owners are strings, usually a bare
// JID, so one database serves many domains. Removal and export by owner come
// with the shapes.
//
// Modules use the typed layer: [OpenKV], [OpenMap], [OpenLog]. Below it lies a
// byte-level [Tx], which drivers implement (see [Driver]; drivers live in the
// folders memory and sqlite, and storetest is the suite that all pass).
//
// State: one goroutine per database, started by [New], owns all writing. What
// is queued while a commit is under way goes into the next one (group commit),
// in the order of the calls. Reading runs beside it on snapshots. A function
// given to View, Update or Go must use only its Tx and never the DB: the
// writer would wait for itself.
//
// Start reading at [DB], then writer.go.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Errors that callers may test for with errors.Is.
var (
	// ErrNotFound: an item id that a query or an operation names is not in the log.
	ErrNotFound = errors.New("store: not found")
	// ErrExists: an item with this id is already in the owner's log.
	ErrExists = errors.New("store: item id exists already")
	// ErrClosed: the database has been closed.
	ErrClosed = errors.New("store: closed")
	// ErrFull: the disk is full or refuses to write. Nothing of the batch was
	// kept; a later write may succeed.
	ErrFull = errors.New("store: cannot write to disk")
	// ErrCorrupt: the file is damaged, or is not a database of this program.
	ErrCorrupt = errors.New("store: not a usable database")
	// ErrVersion: the file was written by a newer version of this program.
	ErrVersion = errors.New("store: database is from a newer version")
	// ErrReadOnly: a write inside View.
	ErrReadOnly = errors.New("store: write in a read-only transaction")
	// ErrShape: a name that was not declared, is declared twice, or has another kind.
	ErrShape = errors.New("store: wrong shape")
)

// DB is one open database. All methods may be called from any goroutine.
type DB interface {
	// View runs fn on a snapshot that holds all that was committed before the
	// call. Views run beside each other and beside the writer.
	View(ctx context.Context, fn func(Tx) error) error

	// Update runs fn in the writer and returns once its writes are durable. An
	// error of fn, or a panic, takes back what fn wrote, nothing else, and is
	// returned. When ctx ends before fn was started, fn is never run and the
	// context's error is returned; once started, Update waits for the outcome.
	Update(ctx context.Context, fn func(Tx) error) error

	// Go queues fn for the writer and returns at once; it waits only while
	// [QueueLimit] writes are queued already. Writes run in the order of the calls.
	Go(fn func(Tx) error) *Commit

	// Sync waits until all that was queued before the call is committed (or has failed).
	Sync(ctx context.Context) error

	// Declare makes the shape usable, and creates it where it is missing. It is
	// for the start of a program: a name can be declared once per DB, and a
	// stored shape keeps its kind. The error is also kept for Ready.
	Declare(s Shape) error

	// Ready returns the errors of all Declare calls so far, joined. Whoever
	// builds the modules asks once, when all are built.
	Ready() error

	// RemoveOwner deletes what any shape holds for owner, in one transaction,
	// shapes that no module declares any more included.
	RemoveOwner(ctx context.Context, owner string) error

	// Export calls fn for every record of owner, shape by shape in the order
	// of names, logs in their order; it stops at fn's first error and returns
	// it. [Tx].Import is the way back.
	Export(ctx context.Context, owner string, fn func(Record) error) error

	// Stats returns counters since the database was opened.
	Stats() Stats

	// Close refuses new work, finishes what is queued and closes the files.
	Close() error
}

// Stats counts the work of the writer.
type Stats struct {
	Commits uint64 // batches committed
	Failed  uint64 // batches lost as a whole, to a full disk for example
	Writes  uint64 // functions run
	Rows    uint64 // rows written or deleted by committed batches
	Queue   int    // functions waiting now
}

// Kind is the kind of a shape.
type Kind uint8

// The kinds. Their values are stored.
const (
	KindKV  Kind = 1
	KindMap Kind = 2
	KindLog Kind = 3
)

func (k Kind) String() string {
	switch k {
	case KindKV:
		return "kv"
	case KindMap:
		return "map"
	case KindLog:
		return "log"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Shape names a collection. A name has 1 to 48 of a-z, 0-9, '-' and '_', and begins with a letter.
type Shape struct {
	Name     string
	Kind     Kind
	FullText bool // logs only: index Item.Text
}

const maxName = 48

func (s Shape) check() error {
	ok := len(s.Name) > 0 && len(s.Name) <= maxName && s.Name[0] >= 'a' && s.Name[0] <= 'z'
	for i := 0; ok && i < len(s.Name); i++ {
		c := s.Name[i]
		ok = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
	}
	switch {
	case !ok:
		return fmt.Errorf("%w: bad name %q", ErrShape, s.Name)
	case s.Kind < KindKV || s.Kind > KindLog:
		return fmt.Errorf("%w: %q: unknown %v", ErrShape, s.Name, s.Kind)
	case s.FullText && s.Kind != KindLog:
		return fmt.Errorf("%w: %q: full text is for logs, this is a %v", ErrShape, s.Name, s.Kind)
	}
	return nil
}

// Entry is one key of a Map and its value.
type Entry struct {
	Key   string
	Value []byte
}

// Record is one exported value or item. For KV and Map it has Key (empty for
// KV) and Value; for Log it has Item.
type Record struct {
	Shape string
	Kind  Kind
	Owner string
	Key   string
	Value []byte
	Item  Item
}

// Retention says what Trim keeps. Zero fields set no limit.
type Retention struct {
	Before time.Time // older items go
	Keep   int       // only this many newest items stay
}

// Tx is an open transaction: a snapshot in View, the running batch in Update
// and Go (which sees all writes queued before it). It must not outlive its
// function, and belongs to that function's goroutine. Every name must have
// been declared. Byte slices given are copied, byte slices returned belong to
// the caller.
type Tx interface {
	// Get, Put and Delete work on a Map, and on a KV with the empty key.
	Get(name, owner, key string) (value []byte, ok bool, err error)
	Put(name, owner, key string, value []byte) error
	Delete(name, owner, key string) (existed bool, err error)
	// Range returns the entries whose key begins with prefix, ordered by key (bytewise).
	Range(name, owner, prefix string) ([]Entry, error)

	// Append adds an item at the end of the owner's log and returns its
	// sequence number. A time before the newest item's (the clock stepped
	// back) is raised to it, so that order never changes under a reader who
	// pages. Errors: ErrExists.
	Append(name, owner string, it Item) (seq int64, err error)
	// Query returns one page. Errors: ErrNotFound, naming the id.
	Query(name, owner string, q Query) (Page, error)
	// Item returns the item with this id.
	Item(name, owner, id string) (Item, bool, error)
	// Replace puts value in place of an item's and takes it out of the
	// full-text index; id, time and peer stay (XEP-0313 §3.2). Errors: ErrNotFound.
	Replace(name, owner, id string, value []byte) error
	// Remove deletes one item.
	Remove(name, owner, id string) (existed bool, err error)
	// Trim deletes at most limit of the oldest items that r does not keep and
	// returns how many.
	Trim(name, owner string, r Retention, limit int) (deleted int, err error)
	// Bounds returns the first and the last item, without values.
	Bounds(name, owner string) (b Bounds, ok bool, err error)

	// Count returns how many entries or items owner has.
	Count(name, owner string) (int, error)
	// Clear deletes all that owner has in this shape, of any kind.
	Clear(name, owner string) error
	// Owners returns at most limit owners that have something, in bytewise
	// order, beginning after the one given ("" begins at the start).
	Owners(name, after string, limit int) ([]string, error)

	// Shapes returns every stored shape in the order of names.
	Shapes() ([]Shape, error)
	// Create makes a shape if it is not there. Modules use Declare instead.
	Create(s Shape) error
	// Import stores an exported record. An item goes to its place by time; one
	// whose id is there already is left as it is.
	Import(r Record) error
}

// Driver is what a storage engine implements; [New] makes a DB of it. All
// methods but View are called from one goroutine only.
type Driver interface {
	// View runs fn on a read snapshot; its Tx answers writes with ErrReadOnly.
	View(ctx context.Context, fn func(Tx) error) error
	// Begin opens the transaction of a batch.
	Begin() (Tx, error)
	// Mark begins the next function of the batch. When single is set, the
	// function changes the store by at most one call, as its last act, so that
	// an error of it leaves nothing to undo.
	Mark(single bool) error
	// Undo takes back what was written since Mark.
	Undo() error
	// Commit makes the batch durable and returns how many rows it changed. Once
	// the transaction is broken (full disk), Mark, Undo and Commit return why.
	Commit() (rows int, err error)
	// Rollback ends the batch and keeps nothing of it.
	Rollback()
	// Close waits for running views and closes the files.
	Close() error
}

// NoItem returns an ErrNotFound that names the item; for drivers.
func NoItem(name, owner, id string) error {
	return fmt.Errorf("%w: no item %q in log %s of %s", ErrNotFound, id, name, owner)
}
