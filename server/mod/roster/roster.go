// Package roster keeps the contact lists of accounts: get, set, push and versioning (RFC 6121 §2).
//
// The store owns the rosters: a Map of entries by contact, and for each account a record of versions (write.go). Every
// change is one transaction. Of accounts that have sessions, the addresses and states of contacts are also held in memory,
// in a book (book.go), because presence asks for them all the time. Books follow the writes in the order of the commits,
// and pushes go out in that order too.
//
// Other modules use the methods of the module by interfaces of their own: State, Contacts, Change and so on. Start reading
// at New, then iq.go.
//
// Locks: each book has one. It is never held during a call to the store or the router.
package roster

import (
	"context"
	"sync"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/roster"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name: "roster",
	Specs: []spec.Spec{
		{RFC: 6121, Status: spec.Partial, Since: "0.1", Note: "§2; the rest is in the modules presence and offline, and in the router"},
		{XEP: 237, Version: "1.3", Status: spec.Complete, Since: "0.1", Note: "part of RFC 6121 since"},
	},
	Host:    []string{wire.NS},
	Account: []string{wire.NS},
}, Config{Items: 2000, Groups: 50, NameBytes: 512, GroupBytes: 512, Requests: 200}, New)

// Config is the [roster] section.
type Config struct {
	// Items is how many contacts one roster may have.
	Items int
	// Groups is how many groups one contact may be in.
	Groups int
	// NameBytes is the longest name of a contact, in bytes of UTF-8.
	NameBytes int
	// GroupBytes is the longest name of a group, in bytes of UTF-8.
	GroupBytes int
	// Requests is how many subscription requests from people who are not in the roster are kept for one account. More are
	// dropped until some are answered.
	Requests int
}

// Check implements kit.Checker.
func (c Config) Check() error {
	for key, n := range map[string]int{"items": c.Items, "groups": c.Groups, "name_bytes": c.NameBytes, "group_bytes": c.GroupBytes} {
		if n <= 0 {
			return &kit.ConfigError{Key: key, Text: "must be more than 0"}
		}
	}
	return nil
}

type module struct {
	cfg     Config
	env     *kit.Env
	items   store.Map[entry]
	heads   store.KV[head]
	books   sync.Map // jid.Bare → *book, of accounts that have sessions
	answers answers
	remove  []func(ctx context.Context, owner, contact jid.Bare, was wire.State)
}

// interested marks the sessions that asked for the roster and get pushes (RFC 6121 §2.2).
var interested = kit.NewVar[bool]("roster-interested").Kept()

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{cfg: cfg, env: env, items: store.OpenMap[entry](env.Store, "roster"), heads: store.OpenKV[head](env.Store, "rosterver")}
	kit.HandleIQ(env, kit.OwnAccount, stanza.Get, m.get)
	kit.HandleIQ(env, kit.OwnAccount, stanza.Set, m.set)
	kit.AddFeature(env, func(w *elem.Writer) { w.Elem(wire.NSVersioning, "ver", "") }) // RFC 6121 §2.6.1
	kit.Tell(env, &env.Points.Ended, m.ended)
	return m, nil
}

// State returns how owner and contact stand to each other.
func (m *module) State(ctx context.Context, owner, contact jid.Bare) (wire.State, error) {
	b, err := m.loaded(ctx, owner)
	if err != nil {
		return 0, err
	}
	if b != nil {
		return find(b.snapshot(), contact), nil
	}
	e, _, err := m.items.Get(ctx, owner.String(), contact.String())
	return e.State, err
}

// Contacts returns all contacts of owner, ordered by address, those included who are in no list but wait for an answer.
// The slice must not be changed.
func (m *module) Contacts(ctx context.Context, owner jid.Bare) ([]wire.Contact, error) {
	b, err := m.loaded(ctx, owner)
	if err != nil {
		return nil, err
	}
	if b != nil {
		return b.snapshot(), nil
	}
	_, all, err := m.read(ctx, owner)
	return contacts(all), err
}

// Item returns the roster item of a contact, and whether there is one. Its strings are its own.
func (m *module) Item(ctx context.Context, owner, contact jid.Bare) (wire.Item, bool, error) {
	e, _, err := m.items.Get(ctx, owner.String(), contact.String())
	return e.item(contact), e.Listed, err
}

// SharesPresence says whether other may see owner's presence: he is subscribed to it, or is owner.
func (m *module) SharesPresence(ctx context.Context, owner, other jid.Bare) (bool, error) {
	if owner == other {
		return true, nil
	}
	s, err := m.State(ctx, owner, other)
	return s.Has(wire.From), err
}

// Request returns the subscription request of a contact that waits for owner's answer; nil for none.
func (m *module) Request(ctx context.Context, owner, contact jid.Bare) ([]byte, error) {
	e, _, err := m.items.Get(ctx, owner.String(), contact.String())
	return e.Request, err
}

// Interested says whether a session gets roster pushes.
func (m *module) Interested(s kit.Session) bool { return interested.Value(s) }

// WhenRemoved has f called after a client removed a contact, when it has been told. For use at start.
func (m *module) WhenRemoved(f func(ctx context.Context, owner, contact jid.Bare, was wire.State)) {
	m.remove = append(m.remove, f)
}

// ErrFull says that an account has as many contacts, or waiting requests, as it may.
var ErrFull = stanza.NotAcceptable.With("the roster is full")

// Change moves a contact to the state that next makes of the old one, durably, and pushes the item to the interested
// sessions if they see a difference. request is kept when the new state waits for owner's answer. first, which may be nil,
// is called before the push if the state changed. next runs in the writer of the store and must be quick.
func (m *module) Change(ctx context.Context, owner, contact jid.Bare, next func(wire.State) wire.State, request []byte, first func(was, now wire.State)) (was, now wire.State, err error) {
	c := &change{owner: owner, contact: contact}
	if first != nil {
		c.first = func() { first(c.was, c.now) }
	}
	err = m.write(ctx, c, func(e *entry) (bool, error) {
		s := next(e.State)
		if s == e.State {
			return false, nil
		}
		seen := (s^e.State)&^wire.PendingIn != 0
		if s&^wire.PendingIn != 0 { // a request alone puts nobody into the roster (RFC 6121 §3.1.3)
			e.Listed = true
		}
		switch {
		case !s.Has(wire.PendingIn):
			e.Request = nil
		case !e.State.Has(wire.PendingIn):
			e.Request = request
		}
		e.State = s
		return seen, nil
	})
	if err != nil {
		return 0, 0, err
	}
	m.finish(ctx, c)
	return c.was, c.now, nil
}

// Clear forgets the whole roster of an account that is being removed, without telling anybody.
func (m *module) Clear(ctx context.Context, owner jid.Bare) error {
	c := &change{owner: owner, clear: true}
	return m.commit(ctx, c, func(tx store.Tx) error {
		_, err := m.heads.In(tx).Delete(owner.String())
		if err != nil {
			return err
		}
		c.touched = true
		return m.items.In(tx).Clear(owner.String())
	})
}
