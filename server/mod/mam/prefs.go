package mam

import (
	"context"
	"fmt"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/mam"
)

// record is a user's preferences as they are stored.
type record struct {
	Default wire.Default `json:"default"`
	Always  []jid.JID    `json:"always,omitempty"`
	Never   []jid.JID    `json:"never,omitempty"`
}

// prefs is a user's preferences as they are held in memory.
type prefs struct {
	record
	always, never map[jid.JID]bool
}

func (r record) index() *prefs {
	p := &prefs{record: r}
	p.always, p.never = indexed(r.Always), indexed(r.Never)
	return p
}

func indexed(list []jid.JID) map[jid.JID]bool {
	if len(list) == 0 {
		return nil
	}
	out := make(map[jid.JID]bool, len(list))
	for _, j := range list {
		out[j] = true
	}
	return out
}

// matches is XEP-0441#match: an address in a list stands for itself, and a bare one for all its resources.
func matches(list map[jid.JID]bool, j jid.JID) bool {
	return len(list) > 0 && (list[j] || list[j.Bare().JID()])
}

// load reads an account's preferences, or the default.
func (m *module) load(ctx context.Context, account jid.Bare) (*prefs, error) {
	r, ok, err := m.stored.Get(ctx, account.String())
	if err == nil && !ok {
		r.Default = wire.Default(m.cfg.Default)
	}
	return r.index(), err
}

// wanted says whether owner wants messages from and to j archived (XEP-0441#prefs). Who is in both lists is not.
func (m *module) wanted(ctx context.Context, owner jid.Bare, j jid.JID) (bool, error) {
	p, err := m.prefs.Get(ctx, owner)
	switch {
	case err != nil:
		return false, err
	case matches(p.never, j):
		return false, nil
	case matches(p.always, j), p.Default == wire.Always:
		return true, nil
	case p.Default == wire.Never || m.roster == nil:
		return false, nil
	}
	_, in, err := m.roster.Item(ctx, owner, j.Bare())
	return in, err
}

func (m *module) getPrefs(ctx context.Context, iq *kit.IQ, _ *wire.Prefs) (stanza.Payload, error) {
	p, err := m.prefs.Get(ctx, iq.Account)
	if err != nil {
		return nil, err
	}
	return &wire.Prefs{Default: p.Default, Always: p.Always, Never: p.Never}, nil
}

func (m *module) setPrefs(ctx context.Context, iq *kit.IQ, req *wire.Prefs) (stanza.Payload, error) {
	switch {
	case req.Default == "":
		return nil, stanza.BadRequest.With("preferences need a default")
	case len(req.Always)+len(req.Never) > m.cfg.MaxPrefs:
		return nil, stanza.PolicyViolation.With(fmt.Sprintf("preferences name at most %d addresses", m.cfg.MaxPrefs))
	}
	r := record{req.Default, cloned(req.Always), cloned(req.Never)}
	account := iq.Account.Clone()
	err := m.prefs.Update(ctx, account, func(tx store.Tx) (*prefs, error) {
		return r.index(), m.stored.In(tx).Put(account.String(), r)
	}, nil)
	if err != nil {
		return nil, err
	}
	return &wire.Prefs{Default: r.Default, Always: r.Always, Never: r.Never}, nil
}

func cloned(list []jid.JID) []jid.JID {
	var out []jid.JID
	seen := make(map[jid.JID]bool, len(list))
	for _, j := range list {
		if !seen[j] {
			j = j.Clone()
			seen[j] = true
			out = append(out, j)
		}
	}
	return out
}
