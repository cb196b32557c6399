package storetest

import (
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/server/store"
)

func pages(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{})
	fill(t, log, romeo, 10)
	fill(t, log, juliet, 3)
	for _, c := range []struct {
		name     string
		owner    string
		q        store.Query
		want     string
		complete bool
	}{
		{"nothing asked", romeo, store.Query{}, "", false},
		{"nothing asked of an empty log", mercutio, store.Query{}, "", true},
		{"everything", romeo, store.Query{Limit: store.All}, "0 1 2 3 4 5 6 7 8 9", true},
		{"everything backward", romeo, store.Query{Limit: store.All, Backward: true}, "0 1 2 3 4 5 6 7 8 9", true},
		{"empty log", mercutio, store.Query{Limit: 5}, "", true},
		{"another owner", juliet, store.Query{Limit: 5}, "0 1 2", true},
		{"one", romeo, store.Query{Limit: 1}, "0", false},
		{"first page", romeo, store.Query{Limit: 3}, "0 1 2", false},
		{"second page", romeo, store.Query{Limit: 3, After: "id2"}, "3 4 5", false},
		{"short last page", romeo, store.Query{Limit: 3, After: "id8"}, "9", true},
		{"full last page", romeo, store.Query{Limit: 3, After: "id6"}, "7 8 9", true},
		{"after the last", romeo, store.Query{Limit: 3, After: "id9"}, "", true},
		{"as many as there are", romeo, store.Query{Limit: 10}, "0 1 2 3 4 5 6 7 8 9", true},
		{"huge limit", romeo, store.Query{Limit: 1 << 40}, "0 1 2 3 4 5 6 7 8 9", true},
		{"last page", romeo, store.Query{Limit: 3, Backward: true}, "7 8 9", false},
		{"page before", romeo, store.Query{Limit: 3, Backward: true, Before: "id7"}, "4 5 6", false},
		{"first page backward", romeo, store.Query{Limit: 3, Backward: true, Before: "id2"}, "0 1", true},
		{"before the first", romeo, store.Query{Limit: 3, Backward: true, Before: "id0"}, "", true},
		{"before, forward", romeo, store.Query{Limit: 3, Before: "id7"}, "0 1 2", false},
		{"after, backward", romeo, store.Query{Limit: 3, After: "id2", Backward: true}, "7 8 9", false},
		{"between", romeo, store.Query{Limit: 5, After: "id2", Before: "id5"}, "3 4", true},
		{"between, the wrong way round", romeo, store.Query{Limit: 5, After: "id5", Before: "id2"}, "", true},
		{"zero limit after the last", romeo, store.Query{After: "id9"}, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := log.Query(t.Context(), c.owner, c.q)
			must(t, err)
			equal(t, "ids", ids(p.Items), c.want)
			equal(t, "complete", p.Complete, c.complete)
		})
	}
	p, err := log.Query(t.Context(), romeo, store.Query{Limit: 1})
	must(t, err)
	equal(t, "item", p.Items[0], item(0))
}

