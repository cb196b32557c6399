// Package storetest is the suite that every storage driver passes: the
// promises of package store, one test each. A driver's test calls [Run], and
// [Compare] to try random histories against the memory driver.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/server/store"
)

const (
	romeo    = "romeo@montague.example"
	juliet   = "juliet@capulet.example"
	mercutio = "mercutio@montague.example"
)

// Run runs the suite. open returns an empty database; Run closes it.
func Run(t *testing.T, open func(*testing.T) store.DB) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, store.DB)
	}{
		{"a map gives back what was put", mapRoundTrip},
		{"map entries come in the order of keys", mapOrder},
		{"a kv holds one value per owner", kvRoundTrip},
		{"values keep their types", codecs},
		{"owners are paged", owners},
		{"names are checked and claimed once", names},
		{"a shape keeps its kind", kinds},

		{"pages of a log", pages},
		{"filters of a log", filters},
		{"counts of a log", counts},
		{"counts end at the limit", countLimit},
		{"unknown ids are named", unknownIDs},
		{"a log keeps its order when the clock steps back", clockStepsBack},
		{"item ids are unique per owner", uniqueIDs},
		{"replace leaves a tombstone", tombstone},
		{"remove takes one item", removeItem},
		{"trim takes the oldest", trim},
		{"trim of all owners", trimAll},
		{"bounds of a log", bounds},
		{"full-text search", fullText},
		{"full-text search takes no operators", fullTextHostile},

		{"an error takes back its own writes only", rollback},
		{"an error takes back a log's writes", rollbackLog},
		{"a panic takes back its writes", panics},
		{"several shapes change together", together},
		{"a view does not write", readOnly},
		{"a view keeps its snapshot", snapshot},
		{"a shape made in a failed write is not there", failedCreate},
		{"writes run in the order of the calls", order},
		{"OnDone is called once, in order", onDone},
		{"a queued write can be withdrawn", withdraw},
		{"sync waits for what is queued", syncWaits},
		{"a full queue holds callers back", backpressure},
		{"many goroutines", concurrency},
		{"close finishes what is queued", closing},

		{"an owner is removed everywhere", removeOwner},
		{"export and import", exportImport},
		{"export stops at an error", exportStops},
		{"stats count", stats},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			db := open(t)
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			c.run(t, db)
		})
	}
}

// at is minute n of the test's day.
func at(n int) time.Time {
	return time.Date(1595, 1, 30, 12, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}

// item is item n of a log; its id tells n.
func item(n int) store.Item {
	return store.Item{ID: fmt.Sprintf("id%d", n), At: at(n), Peer: juliet, Resource: "balcony", Value: fmt.Appendf(nil, "<message id='%d'/>", n)}
}

// fill appends items 0 to n-1.
func fill(t *testing.T, log store.Log, owner string, n int) {
	t.Helper()
	var last *store.Commit
	for i := range n {
		last = log.Append(owner, item(i))
	}
	must(t, last.Wait(t.Context()))
}

func ids(items []store.Item) string {
	var all []string
	for _, it := range items {
		all = append(all, strings.TrimPrefix(it.ID, "id"))
	}
	return strings.Join(all, " ")
}

// all is every id of a log, in order.
func all(t *testing.T, log store.Log, owner string) string {
	t.Helper()
	p, err := log.Query(t.Context(), owner, store.Query{Limit: store.All})
	must(t, err)
	return ids(p.Items)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error, mention ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	for _, m := range mention {
		if !strings.Contains(err.Error(), m) {
			t.Fatalf("error %q does not mention %q", err, m)
		}
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// hold stops the writer until the function returned is called, so that what is
// queued meanwhile stays queued.
func hold(db store.DB) (release func()) {
	started, gate := make(chan struct{}), make(chan struct{})
	db.Go(func(store.Tx) error {
		close(started)
		<-gate
		return nil
	})
	<-started
	return func() { close(gate) }
}

func update(t *testing.T, db store.DB, fn func(store.Tx) error) {
	t.Helper()
	must(t, db.Update(t.Context(), fn))
}

func view(t *testing.T, db store.DB, fn func(store.Tx) error) {
	t.Helper()
	must(t, db.View(t.Context(), fn))
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
