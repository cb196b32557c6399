package kit

import "sync"

// Vars holds what modules keep with a session. Few are set on a session, so they are a short list.
type Vars struct {
	mu   sync.Mutex
	list []varEntry
}

type varEntry struct {
	key any
	val any
}

// Var is a typed session variable. Make one per use in a package-level variable; its identity is the key.
type Var[T any] struct{ name string }

// NewVar declares a variable. The name is for people.
func NewVar[T any](name string) *Var[T] { return &Var[T]{name} }

// Get returns the variable's value on a session, and whether it was set.
func (v *Var[T]) Get(s Session) (T, bool) {
	vs := s.Vars()
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for i := range vs.list {
		if vs.list[i].key == v {
			return vs.list[i].val.(T), true
		}
	}
	var zero T
	return zero, false
}

// Value is Get without the report.
func (v *Var[T]) Value(s Session) T {
	x, _ := v.Get(s)
	return x
}

// Set gives the variable a value.
func (v *Var[T]) Set(s Session, x T) {
	vs := s.Vars()
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for i := range vs.list {
		if vs.list[i].key == v {
			vs.list[i].val = x
			return
		}
	}
	vs.list = append(vs.list, varEntry{v, x})
}