func filters(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{})
	for i := range 12 {
		it := item(i)
		it.Peer = [...]string{juliet, mercutio, ""}[i%3]
		it.Resource = [...]string{"balcony", "", "chamber", "balcony"}[i%4]
		must(t, log.Append(romeo, it).Wait(t.Context()))
	}
	us := time.Microsecond
	for _, c := range []struct {
		name     string
		q        store.Query
		want     string
		complete bool
	}{
		{"peer", store.Query{Peer: juliet}, "0 3 6 9", true},
		{"peer with resource", store.Query{Peer: juliet, PeerResource: "balcony"}, "0 3", true},
		{"unknown peer", store.Query{Peer: romeo}, "", true},
		{"peer page", store.Query{Peer: juliet, Limit: 2, After: "id0"}, "3 6", false},
		{"peer page after another's item", store.Query{Peer: juliet, Limit: 2, After: "id1"}, "3 6", false},
		{"peer last page", store.Query{Peer: juliet, Limit: 2, Backward: true}, "6 9", false},
		{"start is included", store.Query{Start: at(9)}, "9 10 11", true},
		{"start just after", store.Query{Start: at(9).Add(us)}, "10 11", true},
		{"end is included", store.Query{End: at(2)}, "0 1 2", true},
		{"end just before", store.Query{End: at(2).Add(-us)}, "0 1", true},
		{"start and end", store.Query{Start: at(3), End: at(5)}, "3 4 5", true},
		{"end before start", store.Query{Start: at(5), End: at(3)}, "", true},
		{"start in another zone", store.Query{Start: at(10).In(time.FixedZone("", 7200))}, "10 11", true},
		{"start after all", store.Query{Start: at(100)}, "", true},
		{"page in a time span", store.Query{Start: at(3), End: at(9), Limit: 2, Backward: true}, "8 9", false},
		{"page before in a time span", store.Query{Start: at(3), Limit: 9, Backward: true, Before: "id6"}, "3 4 5", true},
		{"after-id", store.Query{AfterID: "id9"}, "10 11", true},
		{"before-id", store.Query{BeforeID: "id2"}, "0 1", true},
		{"before-id does not page", store.Query{BeforeID: "id5", Limit: 2}, "0 1", false},
		{"after-id and before-id", store.Query{AfterID: "id3", BeforeID: "id6"}, "4 5", true},
		{"after-id and after", store.Query{AfterID: "id3", After: "id6", Limit: 2}, "7 8", false},
		{"after-id behind after", store.Query{AfterID: "id6", After: "id3", Limit: 2}, "7 8", false},
		{"ids come in the log's order", store.Query{IDs: []string{"id7", "id2", "id2"}}, "2 7", true},
		{"ids page", store.Query{IDs: []string{"id7", "id2", "id3"}, Limit: 2}, "2 3", false},
		{"ids and peer", store.Query{IDs: []string{"id7", "id3"}, Peer: juliet}, "3", true},
		{"text of a log without full text", store.Query{Text: "message"}, "", true},
		{"peer and time", store.Query{Peer: juliet, Start: at(1), End: at(6)}, "3 6", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.q.Limit == 0 {
				c.q.Limit = store.All
			}
			p, err := log.Query(t.Context(), romeo, c.q)
			must(t, err)
			equal(t, "ids", ids(p.Items), c.want)
			equal(t, "complete", p.Complete, c.complete)
		})
	}
}

func counts(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{})
	fill(t, log, romeo, 10)
	for _, c := range []struct {
		name         string
		q            store.Query
		first, count int
	}{
		{"count alone", store.Query{}, -1, 10},
		{"first page", store.Query{Limit: 3}, 0, 10},
		{"second page", store.Query{Limit: 3, After: "id2"}, 3, 10},
		{"last page", store.Query{Limit: 3, Backward: true}, 7, 10},
		{"the page before it", store.Query{Limit: 3, Backward: true, Before: "id7"}, 4, 10},
		{"empty page", store.Query{Limit: 3, After: "id9"}, -1, 10},
		{"time span", store.Query{Limit: 3, Start: at(2), End: at(5)}, 0, 4},
		{"time span, second page", store.Query{Limit: 3, Start: at(2), End: at(5), After: "id4"}, 3, 4},
		{"after-id counts, after does not", store.Query{Limit: 3, AfterID: "id1", After: "id4"}, 3, 8},
		{"ids", store.Query{Limit: 3, IDs: []string{"id3", "id1"}, After: "id1"}, 1, 2},
		{"peer that is not there", store.Query{Limit: 3, Peer: romeo}, -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.q.WantCount = true
			p, err := log.Query(t.Context(), romeo, c.q)
			must(t, err)
			equal(t, "first and count", []int{p.First, p.Count}, []int{c.first, c.count})
		})
	}
	n, err := log.Count(t.Context(), romeo)
	must(t, err)
	equal(t, "Count", n, 10)
}

func unknownIDs(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{})
	fill(t, log, romeo, 3)
	must(t, log.Append(juliet, store.Item{ID: "hers", At: at(1)}).Wait(t.Context()))
	for name, q := range map[string]store.Query{
		"after":     {After: "hers"},
		"before":    {Before: "hers", Backward: true},
		"after-id":  {AfterID: "hers"},
		"before-id": {BeforeID: "hers"},
		"ids":       {IDs: []string{"id1", "hers"}},
	} {
		t.Run(name, func(t *testing.T) {
			q.Limit = 5
			_, err := log.Query(t.Context(), romeo, q)
			wantErr(t, err, store.ErrNotFound, `"hers"`)
		})
	}
}

func clockStepsBack(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{})
	for i, minute := range []int{5, 7, 6, 7, 1, 8} {
		it := item(i)
		it.At = at(minute).Add(999)
		must(t, log.Append(romeo, it).Wait(t.Context()))
	}
	p, err := log.Query(t.Context(), romeo, store.Query{Limit: store.All})
	must(t, err)
	equal(t, "order", ids(p.Items), "0 1 2 3 4 5")
	for i, minute := range []int{5, 7, 7, 7, 7, 8} {
		equal(t, "time", p.Items[i].At, at(minute))
	}
	p, err = log.Query(t.Context(), romeo, store.Query{Limit: 2, After: "id2"})
	must(t, err)
	equal(t, "a page among equal times", ids(p.Items), "3 4")
	p, err = log.Query(t.Context(), romeo, store.Query{Limit: 2, Before: "id4", Backward: true})
	must(t, err)
	equal(t, "a page back among equal times", ids(p.Items), "2 3")
}

