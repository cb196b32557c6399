package store

import (
	"context"
	"errors"
)

// Map holds owner → key → value. A T with AppendBinary (or MarshalBinary) and
// UnmarshalBinary is stored by them, []byte and struct{} as themselves, any
// other T as JSON. The zero Map is not usable.
type Map[T any] struct {
	db    DB
	name  string
	codec codec[T]
	err   error // of Declare; every call returns it
}

// Pair is one key of a Map and its value.
type Pair[T any] struct {
	Key   string
	Value T
}

// OpenMap declares the Map name. When that fails, DB.Ready tells, and every
// call returns the error.
func OpenMap[T any](db DB, name string) Map[T] {
	return openMap[T](db, Shape{Name: name, Kind: KindMap})
}

func openMap[T any](db DB, s Shape) Map[T] {
	return Map[T]{db: db, name: s.Name, codec: codecOf[T](), err: db.Declare(s)}
}

// In binds the Map to an open transaction, so that several shapes change together.
func (m Map[T]) In(tx Tx) MapTx[T] { return MapTx[T]{m, tx} }

func (m Map[T]) view(ctx context.Context, fn func(MapTx[T]) error) error {
	if m.err != nil {
		return m.err
	}
	return m.db.View(ctx, func(tx Tx) error { return fn(m.In(tx)) })
}

func (m Map[T]) update(ctx context.Context, fn func(MapTx[T]) error) error {
	if m.err != nil {
		return m.err
	}
	return m.db.Update(ctx, func(tx Tx) error { return fn(m.In(tx)) })
}

// Get returns the value of a key, and whether there is one.
func (m Map[T]) Get(ctx context.Context, owner, key string) (v T, ok bool, err error) {
	err = m.view(ctx, func(m MapTx[T]) (err error) {
		v, ok, err = m.Get(owner, key)
		return err
	})
	return v, ok, err
}

// Put stores a value and returns when it is durable.
func (m Map[T]) Put(ctx context.Context, owner, key string, v T) error {
	return m.update(ctx, func(m MapTx[T]) error { return m.Put(owner, key, v) })
}

// Delete removes a key, durably, and tells whether it was there.
func (m Map[T]) Delete(ctx context.Context, owner, key string) (existed bool, err error) {
	err = m.update(ctx, func(m MapTx[T]) (err error) {
		existed, err = m.Delete(owner, key)
		return err
	})
	return existed, err
}

// All returns every pair of owner, ordered by key (bytewise).
func (m Map[T]) All(ctx context.Context, owner string) ([]Pair[T], error) {
	return m.Prefix(ctx, owner, "")
}

// Prefix returns the pairs whose key begins with prefix, ordered by key (bytewise).
func (m Map[T]) Prefix(ctx context.Context, owner, prefix string) (all []Pair[T], err error) {
	err = m.view(ctx, func(m MapTx[T]) (err error) {
		all, err = m.Prefix(owner, prefix)
		return err
	})
	return all, err
}

// Count returns how many keys owner has.
func (m Map[T]) Count(ctx context.Context, owner string) (n int, err error) {
	err = m.view(ctx, func(m MapTx[T]) (err error) {
		n, err = m.Count(owner)
		return err
	})
	return n, err
}

// Clear deletes all keys of owner.
func (m Map[T]) Clear(ctx context.Context, owner string) error {
	return m.update(ctx, func(m MapTx[T]) error { return m.Clear(owner) })
}

// Owners pages through the owners, as [Tx].Owners does.
func (m Map[T]) Owners(ctx context.Context, after string, limit int) (owners []string, err error) {
	err = m.view(ctx, func(m MapTx[T]) (err error) {
		owners, err = m.Owners(after, limit)
		return err
	})
	return owners, err
}

// MapTx is a Map within a transaction. Its methods are those of Map.
type MapTx[T any] struct {
	m  Map[T]
	tx Tx
}

// Get returns the value of a key, and whether there is one.
func (m MapTx[T]) Get(owner, key string) (v T, ok bool, err error) {
	if m.m.err != nil {
		return v, false, m.m.err
	}
	b, ok, err := m.tx.Get(m.m.name, owner, key)
	if err != nil || !ok {
		return v, false, err
	}
	if v, err = m.m.codec.decode(b); err != nil {
		return v, false, damaged(m.m.name, owner, key, err)
	}
	return v, true, nil
}

// Put stores a value.
func (m MapTx[T]) Put(owner, key string, v T) error {
	b, err := m.m.codec.encode(v)
	if err = errors.Join(m.m.err, err); err != nil {
		return err
	}
	return m.tx.Put(m.m.name, owner, key, b)
}

// Delete removes a key and tells whether it was there.
func (m MapTx[T]) Delete(owner, key string) (existed bool, err error) {
	if m.m.err != nil {
		return false, m.m.err
	}
	return m.tx.Delete(m.m.name, owner, key)
}

// All returns every pair of owner, ordered by key (bytewise).
func (m MapTx[T]) All(owner string) ([]Pair[T], error) { return m.Prefix(owner, "") }

// Prefix returns the pairs whose key begins with prefix, ordered by key (bytewise).
func (m MapTx[T]) Prefix(owner, prefix string) ([]Pair[T], error) {
	if m.m.err != nil {
		return nil, m.m.err
	}
	entries, err := m.tx.Range(m.m.name, owner, prefix)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	all := make([]Pair[T], len(entries))
	for i, e := range entries {
		v, err := m.m.codec.decode(e.Value)
		if err != nil {
			return nil, damaged(m.m.name, owner, e.Key, err)
		}
		all[i] = Pair[T]{e.Key, v}
	}
	return all, nil
}

// Count returns how many keys owner has.
func (m MapTx[T]) Count(owner string) (int, error) {
	if m.m.err != nil {
		return 0, m.m.err
	}
	return m.tx.Count(m.m.name, owner)
}

// Clear deletes all keys of owner.
func (m MapTx[T]) Clear(owner string) error {
	if m.m.err != nil {
		return m.m.err
	}
	return m.tx.Clear(m.m.name, owner)
}

// Owners pages through the owners, as [Tx].Owners does.
func (m MapTx[T]) Owners(after string, limit int) ([]string, error) {
	if m.m.err != nil {
		return nil, m.m.err
	}
	return m.tx.Owners(m.m.name, after, limit)
}
