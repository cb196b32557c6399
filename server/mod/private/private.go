// Package private keeps whatever XML clients want kept for their users (XEP-0049). The state is in the store: owner →
// expanded name → the elements of that name, as they were written.
package private

import (
	"context"
	"fmt"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/privatexml"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name:    "private",
	Specs:   []spec.Spec{{XEP: 49, Version: "1.2", Status: spec.Complete, Since: "0.1"}},
	Host:    []string{wire.NS},
	Account: []string{wire.NS},
}, Config{Max: 100, Size: 1 << 20}, New)

// Config is the [private] section.
type Config struct {
	// Max is how many elements of different names one account may keep.
	Max int
	// Size is how many bytes one account may keep.
	Size kit.Size
}

type module struct {
	cfg  Config
	db   store.DB
	data store.Map[[]byte]
	when func(ctx context.Context, owner jid.Bare, names []elem.Name, write func(store.Tx) error) error // nil: nobody else wants to write
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{cfg: cfg, db: env.Store, data: store.OpenMap[[]byte](env.Store, "private")}
	kit.HandleIQ(env, kit.OwnAccount, stanza.Get, m.get) // the router forbids it to others
	kit.HandleIQ(env, kit.OwnAccount, stanza.Set, m.set)
	return m, nil
}

// key orders by namespace; a name has no space in it.
func key(n elem.Name) string { return n.Space + " " + n.Local }

// reserved says whether a namespace belongs to protocols rather than to clients (§2.3). Elements without one of their own
// stand in jabber:iq:private, or in none.
func reserved(space string) bool {
	return space == "" || space == "vcard-temp" || strings.HasPrefix(space, "jabber:") || strings.HasPrefix(space, "http://jabber.org/")
}

func check(q *wire.Query) error {
	for _, e := range q.Elements {
		if reserved(e.Name.Space) {
			return stanza.NotAcceptable.With(fmt.Sprintf("an element needs a namespace of its own; %q is reserved", e.Name.Space))
		}
	}
	return nil
}

func (m *module) get(ctx context.Context, iq *kit.IQ, q *wire.Query) (stanza.Payload, error) {
	if len(q.Elements) == 0 { // §2.3: "Bad Format", which is no stanza error
		return nil, stanza.BadRequest.With("name the element that is wanted")
	}
	for _, e := range q.Elements {
		if e.Name.Space != q.Elements[0].Name.Space {
			return nil, stanza.BadRequest.With("one namespace at a time")
		}
	}
	if err := check(q); err != nil {
		return nil, err
	}
	out := new(wire.Query)
	for _, e := range q.Elements {
		b, ok, err := m.data.Get(ctx, iq.Account.String(), key(e.Name))
		if err != nil {
			return nil, err
		}
		if ok {
			out.Elements = append(out.Elements, wire.Element{Name: e.Name, Bytes: b})
		} else {
			out.Elements = append(out.Elements, wire.Ask(e.Name))
		}
	}
	return out, nil
}

func (m *module) set(ctx context.Context, iq *kit.IQ, q *wire.Query) (stanza.Payload, error) {
	if len(q.Elements) == 0 {
		return nil, stanza.NotAcceptable.With("there is nothing to store")
	}
	if err := check(q); err != nil {
		return nil, err
	}
	fresh := make(map[string][]byte) // several elements of one name stay together
	var names []elem.Name
	for _, e := range q.Elements {
		names = append(names, e.Name)
		k := key(e.Name)
		if b, again := fresh[k]; again || !e.Empty {
			fresh[k] = append(b, e.Bytes...)
		} else {
			fresh[k] = nil
		}
	}
	write := func(tx store.Tx) error { return m.put(tx, iq.Account.String(), fresh) }
	if m.when != nil {
		return nil, m.when(ctx, iq.Account, names, write)
	}
	return nil, m.db.Update(ctx, write)
}

// WhenStored has f carry out what a client writes, in a transaction of f's, so that something else can be stored together
// with it. For use at start.
func (m *module) WhenStored(f func(ctx context.Context, owner jid.Bare, names []elem.Name, write func(store.Tx) error) error) {
	m.when = f
}

// Stored returns what an account keeps under a name, as it stands in a query.
func (m *module) Stored(tx store.Tx, owner jid.Bare, name elem.Name) ([]byte, error) {
	b, _, err := m.data.In(tx).Get(owner.String(), key(name))
	return b, err
}

// Keep stores an element under its name, as it stands in a query; nothing removes it.
func (m *module) Keep(tx store.Tx, owner jid.Bare, name elem.Name, b []byte) error {
	return m.put(tx, owner.String(), map[string][]byte{key(name): b})
}

// put stores elements by key; one that says nothing is removed, since asking for what is not there gives the same.
func (m *module) put(tx store.Tx, owner string, fresh map[string][]byte) error {
	data := m.data.In(tx)
	for k, b := range fresh {
		var err error
		if len(b) == 0 {
			_, err = data.Delete(owner, k)
		} else {
			err = data.Put(owner, k, b)
		}
		if err != nil {
			return err
		}
	}
	all, err := data.All(owner)
	if err != nil {
		return err
	}
	size := 0
	for _, p := range all {
		size += len(p.Key) + len(p.Value)
	}
	if len(all) > m.cfg.Max || size > int(m.cfg.Size) { // takes back what was put
		return stanza.ResourceConstraint.With(fmt.Sprintf("there may be %d elements and %d bytes", m.cfg.Max, m.cfg.Size))
	}
	return nil
}