func uniqueIDs(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{})
	ctx := t.Context()
	must(t, log.Append(romeo, item(1)).Wait(ctx))
	wantErr(t, log.Append(romeo, item(1)).Wait(ctx), store.ErrExists, "id1", romeo)
	must(t, log.Append(juliet, item(1)).Wait(ctx))
	if err := log.Append(romeo, store.Item{At: at(1)}).Wait(ctx); err == nil {
		t.Fatal("item without id accepted")
	}
	var seqs []int64
	update(t, db, func(tx store.Tx) error {
		for i := 2; i < 5; i++ {
			seq, err := log.In(tx).Append(romeo, item(i))
			must(t, err)
			seqs = append(seqs, seq)
		}
		_, err := log.In(tx).Append(romeo, item(3))
		wantErr(t, err, store.ErrExists)
		return nil // the error concerned one call only
	})
	equal(t, "sequence grows", seqs[0] < seqs[1] && seqs[1] < seqs[2], true)
	equal(t, "items", all(t, log, romeo), "1 2 3 4")
}

func tombstone(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{FullText: true})
	ctx := t.Context()
	it := item(1)
	it.Text = "what light through yonder window breaks"
	must(t, log.Append(romeo, it).Wait(ctx))
	must(t, log.Replace(ctx, romeo, "id1", []byte("<retracted/>")))
	got, ok, err := log.Item(ctx, romeo, "id1")
	must(t, err)
	it.Value, it.Text = []byte("<retracted/>"), ""
	equal(t, "found", ok, true)
	equal(t, "item", got, it)
	p, err := log.Query(ctx, romeo, store.Query{Limit: 5, Text: "light"})
	must(t, err)
	equal(t, "found by its old text", len(p.Items), 0)
	wantErr(t, log.Replace(ctx, romeo, "id2", nil), store.ErrNotFound, "id2")
	wantErr(t, log.Replace(ctx, juliet, "id1", nil), store.ErrNotFound)
}

func removeItem(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{})
	ctx := t.Context()
	fill(t, log, romeo, 3)
	existed, err := log.Remove(ctx, romeo, "id1")
	must(t, err)
	equal(t, "existed", existed, true)
	existed, err = log.Remove(ctx, romeo, "id1")
	must(t, err)
	equal(t, "existed again", existed, false)
	_, ok, err := log.Item(ctx, romeo, "id1")
	must(t, err)
	equal(t, "found", ok, false)
	equal(t, "left", all(t, log, romeo), "0 2")
	must(t, log.Clear(ctx, romeo))
	equal(t, "left after clear", all(t, log, romeo), "")
}

func trim(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{})
	for _, c := range []struct {
		name  string
		r     store.Retention
		limit int
		n     int
		left  string
	}{
		{"no limits", store.Retention{}, 100, 0, "0 1 2 3 4 5"},
		{"age", store.Retention{Before: at(2)}, 100, 2, "2 3 4 5"},
		{"age of all", store.Retention{Before: at(99)}, 100, 6, ""},
		{"age of none", store.Retention{Before: at(0)}, 100, 0, "0 1 2 3 4 5"},
		{"number", store.Retention{Keep: 4}, 100, 2, "2 3 4 5"},
		{"number not reached", store.Retention{Keep: 6}, 100, 0, "0 1 2 3 4 5"},
		{"one", store.Retention{Keep: 1}, 100, 5, "5"},
		{"age before number", store.Retention{Before: at(3), Keep: 5}, 100, 3, "3 4 5"},
		{"number before age", store.Retention{Before: at(1), Keep: 2}, 100, 4, "4 5"},
		{"no more than asked", store.Retention{Before: at(4)}, 3, 3, "3 4 5"},
		{"nothing asked", store.Retention{Before: at(4)}, 0, 0, "0 1 2 3 4 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			must(t, log.Clear(t.Context(), romeo))
			fill(t, log, romeo, 6)
			update(t, db, func(tx store.Tx) error {
				n, err := log.In(tx).Trim(romeo, c.r, c.limit)
				equal(t, "deleted", n, c.n)
				return err
			})
			equal(t, "left", all(t, log, romeo), c.left)
		})
	}
}

