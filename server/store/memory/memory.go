// Package memory is the storage driver that keeps everything in Go maps and
// forgets it on Close. Tests use it; it behaves as the lasting drivers do,
// asynchronous commits and rollback included.
//
// State: one [engine] per database under one lock; a batch holds it for
// writing from Begin to its end, a view for reading. Start reading at engine.
package memory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/stonechat-im/stonechat/server/store"
)

// New returns an empty database.
func New() store.DB {
	return store.New(&engine{shapes: map[string]*shape{}})
}

// engine is the store.Driver. A write pushes what takes it back on undo.
type engine struct {
	mu     sync.RWMutex
	shapes map[string]*shape
	undo   []func()
	mark   int // len(undo) at the last Mark
}

// shape is one named collection: maps for KV and Map, logs for Log.
type shape struct {
	store.Shape
	maps map[string]map[string][]byte
	logs map[string]*journal
}

func (e *engine) View(_ context.Context, fn func(store.Tx) error) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return fn(&tx{e: e})
}

func (e *engine) Begin() (store.Tx, error) {
	e.mu.Lock()
	e.undo, e.mark = e.undo[:0], 0
	return &tx{e: e, writes: true}, nil
}

func (e *engine) Mark(bool) error {
	e.mark = len(e.undo)
	return nil
}

func (e *engine) Undo() error {
	for _, back := range slices.Backward(e.undo[e.mark:]) {
		back()
	}
	clear(e.undo[e.mark:])
	e.undo = e.undo[:e.mark]
	return nil
}

func (e *engine) Commit() (rows int, err error) {
	rows = len(e.undo)
	clear(e.undo)
	e.undo = e.undo[:0]
	e.mu.Unlock()
	return rows, nil
}

// Rollback is for a batch that cannot be committed; here none fails.
func (e *engine) Rollback() {}

func (e *engine) Close() error { return nil }

// tx is the store.Tx of views and batches.
type tx struct {
	e      *engine
	writes bool
}

// shape finds a collection that has one of the kinds.
func (t *tx) shape(name string, kinds ...store.Kind) (*shape, error) {
	s := t.e.shapes[name]
	if s == nil {
		return nil, fmt.Errorf("%w: %q is not declared", store.ErrShape, name)
	}
	if len(kinds) > 0 && !slices.Contains(kinds, s.Kind) {
		return nil, fmt.Errorf("%w: %q is a %v", store.ErrShape, name, s.Kind)
	}
	return s, nil
}

// change is shape for an operation that writes.
func (t *tx) change(name string, kinds ...store.Kind) (*shape, error) {
	if !t.writes {
		return nil, store.ErrReadOnly
	}
	return t.shape(name, kinds...)
}

func (t *tx) undo(back func()) { t.e.undo = append(t.e.undo, back) }

func (t *tx) Create(s store.Shape) error {
	if !t.writes {
		return store.ErrReadOnly
	}
	if old := t.e.shapes[s.Name]; old != nil {
		if old.Kind != s.Kind {
			return fmt.Errorf("%w: %q is stored as a %v", store.ErrShape, s.Name, old.Kind)
		}
		return nil
	}
	t.e.shapes[s.Name] = &shape{s, map[string]map[string][]byte{}, map[string]*journal{}}
	t.undo(func() { delete(t.e.shapes, s.Name) })
	return nil
}

func (t *tx) Shapes() ([]store.Shape, error) {
	var all []store.Shape
	for _, s := range t.e.shapes {
		all = append(all, s.Shape)
	}
	slices.SortFunc(all, func(a, b store.Shape) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func (t *tx) Get(name, owner, key string) ([]byte, bool, error) {
	s, err := t.shape(name, store.KindKV, store.KindMap)
	if err != nil {
		return nil, false, err
	}
	v, ok := s.maps[owner][key]
	return slices.Clone(v), ok, nil
}

func (t *tx) Put(name, owner, key string, value []byte) error {
	s, err := t.change(name, store.KindKV, store.KindMap)
	if err != nil {
		return err
	}
	m := s.maps[owner]
	if m == nil {
		m = map[string][]byte{}
		s.maps[owner] = m
	}
	old, had := m[key]
	t.undo(func() { s.restore(owner, key, old, had) })
	m[key] = slices.Clone(value)
	return nil
}

func (t *tx) Delete(name, owner, key string) (bool, error) {
	s, err := t.change(name, store.KindKV, store.KindMap)
	if err != nil {
		return false, err
	}
	old, had := s.maps[owner][key]
	if !had {
		return false, nil
	}
	t.undo(func() { s.restore(owner, key, old, true) })
	s.restore(owner, key, nil, false)
	return true, nil
}

// restore makes a key what it was. Owners without keys are not kept.
func (s *shape) restore(owner, key string, value []byte, had bool) {
	m := s.maps[owner]
	if had {
		if m == nil {
			m = map[string][]byte{}
			s.maps[owner] = m
		}
		m[key] = value
		return
	}
	if delete(m, key); len(m) == 0 {
		delete(s.maps, owner)
	}
}

func (t *tx) Range(name, owner, prefix string) ([]store.Entry, error) {
	s, err := t.shape(name, store.KindKV, store.KindMap)
	if err != nil {
		return nil, err
	}
	var all []store.Entry
	for k, v := range s.maps[owner] {
		if strings.HasPrefix(k, prefix) {
			all = append(all, store.Entry{Key: k, Value: slices.Clone(v)})
		}
	}
	slices.SortFunc(all, func(a, b store.Entry) int { return strings.Compare(a.Key, b.Key) })
	return all, nil
}

func (t *tx) Count(name, owner string) (int, error) {
	s, err := t.shape(name)
	if err != nil {
		return 0, err
	}
	return len(s.maps[owner]) + s.log(owner).len(), nil
}

func (t *tx) Clear(name, owner string) error {
	s, err := t.change(name)
	if err != nil {
		return err
	}
	if m, ok := s.maps[owner]; ok {
		t.undo(func() { s.maps[owner] = m })
		delete(s.maps, owner)
	}
	if j, ok := s.logs[owner]; ok {
		t.undo(func() { s.logs[owner] = j })
		delete(s.logs, owner)
	}
	return nil
}

func (t *tx) Owners(name, after string, limit int) ([]string, error) {
	s, err := t.shape(name)
	if err != nil {
		return nil, err
	}
	var all []string
	for owner := range s.maps {
		if owner > after {
			all = append(all, owner)
		}
	}
	for owner := range s.logs {
		if owner > after {
			all = append(all, owner)
		}
	}
	slices.Sort(all)
	if len(all) == 0 || limit <= 0 {
		return nil, nil
	}
	return all[:min(len(all), limit)], nil
}

func (t *tx) Import(r store.Record) error {
	if r.Kind != store.KindLog {
		return t.Put(r.Shape, r.Owner, r.Key, r.Value)
	}
	_, err := t.add(r.Shape, r.Owner, r.Item, false)
	return err
}
