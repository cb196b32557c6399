package store

import "context"

// KV holds owner → value. Values are stored as those of a Map. The zero KV is
// not usable.
type KV[T any] struct{ m Map[T] }

// OpenKV declares the KV name. When that fails, DB.Ready tells, and every call
// returns the error.
func OpenKV[T any](db DB, name string) KV[T] {
	return KV[T]{openMap[T](db, Shape{Name: name, Kind: KindKV})}
}

// In binds the KV to an open transaction, so that several shapes change together.
func (kv KV[T]) In(tx Tx) KVTx[T] { return KVTx[T]{kv.m.In(tx)} }

// Get returns the owner's value, and whether there is one.
func (kv KV[T]) Get(ctx context.Context, owner string) (T, bool, error) {
	return kv.m.Get(ctx, owner, "")
}

// Put stores the owner's value and returns when it is durable.
func (kv KV[T]) Put(ctx context.Context, owner string, v T) error {
	return kv.m.Put(ctx, owner, "", v)
}

// Delete removes the owner's value, durably, and tells whether it was there.
func (kv KV[T]) Delete(ctx context.Context, owner string) (bool, error) {
	return kv.m.Delete(ctx, owner, "")
}

// Owners pages through the owners, as [Tx].Owners does.
func (kv KV[T]) Owners(ctx context.Context, after string, limit int) ([]string, error) {
	return kv.m.Owners(ctx, after, limit)
}

// KVTx is a KV within a transaction. Its methods are those of KV.
type KVTx[T any] struct{ m MapTx[T] }

// Get returns the owner's value, and whether there is one.
func (kv KVTx[T]) Get(owner string) (T, bool, error) { return kv.m.Get(owner, "") }

// Put stores the owner's value.
func (kv KVTx[T]) Put(owner string, v T) error { return kv.m.Put(owner, "", v) }

// Delete removes the owner's value and tells whether it was there.
func (kv KVTx[T]) Delete(owner string) (bool, error) { return kv.m.Delete(owner, "") }

// Owners pages through the owners, as [Tx].Owners does.
func (kv KVTx[T]) Owners(after string, limit int) ([]string, error) {
	return kv.m.Owners(after, limit)
}