func trimAll(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{})
	ctx := t.Context()
	fill(t, log, romeo, 1203)
	fill(t, log, juliet, 5)
	fill(t, log, mercutio, 2)
	n, err := log.TrimAll(ctx, store.Retention{Keep: 3})
	must(t, err)
	equal(t, "deleted", n, 1202)
	equal(t, "romeo's", all(t, log, romeo), "1200 1201 1202")
	equal(t, "juliet's", all(t, log, juliet), "2 3 4")
	n, err = log.TrimAll(ctx, store.Retention{Before: at(4)})
	must(t, err)
	equal(t, "deleted by age", n, 4)
	equal(t, "juliet's", all(t, log, juliet), "4")
	equal(t, "mercutio's", all(t, log, mercutio), "")
	n, err = log.TrimAll(ctx, store.Retention{})
	must(t, err)
	equal(t, "deleted without limits", n, 0)
}

func bounds(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{})
	_, ok, err := log.Bounds(t.Context(), romeo)
	must(t, err)
	equal(t, "found in an empty log", ok, false)
	fill(t, log, romeo, 4)
	b, ok, err := log.Bounds(t.Context(), romeo)
	must(t, err)
	equal(t, "found", ok, true)
	equal(t, "bounds", b, store.Bounds{FirstID: "id0", FirstAt: at(0), LastID: "id3", LastAt: at(3)})
}

func fullText(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{FullText: true})
	ctx := t.Context()
	for i, line := range []string{
		"But, soft! what light through yonder window breaks?",
		"It is the east, and Juliet is the sun.",
		"",
		"O, speak again, bright angel: the SUN",
	} {
		it := item(i)
		it.Text = line
		must(t, log.Append(romeo, it).Wait(ctx))
		must(t, log.Append(mercutio, it).Wait(ctx))
	}
	must(t, log.Append(juliet, store.Item{ID: "hers", At: at(1), Text: "the sun"}).Wait(ctx))
	for text, want := range map[string]string{
		"sun":             "1 3",
		"Sun":             "1 3",
		"sun juliet":      "1",
		"juliet, the sun": "1",
		"soft":            "0",
		"moon":            "",
		"sun moon":        "",
		"su":              "",
		"...":             "",
	} {
		p, err := log.Query(ctx, romeo, store.Query{Text: text, Limit: store.All, WantCount: true})
		must(t, err)
		equal(t, text, ids(p.Items), want)
		equal(t, "count", p.Count, len(p.Items))
	}
	p, err := log.Query(ctx, romeo, store.Query{Text: "sun", Limit: 1, Backward: true})
	must(t, err)
	equal(t, "last page", ids(p.Items), "3")
	equal(t, "complete", p.Complete, false)
	existed, err := log.Remove(ctx, romeo, "id3")
	must(t, err)
	equal(t, "existed", existed, true)
	p, err = log.Query(ctx, romeo, store.Query{Text: "sun", Limit: 5})
	must(t, err)
	equal(t, "after remove", ids(p.Items), "1")
}

func fullTextHostile(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{FullText: true})
	ctx := t.Context()
	for _, owner := range []string{romeo, juliet} {
		must(t, log.Append(owner, store.Item{ID: owner, At: at(1), Text: "alpha owner text near not or"}).Wait(ctx))
	}
	for _, text := range []string{
		`"`, `""`, `alpha"`, `alpha" OR "x`, `alpha*`, `^alpha`, `text : alpha`, `owner : alpha`, `NEAR(alpha owner)`,
		`alpha OR owner`, `alpha NOT owner`, `(alpha`, `alpha)`, `-alpha`, `+alpha`, `{text} : alpha`, "alpha\x00owner", `al'pha`, "é\u0301", "\xff",
	} {
		p, err := log.Query(ctx, romeo, store.Query{Text: text, Limit: 5})
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		for _, it := range p.Items {
			equal(t, text, it.ID, romeo)
		}
	}
}

func countLimit(t *testing.T, db store.DB) {
	log := store.OpenLog(db, "mam", store.LogOptions{})
	fill(t, log, romeo, store.CountLimit+2)
	last, before := item(store.CountLimit+1).ID, item(store.CountLimit).ID
	for _, c := range []struct {
		name         string
		q            store.Query
		first, count int
	}{
		{"as many as are counted", store.Query{AfterID: "id1"}, 0, store.CountLimit},
		{"one more", store.Query{AfterID: "id0"}, 0, -1},
		{"the last counted place", store.Query{Limit: 1, Backward: true, Before: last}, store.CountLimit, -1},
		{"one further", store.Query{Limit: 1, After: before}, -1, -1},
		{"of a peer", store.Query{Peer: juliet, Start: at(2), Limit: 1, Backward: true}, store.CountLimit - 1, store.CountLimit},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.q.WantCount, c.q.Limit = true, 1
			p, err := log.Query(t.Context(), romeo, c.q)
			must(t, err)
			equal(t, "first and count", []int{p.First, p.Count}, []int{c.first, c.count})
		})
	}
}
