package store_test

import (
	"context"
	"fmt"
	"time"

	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/memory"
)

// Several shapes change together in one Update.
func Example() {
	ctx := context.Background()
	db := memory.New() // or sqlite.Open("stonechat.db")
	defer db.Close()
	const romeo, juliet = "romeo@montague.example", "juliet@capulet.example"

	blocked := store.OpenMap[struct{}](db, "blocking")
	version := store.OpenKV[int](db, "blocking-version")
	if err := db.Ready(); err != nil {
		panic(err)
	}
	err := db.Update(ctx, func(tx store.Tx) error {
		v, _, err := version.In(tx).Get(juliet)
		if err != nil {
			return err
		}
		if err := version.In(tx).Put(juliet, v+1); err != nil {
			return err
		}
		return blocked.In(tx).Put(juliet, romeo, struct{}{})
	})
	_, ok, _ := blocked.Get(ctx, juliet, romeo)
	fmt.Println(ok, err)
	// Output: true <nil>
}

// Appends are queued; the Commit tells when they are durable.
func ExampleLog() {
	ctx := context.Background()
	db := memory.New()
	defer db.Close()
	const romeo = "romeo@montague.example"

	archive := store.OpenLog(db, "mam", store.LogOptions{})
	var last *store.Commit
	for n := range 5 {
		last = archive.Append(romeo, store.Item{
			ID:    fmt.Sprintf("m%d", n),
			At:    time.Date(1595, 1, 30, 12, n, 0, 0, time.UTC),
			Peer:  "juliet@capulet.example",
			Value: []byte("<message/>"),
		})
	}
	if err := last.Wait(ctx); err != nil {
		panic(err)
	}
	page, err := archive.Query(ctx, romeo, store.Query{Limit: 2, Backward: true})
	for _, it := range page.Items {
		fmt.Println(it.ID, it.At.Format(time.TimeOnly))
	}
	fmt.Println(page.Complete, err)
	// Output:
	// m3 12:03:00
	// m4 12:04:00
	// false <nil>
}
