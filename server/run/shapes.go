package run

import "github.com/stonechat-im/stonechat/server/store"

// realmStore is the database as the modules of one realm see it. Realms keep their data in the same shapes, told apart by
// the owner, and each of them declares these: the database hears of it once. Within a realm a name still has one user.
type realmStore struct {
	store.DB
	all  map[string]store.Shape // declared by any realm; shared by them
	mine map[string]bool
}

// Unwrap gives the database itself, of which package store knows how to append at little cost.
func (r *realmStore) Unwrap() store.DB { return r.DB }

// Declare implements store.DB. Realms are built one after the other.
func (r *realmStore) Declare(s store.Shape) error {
	if before, ok := r.all[s.Name]; ok && before == s && !r.mine[s.Name] {
		r.mine[s.Name] = true
		return nil
	}
	r.mine[s.Name] = true
	err := r.DB.Declare(s)
	if err == nil {
		r.all[s.Name] = s
	}
	return err
}
