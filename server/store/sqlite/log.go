package sqlite

import (
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/stonechat-im/stonechat/server/store"
)

// searchable is what the text column holds for an item.
func (s *tables) searchable(it store.Item) driver.Value {
	if !s.FullText || it.Text == "" {
		return nil
	}
	return it.Text
}

func (t *tx) Append(name, owner string, it store.Item) (seq int64, err error) {
	s, err := t.shape(name, store.KindLog)
	if err == nil {
		err = it.Check()
	}
	if err != nil {
		return 0, err
	}
	_, seq, err = t.exec(s.add, owner, it.ID, it.At.UnixMicro(), owner, it.Peer, it.Resource, it.Value, s.searchable(it))
	if constraint(err) {
		return 0, fmt.Errorf("%w: %q in log %s of %s", store.ErrExists, it.ID, name, owner)
	}
	if err != nil {
		return 0, err
	}
	return seq, t.index(s, seq, owner, it)
}

// index puts an item's text into the full-text index. It is the second half of
// a change that must be whole, so that an error ends the batch.
func (t *tx) index(s *tables, seq int64, owner string, it store.Item) error {
	if s.searchable(it) == nil {
		return nil
	}
	_, _, err := t.c.exec(s.index, seq, ownerWord(owner), it.Text)
	if err != nil {
		t.d.broken = err
	}
	return err
}

// ownerWord is the owner as the full-text index knows it.
func ownerWord(owner string) string { return fmt.Sprintf("%X", owner) }

func (t *tx) Item(name, owner, id string) (it store.Item, ok bool, err error) {
	s, err := t.shape(name, store.KindLog)
	if err != nil {
		return it, false, err
	}
	err = t.c.query(s.item, func(v []driver.Value) { it, ok = itemOf(v), true }, owner, id)
	return it, ok, err
}

func itemOf(v []driver.Value) store.Item {
	return store.Item{
		ID:       text(v[0]),
		At:       time.UnixMicro(integer(v[1])).UTC(),
		Peer:     text(v[2]),
		Resource: text(v[3]),
		Value:    blob(v[4]),
		Text:     text(v[5]),
	}
}

func (t *tx) Replace(name, owner, id string, value []byte) error {
	s, err := t.shape(name, store.KindLog)
	if err != nil {
		return err
	}
	n, _, err := t.exec(s.replace, value, owner, id)
	if err == nil && n == 0 {
		return store.NoItem(name, owner, id)
	}
	return err
}

func (t *tx) Remove(name, owner, id string) (existed bool, err error) {
	s, err := t.shape(name, store.KindLog)
	if err != nil {
		return false, err
	}
	n, _, err := t.exec(s.remove, owner, id)
	return n > 0, err
}

func (t *tx) Trim(name, owner string, r store.Retention, limit int) (deleted int, err error) {
	s, err := t.shape(name, store.KindLog)
	if err != nil {
		return 0, err
	}
	bound := lowest
	if !r.Before.IsZero() {
		bound = key{r.Before.UnixMicro(), 0}
	}
	if r.Keep > 0 {
		// The oldest item to keep; with fewer items, nothing is too many.
		err := t.c.query(s.nth, func(v []driver.Value) {
			bound = latest(bound, key{integer(v[0]), integer(v[1])})
		}, owner, int64(r.Keep-1))
		if err != nil {
			return 0, err
		}
	}
	if bound == lowest || limit <= 0 {
		return 0, nil
	}
	n, _, err := t.exec(s.trim, owner, bound.at, bound.seq, int64(limit))
	return n, err
}

func (t *tx) Bounds(name, owner string) (b store.Bounds, ok bool, err error) {
	s, err := t.shape(name, store.KindLog)
	if err != nil {
		return b, false, err
	}
	err = t.c.query(s.first, func(v []driver.Value) {
		b.FirstID, b.FirstAt, ok = text(v[0]), time.UnixMicro(integer(v[1])).UTC(), true
	}, owner)
	if err != nil || !ok {
		return b, false, err
	}
	err = t.c.query(s.last, func(v []driver.Value) {
		b.LastID, b.LastAt = text(v[0]), time.UnixMicro(integer(v[1])).UTC()
	}, owner)
	return b, true, err
}
