package memory

import (
	"slices"
	"time"

	"github.com/stonechat-im/stonechat/server/store"
)

func (t *tx) Query(name, owner string, q store.Query) (store.Page, error) {
	s, err := t.shape(name, store.KindLog)
	if err != nil {
		return store.Page{}, err
	}
	j := s.log(owner)
	for _, id := range append([]string{q.After, q.Before, q.AfterID, q.BeforeID}, q.IDs...) {
		if id != "" && j.find(id) == nil {
			return store.Page{}, store.NoItem(name, owner, id)
		}
	}
	set := j.match(q)
	from, to := 0, len(set)
	if q.After != "" {
		from = place(set, j.find(q.After), 1)
	}
	if q.Before != "" {
		to = max(from, place(set, j.find(q.Before), 0))
	}
	page := store.Page{Complete: true}
	if q.Limit >= 0 && to-from > q.Limit {
		page.Complete = false
		if q.Backward {
			from = to - q.Limit
		} else {
			to = from + q.Limit
		}
	}
	for _, e := range set[from:to] {
		page.Items = append(page.Items, e.copy())
	}
	if q.WantCount {
		page.First, page.Count = from, len(set)
		if len(page.Items) == 0 || from > store.CountLimit {
			page.First = -1
		}
		if len(set) > store.CountLimit {
			page.Count = -1
		}
	}
	return page, nil
}

// place returns how many entries of set come before e, or up to e with more = 1.
func place(set []*entry, e *entry, more int64) int {
	i, _ := slices.BinarySearchFunc(set, &entry{store.Item{At: e.At}, e.seq + more}, compare)
	return i
}

// match returns the result set of a query.
func (j *journal) match(q store.Query) []*entry {
	if j == nil {
		return nil
	}
	after, before := j.find(q.AfterID), j.find(q.BeforeID)
	words := store.Words(q.Text)
	var set []*entry
	for _, e := range j.items {
		switch {
		case q.Peer != "" && (e.Peer != q.Peer || q.PeerResource != "" && e.Resource != q.PeerResource),
			!q.Start.IsZero() && e.At.Before(q.Start.Truncate(time.Microsecond)),
			!q.End.IsZero() && e.At.After(q.End),
			after != nil && compare(e, after) <= 0,
			before != nil && compare(e, before) >= 0,
			len(q.IDs) > 0 && !slices.Contains(q.IDs, e.ID),
			q.Text != "" && !hasAll(e.Text, words):
		default:
			set = append(set, e)
		}
	}
	return set
}

// hasAll: a search for no word at all finds nothing.
func hasAll(text string, words []string) bool {
	have := store.Words(text)
	for _, w := range words {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return len(words) > 0
}
