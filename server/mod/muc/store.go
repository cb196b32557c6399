package muc

import (
	"context"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// storage is where persistent rooms lie. Everything of a room is stored under its address as the owner, so that it is
// exported and erased as an account's things are.
type storage struct {
	rooms        store.KV[record]
	affiliations store.Map[affiliation] // room → bare address
}

// record is a room without its affiliations.
type record struct {
	Created  time.Time           `json:"created"`
	Creator  string              `json:"creator"`
	Salt     []byte              `json:"salt"`
	Settings map[string][]string `json:"settings"` // form field → values in normal form
	Subject  *subject            `json:"subject,omitempty"`
	Photos   []string            `json:"photos,omitempty"` // hashes of the avatar's forms (XEP-0486)
	Hats     *wardrobe           `json:"hats,omitempty"`   // XEP-0317
}

// affiliation is what a room keeps of somebody.
type affiliation struct {
	Affiliation wire.Affiliation `json:"affiliation"`
	Reason      string           `json:"reason,omitempty"`
	Nick        string           `json:"nick,omitempty"` // reserved (XEP-0045#register)
}

func openStorage(db store.DB) storage {
	return storage{store.OpenKV[record](db, "muc-rooms"), store.OpenMap[affiliation](db, "muc-affiliations")}
}

// load reads a room. The owner must be in the list of rooms.
func (s *storage) load(ctx context.Context, room jid.Bare) (rec record, affs map[jid.Bare]affiliation, err error) {
	rec, ok, err := s.rooms.Get(ctx, room.String())
	if err == nil && !ok {
		err = store.ErrNotFound
	}
	if err != nil {
		return rec, nil, err
	}
	if rec.Settings == nil {
		rec.Settings = make(map[string][]string)
	}
	pairs, err := s.affiliations.All(ctx, room.String())
	affs = make(map[jid.Bare]affiliation, len(pairs))
	for _, p := range pairs {
		b, err := jid.ParseBare(p.Key)
		if err != nil {
			return rec, nil, err
		}
		affs[b] = p.Value
	}
	return rec, affs, err
}

// drop removes the record and the affiliations of a room.
func (s *storage) drop(tx store.Tx, room jid.Bare) error {
	if _, err := s.rooms.In(tx).Delete(room.String()); err != nil {
		return err
	}
	return s.affiliations.In(tx).Clear(room.String())
}

// forget removes all that is stored of a room, by whichever feature.
func (m *module) forget(tx store.Tx, room jid.Bare) error {
	shapes, err := tx.Shapes()
	if err != nil {
		return err
	}
	for _, s := range shapes {
		if err := tx.Clear(s.Name, room.String()); err != nil {
			return err
		}
	}
	return nil
}

// stored calls f for every stored room of this realm.
func (m *module) stored(ctx context.Context, f func(jid.Bare, record)) error {
	const step = 256
	for after, more := "", true; more; {
		owners, err := m.store.rooms.Owners(ctx, after, step)
		if err != nil {
			return err
		}
		for _, o := range owners {
			after = o
			b, err := jid.ParseBare(o)
			if err != nil || !m.hosts(b.Domain()) {
				continue
			}
			rec, ok, err := m.store.rooms.Get(ctx, o)
			if err != nil {
				return err
			}
			if ok {
				f(b, rec)
			}
		}
		more = len(owners) == step
	}
	return nil
}

// hosts says whether a domain is one that this service answers for.
func (m *module) hosts(domain string) bool {
	for _, d := range m.env.Domains {
		if domain == m.cfg.Host+"."+d {
			return true
		}
	}
	return false
}
