package memory

import (
	"fmt"
	"slices"
	"time"

	"github.com/stonechat-im/stonechat/server/store"
)

// journal is one owner's log: entries in the order of time, then of arrival.
type journal struct {
	items []*entry
	byID  map[string]*entry
	seq   int64 // of the newest arrival
}

type entry struct {
	store.Item
	seq int64
}

func compare(a, b *entry) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	return int(a.seq - b.seq)
}

// log returns the owner's journal, nil when there is none; methods of a nil
// journal see an empty one.
func (s *shape) log(owner string) *journal { return s.logs[owner] }

func (j *journal) len() int {
	if j == nil {
		return 0
	}
	return len(j.items)
}

func (j *journal) find(id string) *entry {
	if j == nil {
		return nil
	}
	return j.byID[id]
}

func (j *journal) insert(e *entry) {
	i, _ := slices.BinarySearchFunc(j.items, e, compare)
	j.items = slices.Insert(j.items, i, e)
	j.byID[e.ID] = e
}

// remove takes an entry out; owners without entries are not kept.
func (s *shape) remove(owner string, e *entry) {
	j := s.logs[owner]
	i, _ := slices.BinarySearchFunc(j.items, e, compare)
	j.items = slices.Delete(j.items, i, i+1)
	delete(j.byID, e.ID)
	if len(j.items) == 0 {
		delete(s.logs, owner)
	}
}

// insert puts an entry in its place.
func (s *shape) insert(owner string, e *entry) {
	j := s.logs[owner]
	if j == nil {
		j = &journal{byID: map[string]*entry{}}
		s.logs[owner] = j
	}
	j.seq = max(j.seq, e.seq)
	j.insert(e)
}

func (t *tx) Append(name, owner string, it store.Item) (int64, error) {
	return t.add(name, owner, it, true)
}

// add appends an item, or imports it at its place by time.
func (t *tx) add(name, owner string, it store.Item, last bool) (int64, error) {
	s, err := t.change(name, store.KindLog)
	if err == nil {
		err = it.Check()
	}
	if err != nil {
		return 0, err
	}
	j := s.log(owner)
	if j.find(it.ID) != nil {
		if !last {
			return 0, nil
		}
		return 0, fmt.Errorf("%w: %q in log %s of %s", store.ErrExists, it.ID, name, owner)
	}
	it.At = it.At.UTC().Truncate(time.Microsecond)
	it.Value = slices.Clone(it.Value)
	if !s.FullText {
		it.Text = ""
	}
	e := &entry{it, 1}
	if j != nil {
		e.seq = j.seq + 1
		if newest := j.items[len(j.items)-1]; last && e.At.Before(newest.At) {
			e.At = newest.At
		}
	}
	s.insert(owner, e)
	t.undo(func() { s.remove(owner, e) })
	return e.seq, nil
}

func (t *tx) Item(name, owner, id string) (store.Item, bool, error) {
	s, err := t.shape(name, store.KindLog)
	if err != nil {
		return store.Item{}, false, err
	}
	if e := s.log(owner).find(id); e != nil {
		return e.copy(), true, nil
	}
	return store.Item{}, false, nil
}

func (e *entry) copy() store.Item {
	it := e.Item
	it.Value = slices.Clone(it.Value)
	return it
}

func (t *tx) Replace(name, owner, id string, value []byte) error {
	s, err := t.change(name, store.KindLog)
	if err != nil {
		return err
	}
	e := s.log(owner).find(id)
	if e == nil {
		return store.NoItem(name, owner, id)
	}
	old := e.Item
	t.undo(func() { e.Item = old })
	e.Value, e.Text = slices.Clone(value), ""
	return nil
}

func (t *tx) Remove(name, owner, id string) (bool, error) {
	s, err := t.change(name, store.KindLog)
	if err != nil {
		return false, err
	}
	e := s.log(owner).find(id)
	if e == nil {
		return false, nil
	}
	s.remove(owner, e)
	t.undo(func() { s.insert(owner, e) })
	return true, nil
}

func (t *tx) Trim(name, owner string, r store.Retention, limit int) (int, error) {
	s, err := t.change(name, store.KindLog)
	if err != nil {
		return 0, err
	}
	j := s.log(owner)
	n := 0
	if r.Keep > 0 {
		n = max(0, j.len()-r.Keep)
	}
	for !r.Before.IsZero() && n < j.len() && j.items[n].At.Before(r.Before.Truncate(time.Microsecond)) {
		n++
	}
	n = min(n, max(limit, 0))
	if n == 0 {
		return 0, nil
	}
	for _, e := range slices.Clone(j.items[:n]) {
		s.remove(owner, e)
		t.undo(func() { s.insert(owner, e) })
	}
	return n, nil
}

func (t *tx) Bounds(name, owner string) (store.Bounds, bool, error) {
	s, err := t.shape(name, store.KindLog)
	if err != nil {
		return store.Bounds{}, false, err
	}
	j := s.log(owner)
	if j.len() == 0 {
		return store.Bounds{}, false, nil
	}
	first, last := j.items[0], j.items[len(j.items)-1]
	return store.Bounds{FirstID: first.ID, FirstAt: first.At, LastID: last.ID, LastAt: last.At}, true, nil
}
