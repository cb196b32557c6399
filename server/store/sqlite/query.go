package sqlite

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/stonechat-im/stonechat/server/store"
)

// key is an item's place in its log.
type key struct{ at, seq int64 }

var (
	lowest  = key{math.MinInt64, 0}
	highest = key{math.MaxInt64, math.MaxInt64}
)

func latest(a, b key) key {
	if a.at > b.at || a.at == b.at && a.seq > b.seq {
		return a
	}
	return b
}

func earliest(a, b key) key {
	if latest(a, b) == a {
		return b
	}
	return a
}

// search is a query made ready: where has the conditions apart from the range
// of places, which ends before and begins after the keys.
type search struct {
	from, where           string // clauses; from names the index
	args                  []driver.Value
	after, before         key // of the result set
	pageAfter, pageBefore key // of the page
	first                 key // of the items read: the earliest
}

func (t *tx) Query(name, owner string, q store.Query) (page store.Page, err error) {
	s, err := t.shape(name, store.KindLog)
	if err != nil {
		return page, err
	}
	f, err := t.search(s, owner, q)
	if err != nil {
		return page, err
	}
	if err := t.page(f, q, &page); err != nil {
		return page, err
	}
	if q.WantCount {
		err = t.tally(f, &page)
	}
	return page, err
}

// search checks the ids of a query and works out its conditions.
func (t *tx) search(s *tables, owner string, q store.Query) (*search, error) {
	var places [4]key
	for i, id := range [...]string{q.AfterID, q.BeforeID, q.After, q.Before} {
		if id == "" {
			places[i] = lowest
			if i%2 == 1 {
				places[i] = highest
			}
			continue
		}
		var err error
		if places[i], err = t.place(s, owner, id); err != nil {
			return nil, err
		}
	}
	for _, id := range q.IDs {
		if _, err := t.place(s, owner, id); err != nil {
			return nil, err
		}
	}
	f := &search{after: places[0], before: places[1]}
	if !q.Start.IsZero() {
		f.after = latest(f.after, key{q.Start.UnixMicro(), 0})
	}
	if !q.End.IsZero() {
		f.before = earliest(f.before, key{q.End.UnixMicro(), math.MaxInt64})
	}
	f.pageAfter, f.pageBefore = latest(f.after, places[2]), earliest(f.before, places[3])
	return f, f.conditions(s, owner, q)
}

// place looks an item up.
func (t *tx) place(s *tables, owner, id string) (k key, err error) {
	found := false
	err = t.c.query(s.key, func(v []driver.Value) {
		k, found = key{integer(v[0]), integer(v[1])}, true
	}, owner, id)
	if err == nil && !found {
		err = store.NoItem(s.Name, owner, id)
	}
	return k, err
}

// conditions writes the WHERE clause. The index is named, for the planner
// knows nothing of how many items an owner or a peer has.
func (f *search) conditions(s *tables, owner string, q store.Query) error {
	index := "_at"
	f.where, f.args = " WHERE owner = ?", []driver.Value{owner}
	if q.Peer != "" {
		index = "_peer"
		f.where, f.args = f.where+" AND peer = ?", append(f.args, q.Peer)
		if q.PeerResource != "" {
			f.where, f.args = f.where+" AND resource = ?", append(f.args, q.PeerResource)
		}
	}
	if len(q.IDs) > 0 {
		ids, err := json.Marshal(q.IDs)
		if err != nil {
			return err
		}
		f.where, f.args = f.where+" AND id IN (SELECT value FROM json_each(?))", append(f.args, string(ids))
	}
	from := s.from
	switch {
	case q.Text != "":
		match := matchOf(s, owner, q.Text)
		if match == "" {
			f.where += " AND 0"
			break
		}
		from += " NOT INDEXED" // by row, or the planner reads the whole log in order to look for the few that match
		f.where += ` AND seq IN (SELECT rowid FROM "log_` + s.Name + `_fts" WHERE "log_` + s.Name + `_fts" MATCH ?)`
		f.args = append(f.args, match)
	case len(q.IDs) == 0:
		from += ` INDEXED BY "log_` + s.Name + index + `"`
	}
	f.where += " AND (at, seq) > (?, ?) AND (at, seq) < (?, ?)"
	f.from = from
	return nil
}

// matchOf turns a user's words into an FTS5 expression that has no operators
// of the user's; "" when nothing can match.
func matchOf(s *tables, owner, words string) string {
	list := store.Words(words)
	if !s.FullText || len(list) == 0 {
		return ""
	}
	return fmt.Sprintf(`owner : "%s" AND text : ("%s")`, ownerWord(owner), strings.Join(list, `" AND "`))
}

// page reads the items.
func (t *tx) page(f *search, q store.Query, page *store.Page) error {
	order := " ORDER BY at, seq"
	if q.Backward {
		order = " ORDER BY at DESC, seq DESC"
	}
	limit := int64(-1)
	if q.Limit >= 0 {
		limit = int64(q.Limit) + 1 // one more tells whether the page is complete
	}
	args := append(f.args[:len(f.args):len(f.args)],
		f.pageAfter.at, f.pageAfter.seq, f.pageBefore.at, f.pageBefore.seq, limit)
	err := t.c.query("SELECT id, at, peer, resource, value, text, seq"+f.from+f.where+order+" LIMIT ?", func(v []driver.Value) {
		if limit >= 0 && int64(len(page.Items)) == limit-1 {
			limit = -1 // the one more
			return
		}
		page.Items = append(page.Items, itemOf(v))
		if len(page.Items) == 1 || q.Backward {
			f.first = key{integer(v[1]), integer(v[6])}
		}
	}, args...)
	if err != nil {
		return err
	}
	page.Complete = q.Limit < 0 || limit >= 0
	if q.Backward {
		slices.Reverse(page.Items)
	}
	return nil
}

// tally counts the result set in one pass: what of it comes before the page's
// first item, and the rest.
func (t *tx) tally(f *search, page *store.Page) (err error) {
	page.First, page.Count = -1, 0
	rest := f.after
	if len(page.Items) > 0 {
		if page.First, err = t.countBetween(f, f.after, f.first); err != nil {
			return err
		}
		page.Count, rest = page.First, key{f.first.at, f.first.seq - 1}
	}
	if page.Count < 0 {
		return nil
	}
	n, err := t.countBetween(f, rest, f.before)
	if page.Count += n; n < 0 || page.Count > store.CountLimit {
		page.Count = -1
	}
	return err
}

// countBetween counts the items of the result set between two places; -1 above
// store.CountLimit.
func (t *tx) countBetween(f *search, after, before key) (int, error) {
	args := append(f.args[:len(f.args):len(f.args)],
		after.at, after.seq, before.at, before.seq, int64(store.CountLimit)+1)
	n, err := t.c.number("SELECT count(*) FROM (SELECT 1"+f.from+f.where+" LIMIT ?)", args...)
	if n > store.CountLimit {
		n = -1
	}
	return int(n), err
}
