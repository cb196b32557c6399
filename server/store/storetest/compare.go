package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stonechat-im/stonechat/server/store"
)

// compareOwners and the like are few, so that random operations meet.
var (
	compareOwners = []string{romeo, juliet}
	comparePeers  = []string{"", juliet, mercutio}
	compareWords  = []string{"", "sun", "moon", "sun moon", "Sun, sun"}
)

// Compare runs random histories on two databases, which must be empty, and
// fails where their answers differ. It closes neither.
func Compare(t *testing.T, one, two store.DB) {
	for _, db := range []store.DB{one, two} {
		store.OpenMap[string](db, "map")
		store.OpenLog(db, "log", store.LogOptions{FullText: true})
		must(t, db.Ready())
	}
	rapid.Check(t, func(t *rapid.T) {
		for _, owner := range compareOwners {
			same(t, "removal", func(db store.DB) (any, error) {
				return nil, db.RemoveOwner(context.Background(), owner)
			}, one, two)
		}
		history(t, one, two)
	})
}

func history(t *rapid.T, one, two store.DB) {
	for range rapid.IntRange(1, 25).Draw(t, "transactions") {
		n := rapid.IntRange(1, 6).Draw(t, "operations")
		ops := make([]operation, n)
		for i := range ops {
			ops[i] = drawOperation(t)
		}
		result := rapid.SampledFrom([]error{nil, nil, nil, errTest}).Draw(t, "result")
		same(t, "transaction", func(db store.DB) (any, error) {
			var answers []any
			err := db.Update(context.Background(), func(tx store.Tx) error {
				for _, op := range ops {
					answer, err := op.run(tx)
					answers = append(answers, fmt.Sprint(op.name, ": ", answer, " ", kindOf(err)))
				}
				return result
			})
			return answers, err
		}, one, two)
		q := drawQuery(t)
		same(t, fmt.Sprintf("query %+v", q), func(db store.DB) (any, error) {
			var p store.Page
			err := db.View(context.Background(), func(tx store.Tx) (err error) {
				p, err = tx.Query("log", romeo, q)
				return err
			})
			return p, err
		}, one, two)
	}
	for _, owner := range compareOwners {
		same(t, "export", func(db store.DB) (any, error) {
			var all []store.Record
			err := db.Export(context.Background(), owner, func(r store.Record) error {
				all = append(all, r)
				return nil
			})
			return all, err
		}, one, two)
	}
}

func same(t *rapid.T, what string, ask func(store.DB) (any, error), one, two store.DB) {
	a, err1 := ask(one)
	b, err2 := ask(two)
	if kindOf(err1) != kindOf(err2) {
		t.Fatalf("%s: errors %v and %v", what, err1, err2)
	}
	if err1 != nil {
		return
	}
	if d := cmp.Diff(a, b); d != "" {
		t.Fatalf("%s: (-one +two)\n%s", what, d)
	}
}

// kindOf is the sentinel that an error wraps.
func kindOf(err error) error {
	for _, k := range []error{store.ErrNotFound, store.ErrExists, errTest} {
		if errors.Is(err, k) {
			return k
		}
	}
	return err
}

// operation is one change, with what it answers.
type operation struct {
	name string
	run  func(store.Tx) (any, error)
}

func drawID(t *rapid.T) string { return fmt.Sprint("id", rapid.IntRange(0, 11).Draw(t, "id")) }

func drawTime(t *rapid.T) time.Time { return at(rapid.IntRange(0, 8).Draw(t, "minute")) }

func drawItem(t *rapid.T) store.Item {
	return store.Item{
		ID:       drawID(t),
		At:       drawTime(t),
		Peer:     rapid.SampledFrom(comparePeers).Draw(t, "peer"),
		Resource: rapid.SampledFrom([]string{"", "balcony"}).Draw(t, "resource"),
		Value:    []byte("<message/>"),
		Text:     rapid.SampledFrom(compareWords).Draw(t, "text"),
	}
}

func drawOperation(t *rapid.T) operation {
	owner := rapid.SampledFrom(compareOwners).Draw(t, "owner")
	key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
	it := drawItem(t)
	r := store.Retention{Keep: rapid.IntRange(0, 9).Draw(t, "keep")}
	if rapid.Bool().Draw(t, "by age") {
		r.Before = drawTime(t)
	}
	limit := rapid.IntRange(0, 6).Draw(t, "limit")
	nothing := func(fn func(store.Tx) error) func(store.Tx) (any, error) {
		return func(tx store.Tx) (any, error) { return nil, fn(tx) }
	}
	appending := operation{"append " + it.ID, nothing(func(tx store.Tx) error { _, err := tx.Append("log", owner, it); return err })}
	return rapid.SampledFrom([]operation{
		appending, appending, appending, appending,
		{"put", nothing(func(tx store.Tx) error { return tx.Put("map", owner, key, []byte(it.ID)) })},
		{"delete", func(tx store.Tx) (any, error) { return tx.Delete("map", owner, key) }},
		{"import", nothing(func(tx store.Tx) error {
			return tx.Import(store.Record{Shape: "log", Kind: store.KindLog, Owner: owner, Item: it})
		})},
		{"replace", nothing(func(tx store.Tx) error { return tx.Replace("log", owner, it.ID, []byte("x")) })},
		{"remove", func(tx store.Tx) (any, error) { return tx.Remove("log", owner, it.ID) }},
		{"trim", func(tx store.Tx) (any, error) { return tx.Trim("log", owner, r, limit) }},
		{"count", func(tx store.Tx) (any, error) { return tx.Count("log", owner) }},
		{"clear", nothing(func(tx store.Tx) error { return tx.Clear("log", owner) })},
	}).Draw(t, "operation")
}

func drawQuery(t *rapid.T) store.Query {
	q := store.Query{
		Limit:     rapid.IntRange(-1, 5).Draw(t, "limit"),
		Backward:  rapid.Bool().Draw(t, "backward"),
		WantCount: rapid.Bool().Draw(t, "count"),
	}
	for _, field := range rapid.SliceOfNDistinct(rapid.IntRange(0, 8), 0, 3, rapid.ID[int]).Draw(t, "fields") {
		switch field {
		case 0:
			q.Peer = rapid.SampledFrom(comparePeers[1:]).Draw(t, "peer")
		case 1:
			q.Peer, q.PeerResource = juliet, "balcony"
		case 2:
			q.Start = drawTime(t)
		case 3:
			q.End = drawTime(t)
		case 4:
			q.AfterID = drawID(t)
		case 5:
			q.BeforeID = drawID(t)
		case 6:
			q.After = drawID(t)
		case 7:
			q.Before = drawID(t)
		case 8:
			q.Text = rapid.SampledFrom(compareWords[1:]).Draw(t, "text")
		}
	}
	return q
}
