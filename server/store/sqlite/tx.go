package sqlite

import (
	"database/sql/driver"
	"fmt"
	"slices"

	"github.com/stonechat-im/stonechat/server/store"
)

// tx is the store.Tx of views and batches.
type tx struct {
	d      *database
	c      *conn
	shapes map[string]*tables
	writes bool
}

// shape finds the tables of a name that has one of the kinds.
func (t *tx) shape(name string, kinds ...store.Kind) (*tables, error) {
	s := t.shapes[name]
	if s == nil && t.writes {
		for _, c := range t.d.created {
			if c.Name == name {
				s = tablesOf(c)
			}
		}
	}
	if s == nil {
		return nil, fmt.Errorf("%w: %q is not declared", store.ErrShape, name)
	}
	if len(kinds) > 0 && !slices.Contains(kinds, s.Kind) {
		return nil, fmt.Errorf("%w: %q is a %v", store.ErrShape, name, s.Kind)
	}
	return s, nil
}

// exec executes a statement that changes rows.
func (t *tx) exec(sql string, args ...driver.Value) (rows int, id int64, err error) {
	if !t.writes {
		return 0, 0, store.ErrReadOnly
	}
	if err := t.d.save(); err != nil {
		return 0, 0, err
	}
	rows, id, err = t.c.exec(sql, args...)
	if err != nil && fatal(err) {
		t.d.broken = err
	}
	t.d.rows += rows
	return rows, id, err
}

func (t *tx) Shapes() ([]store.Shape, error) { return readShapes(t.c) }

// Create also lets a log have full-text search later; it then finds what is
// added from there on. The index of a log that no longer wants it stays.
func (t *tx) Create(s store.Shape) error {
	if !t.writes {
		return store.ErrReadOnly
	}
	old, err := t.shape(s.Name)
	switch {
	case err != nil:
	case old.Kind != s.Kind:
		return fmt.Errorf("%w: %q is stored as a %v", store.ErrShape, s.Name, old.Kind)
	case old.FullText || !s.FullText:
		return nil
	}
	// Another process may have made it since this one opened the file.
	stored, err := readShapes(t.c)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(stored, func(o store.Shape) bool { return o.Name == s.Name })
	if i >= 0 && stored[i].Kind != s.Kind {
		return fmt.Errorf("%w: %q is stored as a %v", store.ErrShape, s.Name, stored[i].Kind)
	}
	if _, _, err := t.exec(`INSERT INTO shape (name, kind, fulltext) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET fulltext = max(fulltext, excluded.fulltext)`,
		s.Name, int64(s.Kind), s.FullText); err != nil {
		return err
	}
	switch {
	case i >= 0:
	case s.Kind == store.KindLog:
		err = createTables(t.c, "log.sql", s.Name)
	default:
		err = createTables(t.c, "map.sql", s.Name)
	}
	if err == nil && s.FullText && (i < 0 || !stored[i].FullText) {
		err = createTables(t.c, "fulltext.sql", s.Name)
	}
	if err == nil {
		t.d.created = append(t.d.created, s)
	}
	return err
}

func (t *tx) Get(name, owner, key string) (value []byte, ok bool, err error) {
	s, err := t.shape(name, store.KindKV, store.KindMap)
	if err != nil {
		return nil, false, err
	}
	err = t.c.query(s.get, func(v []driver.Value) { value, ok = blob(v[0]), true }, owner, key)
	return value, ok, err
}

func (t *tx) Put(name, owner, key string, value []byte) error {
	s, err := t.shape(name, store.KindKV, store.KindMap)
	if err != nil {
		return err
	}
	_, _, err = t.exec(s.put, owner, key, value)
	return err
}

func (t *tx) Delete(name, owner, key string) (existed bool, err error) {
	s, err := t.shape(name, store.KindKV, store.KindMap)
	if err != nil {
		return false, err
	}
	n, _, err := t.exec(s.del, owner, key)
	return n > 0, err
}

func (t *tx) Range(name, owner, prefix string) (all []store.Entry, err error) {
	s, err := t.shape(name, store.KindKV, store.KindMap)
	if err != nil {
		return nil, err
	}
	row := func(v []driver.Value) { all = append(all, store.Entry{Key: text(v[0]), Value: blob(v[1])}) }
	if end := pastPrefix(prefix); end != "" {
		err = t.c.query(s.rngTo, row, owner, prefix, end)
	} else {
		err = t.c.query(s.rng, row, owner, prefix)
	}
	return all, err
}

// pastPrefix returns the least string above all that begin with prefix, "" for none.
func pastPrefix(prefix string) string {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return string(b[:i+1])
		}
	}
	return ""
}

func (t *tx) Count(name, owner string) (int, error) {
	s, err := t.shape(name)
	if err != nil {
		return 0, err
	}
	n, err := t.c.number(s.count, owner)
	return int(n), err
}

func (t *tx) Clear(name, owner string) error {
	s, err := t.shape(name)
	if err != nil {
		return t.clearForeign(name, owner)
	}
	_, _, err = t.exec(s.clear, owner)
	return err
}

// clearForeign clears a shape that another process has made meanwhile:
// removal of an owner must find everything.
func (t *tx) clearForeign(name, owner string) error {
	stored, err := readShapes(t.c)
	if err != nil {
		return err
	}
	for _, s := range stored {
		if s.Name == name {
			_, _, err := t.exec(tablesOf(s).clear, owner)
			return err
		}
	}
	return fmt.Errorf("%w: %q is not declared", store.ErrShape, name)
}

func (t *tx) Owners(name, after string, limit int) (all []string, err error) {
	s, err := t.shape(name)
	if err != nil {
		return nil, err
	}
	err = t.c.query(s.owners, func(v []driver.Value) { all = append(all, text(v[0])) }, after, int64(max(limit, 0)))
	return all, err
}

func (t *tx) Import(r store.Record) error {
	if r.Kind != store.KindLog {
		return t.Put(r.Shape, r.Owner, r.Key, r.Value)
	}
	s, err := t.shape(r.Shape, store.KindLog)
	if err == nil {
		err = r.Item.Check()
	}
	if err != nil {
		return err
	}
	n, seq, err := t.exec(s.merge, r.Owner, r.Item.ID, r.Item.At.UnixMicro(), r.Item.Peer, r.Item.Resource,
		r.Item.Value, s.searchable(r.Item))
	if err != nil || n == 0 {
		return err
	}
	return t.index(s, seq, r.Owner, r.Item)
}
