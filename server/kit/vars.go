package kit

import (
	"encoding/json"
	"sync"
)

// Vars holds what modules keep with a session. Few are set on a session, so they are a short list.
type Vars struct {
	mu   sync.Mutex
	list []varEntry
	kept map[string]json.RawMessage // from before a restart, not asked for yet
}

type varEntry struct {
	key any
	val any
}

// Var is a typed session variable. Make one per use in a package-level variable; its identity is the key.
type Var[T any] struct {
	name string
	keep bool
}

// NewVar declares a variable. The name is for people, and for Kept.
func NewVar[T any](name string) *Var[T] { return &Var[T]{name: name} }

// Kept says that the variable follows a session that is resumed after a restart of the server. Its name must then be
// unique, and T fit for JSON.
func (v *Var[T]) Kept() *Var[T] {
	v.keep = true
	return v
}

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
	if _, ok := vs.kept[v.name]; !ok || !v.keep {
		var none T
		return none, false
	}
	return v.restored(vs)
}

// restored brings a variable back that was kept over a restart. The lock is held.
func (v *Var[T]) restored(vs *Vars) (x T, ok bool) {
	raw := vs.kept[v.name]
	delete(vs.kept, v.name)
	if json.Unmarshal(raw, &x) != nil {
		return x, false // written by a version that meant something else
	}
	vs.list = append(vs.list, varEntry{v, x})
	return x, true
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
	delete(vs.kept, v.name)
	for i := range vs.list {
		if vs.list[i].key == v {
			vs.list[i].val = x
			return
		}
	}
	vs.list = append(vs.list, varEntry{v, x})
}

// saved is a variable that is kept.
func (v *Var[T]) saved(x any) (name string, raw json.RawMessage, ok bool) {
	if !v.keep {
		return "", nil, false
	}
	raw, err := json.Marshal(x)
	return v.name, raw, err == nil
}

// Save returns the variables that are kept over a restart.
func (vs *Vars) Save() map[string]json.RawMessage {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	out := make(map[string]json.RawMessage)
	for name, raw := range vs.kept {
		out[name] = raw
	}
	for i := range vs.list {
		k := vs.list[i].key.(interface {
			saved(any) (string, json.RawMessage, bool)
		})
		if name, raw, ok := k.saved(vs.list[i].val); ok {
			out[name] = raw
		}
	}
	return out
}

// Restore takes what Save returned before a restart.
func (vs *Vars) Restore(kept map[string]json.RawMessage) { vs.kept = kept }
