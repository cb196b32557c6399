// Package last tells when somebody was last online, and how long the host has been up (XEP-0012). The state is in the
// store: of each account the time and the status of the last unavailable presence.
//
// The module stands before presence, so that it, and not the general rule for requests, answers those who may not know.
package last

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/lastactivity"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name:    "last",
	Specs:   []spec.Spec{{XEP: 12, Version: "2.0", Status: spec.Complete, Since: "0.1"}},
	Host:    []string{wire.NS},
	Account: []string{wire.NS},
}, Config{}, New)

// Config is the [last] section; there is nothing to set.
type Config struct{}

// Roster knows who may see an account's presence, and so its last activity (§8).
type Roster interface {
	SharesPresence(ctx context.Context, owner, other jid.Bare) (bool, error)
}

// seen is what is stored of an account.
type seen struct {
	At     time.Time `json:"at"`
	Status string    `json:"status,omitempty"`
}

// statusMost is how many bytes of a status are kept.
const statusMost = 1024

// parting is the status with which a session has said goodbye.
var parting = kit.NewVar[string]("last.status")

type module struct {
	env    *kit.Env
	seen   store.KV[seen]
	roster Roster // nil: nobody but the owner is told
	up     time.Time
}

// New ties the module into a realm.
func New(env *kit.Env, _ Config) (kit.Module, error) {
	m := &module{env: env, seen: store.OpenKV[seen](env.Store, "last"), up: time.Now()}
	m.roster, _ = kit.Want[Roster](env)
	kit.On(env, &env.Points.FromClient, hook.Archive, m.leaving)
	kit.On(env, &env.Points.ToAccount, hook.Guard, m.guard)
	kit.Tell(env, &env.Points.Presence, m.presence)
	kit.HandleIQ(env, kit.Server, stanza.Get, func(context.Context, *kit.IQ, *wire.Query) (stanza.Payload, error) {
		return wire.Since(m.up, ""), nil
	})
	kit.HandleIQ(env, kit.Account, stanza.Get, m.get)
	return m, nil
}

// leaving remembers the status of an unavailable presence.
func (m *module) leaving(_ context.Context, ev *kit.FromClient) error {
	s := ev.Stanza
	if s.Kind == stanza.Presence && s.Type == stanza.Unavailable && s.To.IsZero() {
		status := s.Root().ChildText(stanza.NSClient, "status")
		if len(status) > statusMost {
			status = strings.ToValidUTF8(status[:statusMost], "")
		}
		parting.Set(ev.Session, strings.Clone(status))
	}
	return nil
}

// presence notes when a session is no longer available. Nobody waits for the store.
func (m *module) presence(_ context.Context, ev *kit.PresenceEvent) {
	if ev.Now != nil {
		return
	}
	owner, v := ev.Session.JID().Bare().String(), seen{time.Now().UTC(), parting.Value(ev.Session)}
	parting.Set(ev.Session, "")
	m.env.Store.Go(func(tx store.Tx) error { return m.seen.In(tx).Put(owner, v) })
}

// LastPresence says when an account was last available, as far as that has reached the store; ok is false where it never
// was.
func (m *module) LastPresence(ctx context.Context, account jid.Bare) (at time.Time, ok bool, err error) {
	v, ok, err := m.seen.Get(ctx, account.String())
	return v.At, ok, err
}

// may says whether somebody may know of an account's activity.
func (m *module) may(ctx context.Context, account, other jid.Bare) (bool, error) {
	if other == account || m.roster == nil {
		return other == account, nil
	}
	return m.roster.SharesPresence(ctx, account, other)
}

// guard keeps requests of strangers from clients (§4).
func (m *module) guard(ctx context.Context, ev *kit.ToAccount) error {
	s := ev.Stanza
	if s.Kind != stanza.IQ || s.Type != stanza.Get || s.Payload().Name() != (*wire.Query)(nil).Name() {
		return nil
	}
	ok, err := m.may(ctx, ev.Account, s.From.Bare())
	if err == nil && !ok {
		err = stanza.Forbidden
	}
	return err
}

func (m *module) get(ctx context.Context, iq *kit.IQ, _ *wire.Query) (stanza.Payload, error) {
	ok, err := m.may(ctx, iq.Account, iq.From.Bare())
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, stanza.Forbidden
	}
	for _, s := range m.env.Router.Sessions(iq.Account) {
		if s.Presence() != nil { // §3
			return wire.Since(time.Now(), ""), nil
		}
	}
	if err := m.env.Store.Sync(ctx); err != nil { // what presence has queued counts
		return nil, err
	}
	v, ok, err := m.seen.Get(ctx, iq.Account.String())
	if ok || err != nil {
		return wire.Since(v.At, v.Status), err
	}
	return m.never(ctx, iq.Account)
}

// never answers for an account that has not been available yet: with its last login, or its creation.
func (m *module) never(ctx context.Context, account jid.Bare) (stanza.Payload, error) {
	info, err := m.env.Accounts.Get(ctx, account)
	switch {
	case errors.Is(err, kit.ErrNoAccount): // an anonymous one
		return nil, stanza.ItemNotFound
	case err != nil:
		return nil, err
	case info.LastSeen.IsZero():
		return wire.Since(info.Created, ""), nil
	}
	return wire.Since(info.LastSeen, ""), nil
}
