package blocking

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/blocking"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// get answers with the list. From now on the session hears of changes (XEP-0191#blocklist).
func (m *module) get(ctx context.Context, iq *kit.IQ, _ *wire.List) (stanza.Payload, error) {
	l, err := m.lists.Get(ctx, iq.Account)
	if err != nil {
		return nil, err
	}
	if iq.Session != nil {
		interested.Set(iq.Session, true)
	}
	return &wire.List{Items: itemsOf(l.items)}, nil
}

func itemsOf(all []jid.JID) []wire.Item {
	out := make([]wire.Item, len(all))
	for i, j := range all {
		out[i].JID = j
	}
	return out
}

// named returns the addresses of a request, each once, with memory of their own.
func named(items []wire.Item) []jid.JID {
	var out []jid.JID
	for i := range items {
		if !slices.Contains(out, items[i].JID) {
			out = append(out, items[i].JID.Clone())
		}
	}
	return out
}

// block adds to the list (XEP-0191#block), and stores the reports that come with it.
func (m *module) block(ctx context.Context, iq *kit.IQ, req *wire.Block) (stanza.Payload, error) {
	account := iq.Account.Clone()
	if len(req.Items) > m.cfg.Max {
		return nil, m.tooMany()
	}
	all := named(req.Items)
	for _, j := range all {
		if j.Bare() == account {
			return nil, stanza.NotAllowed.With("one cannot block oneself")
		}
	}
	reported, err := m.read(account, req.Items)
	if err != nil {
		return nil, err
	}
	var fresh []jid.JID
	err = m.lists.Update(ctx, account, func(tx store.Tx) (*list, error) {
		stored := m.stored.In(tx)
		before, err := stored.All(account.String())
		if err != nil {
			return nil, err
		}
		l := listOf(before)
		for _, j := range all {
			if l.set[j] {
				continue
			}
			fresh = append(fresh, j)
			if err := stored.Put(account.String(), j.String(), struct{}{}); err != nil {
				return nil, err
			}
		}
		if len(l.set)+len(fresh) > m.cfg.Max {
			return nil, m.tooMany()
		}
		for _, r := range reported {
			if err := m.report(tx, account.Domain(), r); err != nil {
				return nil, err
			}
		}
		return m.reread(tx, account)
	}, m.pushing(account, &wire.Block{Items: itemsOf(all)}))
	if err != nil {
		return nil, err
	}
	iq.After(func() {
		m.drain(ctx)
		m.hide(ctx, account, fresh)
	})
	return nil, nil
}

func (m *module) tooMany() error {
	return stanza.PolicyViolation.With(fmt.Sprintf("at most %d addresses can be blocked", m.cfg.Max))
}

func (m *module) reread(tx store.Tx, account jid.Bare) (*list, error) {
	all, err := m.stored.In(tx).All(account.String())
	return listOf(all), err
}

// unblock takes from the list, or empties it (XEP-0191#unblock, #unblockall).
func (m *module) unblock(ctx context.Context, iq *kit.IQ, req *wire.Unblock) (stanza.Payload, error) {
	account, all := iq.Account.Clone(), named(req.Items)
	var gone []jid.JID
	var left *list
	err := m.lists.Update(ctx, account, func(tx store.Tx) (_ *list, err error) {
		stored := m.stored.In(tx)
		if len(all) == 0 {
			if left, err = m.reread(tx, account); err != nil {
				return nil, err
			}
			gone, left = left.items, listOf(nil)
			return left, stored.Clear(account.String())
		}
		for _, j := range all {
			was, err := stored.Delete(account.String(), j.String())
			if err != nil {
				return nil, err
			}
			if was {
				gone = append(gone, j)
			}
		}
		left, err = m.reread(tx, account)
		return left, err
	}, m.pushing(account, &wire.Unblock{Items: itemsOf(all)}))
	if err != nil {
		return nil, err
	}
	iq.After(func() {
		m.drain(ctx)
		m.show(ctx, account, gone, left)
	})
	return nil, nil
}

// push is a change that an account's sessions are to be told of.
type push struct {
	account jid.Bare
	payload stanza.Payload
}

// pushing queues a push when the change is committed.
func (m *module) pushing(account jid.Bare, p stanza.Payload) func(*list) {
	return func(*list) {
		m.mu.Lock()
		m.pushes = append(m.pushes, push{account, p})
		m.mu.Unlock()
	}
}

// drain sends what is queued, in order. When somebody else is at it, he sends ours too.
func (m *module) drain(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.draining {
		return
	}
	m.draining = true
	defer func() { m.draining = false }()
	for len(m.pushes) > 0 {
		p := m.pushes[0]
		m.pushes = m.pushes[1:]
		m.send(ctx, p)
	}
	m.pushes = nil
}

// send tells the sessions that asked for the list. The lock is held, but not meanwhile.
func (m *module) send(ctx context.Context, p push) {
	m.mu.Unlock()
	defer m.mu.Lock()
	for _, x := range m.env.Router.Sessions(p.account) {
		if interested.Value(x) {
			x.Send(ctx, stanza.New(stanza.IQ, stanza.Set, p.account.JID(), x.JID().JID(), rand.Text(), p.payload))
		}
	}
}

// hide tells those of the blocked who see the user's presence that he is gone (XEP-0191#block).
func (m *module) hide(ctx context.Context, account jid.Bare, blocked []jid.JID) {
	m.each(ctx, account, blocked, func(to jid.JID, state roster.State) {
		if !state.Has(roster.From) {
			return
		}
		for _, x := range m.env.Router.Sessions(account) {
			if x.Presence() != nil {
				m.env.Router.Route(ctx, stanza.New(stanza.Presence, stanza.Unavailable, x.JID().JID(), to, ""))
			}
		}
	})
}

// show sends the user's presence to those who may see it and are not blocked any more (XEP-0191#unblock), with the time at
// which it was sent first, and asks for theirs, which the user missed.
func (m *module) show(ctx context.Context, account jid.Bare, unblocked []jid.JID, left *list) {
	online := false
	for _, x := range m.env.Router.Sessions(account) {
		online = online || x.Presence() != nil
	}
	if !online {
		return
	}
	m.each(ctx, account, unblocked, func(to jid.JID, state roster.State) {
		if left.blocks(account, to) {
			return
		}
		for _, x := range m.env.Router.Sessions(account) {
			if p := x.Presence(); p != nil && state.Has(roster.From) {
				m.env.Router.Route(ctx, p.Readdress(x.JID().JID(), to))
			}
		}
		if state.Has(roster.To) {
			m.env.Router.Route(ctx, stanza.New(stanza.Presence, stanza.Probe, account.JID(), to.Bare().JID(), ""))
		}
	})
}

// each calls f for the contacts that the addresses stand for: the address itself, or for a domain all contacts there.
func (m *module) each(ctx context.Context, account jid.Bare, all []jid.JID, f func(to jid.JID, state roster.State)) {
	if len(all) == 0 {
		return
	}
	contacts, err := m.roster.Contacts(ctx, account)
	if err != nil {
		m.env.Log.Error("reading a roster to tell contacts of a block", "jid", account, "err", err)
		return
	}
	for _, j := range all {
		for i := range contacts {
			switch c := &contacts[i]; {
			case c.JID == j.Bare():
				f(j, c.State)
			case j.IsBare() && j.Local() == "" && c.JID.Domain() == j.Domain():
				f(c.JID.JID(), c.State)
			}
		}
	}
}
