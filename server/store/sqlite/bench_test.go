package sqlite_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/server/store"
)

var stanza = []byte("<message xmlns='jabber:client' type='chat' to='juliet@capulet.example'><body>" +
	strings.Repeat("But, soft! what light through yonder window breaks? ", 6) + "</body></message>")

func benchItem(n int) store.Item {
	return store.Item{
		ID:    fmt.Sprintf("0190b6f8-%012d", n),
		At:    time.UnixMicro(int64(1_700_000_000_000_000 + n*1000)),
		Peer:  fmt.Sprintf("peer%d@capulet.example", n%7),
		Value: stanza,
	}
}

// BenchmarkAppend has many producers that each keep some appends under way.
func BenchmarkAppend(b *testing.B) {
	for _, full := range []bool{false, true} {
		b.Run(fmt.Sprintf("fulltext=%v", full), func(b *testing.B) {
			db := open(b)
			defer db.Close()
			log := store.OpenLog(db, "mam", store.LogOptions{FullText: full})
			before := db.Stats()
			const producers = 64
			b.ResetTimer()
			var wg sync.WaitGroup
			for p := range producers {
				wg.Go(func() {
					owner := fmt.Sprintf("user%d@montague.example", p)
					var last *store.Commit
					for n := p; n < b.N; n += producers {
						it := benchItem(n)
						if full {
							it.Text = "what light through yonder window breaks"
						}
						last = log.Append(owner, it)
					}
					if err := last.Wait(b.Context()); err != nil {
						b.Error(err)
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			s := db.Stats()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(s.Rows-before.Rows)/float64(s.Commits-before.Commits), "rows/commit")
		})
	}
}

// BenchmarkGo is BenchmarkAppend for functions that could fail after writing.
func BenchmarkGo(b *testing.B) {
	db := open(b)
	defer db.Close()
	log := store.OpenLog(db, "mam", store.LogOptions{})
	var last *store.Commit
	b.ResetTimer()
	for n := range b.N {
		last = db.Go(func(tx store.Tx) error {
			_, err := log.In(tx).Append("romeo@montague.example", benchItem(n))
			return err
		})
	}
	if err := last.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkUpdate(b *testing.B) {
	db := open(b)
	defer db.Close()
	m := store.OpenMap[string](db, "roster")
	for n := range b.N {
		if err := m.Put(b.Context(), "romeo@montague.example", fmt.Sprint(n%100), fmt.Sprint("friend ", n)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	db := open(b)
	defer db.Close()
	m := store.OpenMap[[]byte](db, "roster")
	if err := m.Put(b.Context(), "romeo@montague.example", "juliet", []byte("friend")); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := m.Get(b.Context(), "romeo@montague.example", "juliet"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPage reads 50 items at several places of logs of several lengths.
func BenchmarkPage(b *testing.B) {
	for _, size := range []int{1_000, 100_000} {
		db := open(b)
		log := store.OpenLog(db, "mam", store.LogOptions{})
		const owner = "romeo@montague.example"
		for n := range size {
			log.Append(owner, benchItem(n))
			if n%10 == 0 {
				log.Append("juliet@capulet.example", benchItem(n))
			}
		}
		if err := db.Sync(b.Context()); err != nil {
			b.Fatal(err)
		}
		middle := benchItem(size / 2)
		for _, c := range []struct {
			name string
			q    store.Query
		}{
			{"first", store.Query{}},
			{"last", store.Query{Backward: true}},
			{"after", store.Query{After: middle.ID}},
			{"since", store.Query{Start: middle.At}},
			{"until", store.Query{End: middle.At, Backward: true}},
			{"peer", store.Query{Peer: middle.Peer, Backward: true}},
			{"peer-after", store.Query{Peer: middle.Peer, After: middle.ID}},
			{"counted", store.Query{WantCount: true, Backward: true}},
		} {
			c.q.Limit = 50
			b.Run(fmt.Sprintf("%s/%d", c.name, size), func(b *testing.B) {
				for b.Loop() {
					p, err := log.Query(b.Context(), owner, c.q)
					if err != nil || len(p.Items) != 50 {
						b.Fatal(len(p.Items), err)
					}
				}
			})
		}
		db.Close()
	}
}
