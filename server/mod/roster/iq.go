package roster

import (
	"cmp"
	"context"
	"slices"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/roster"
)

// get answers a roster get (RFC 6121 §2.1.3, §2.2, §2.6). From then on the session is interested.
func (m *module) get(ctx context.Context, iq *kit.IQ, q *wire.Query) (stanza.Payload, error) {
	owner := iq.Account
	var h head
	var all []store.Pair[entry]
	var err error
	b := m.open(owner)
	var known *answer
	if b != nil && !q.HasVer {
		known, _ = m.answers.find(owner, b)
	}
	switch {
	case known != nil:
		h = known.head
	case b != nil:
		h, all, err = m.load(ctx, owner, b) // the book will be needed for presence
	default:
		h, all, err = m.read(ctx, owner)
	}
	if err != nil {
		return nil, err
	}
	var missed []push
	cheap := false
	if q.HasVer {
		if ver, ok := h.since(q.Ver); ok {
			missed = changes(&h, all, ver)
			cheap = len(missed) <= 1+h.Items/2 // RFC 6121 §2.6.3: unless the whole roster takes less
		}
		cheap = cheap || q.Ver == h.version() // the empty roster's has no epoch
	}
	if iq.Session != nil {
		iq.After(func() {
			interested.Set(iq.Session, true)
			if cheap {
				send(ctx, iq.Session, missed)
			}
			if b != nil && b.revision() != h.Rev {
				m.catchUp(ctx, iq.Session, owner, &h)
			}
		})
	}
	switch {
	case cheap:
		return nil, nil
	case known != nil:
		return known, nil
	}
	full := &wire.Query{Ver: h.version(), HasVer: true, Items: make([]wire.Item, 0, h.Items)}
	for i := range all {
		if e := &all[i].Value; e.Listed {
			if contact, err := jid.ParseBare(all[i].Key); err == nil {
				full.Items = append(full.Items, e.item(contact))
			}
		}
	}
	if b != nil {
		return m.answers.keep(owner, h, full), nil
	}
	return full, nil
}

// catchUp sends what was changed between the reading of the roster and the answer: no push has told the session.
func (m *module) catchUp(ctx context.Context, s kit.Session, owner jid.Bare, then *head) {
	h, all, err := m.read(ctx, owner)
	if err != nil {
		m.env.Log.Error("reading a roster again", "jid", owner, "err", err)
		return
	}
	if h.Ver != then.Ver {
		send(ctx, s, changes(&h, all, then.Ver))
	}
}

// push is a roster push to one session.
type push struct {
	ver     uint64
	payload []byte
}

// changes lists what has happened since a version: of each item the last of its changes (RFC 6121 §2.6.3).
func changes(h *head, all []store.Pair[entry], since uint64) []push {
	var out []push
	for i := range all {
		e := &all[i].Value
		if !e.Listed || e.Ver <= since {
			continue
		}
		if contact, err := jid.ParseBare(all[i].Key); err == nil {
			out = append(out, push{e.Ver, pushOf(h, e.Ver, contact, e)})
		}
	}
	for _, g := range h.Gone {
		if g.Ver <= since {
			continue
		}
		if contact, err := jid.ParseBare(g.JID); err == nil {
			out = append(out, push{g.Ver, pushOf(h, g.Ver, contact, &entry{})})
		}
	}
	slices.SortFunc(out, func(a, b push) int { return cmp.Compare(a.ver, b.ver) })
	return out
}

func send(ctx context.Context, s kit.Session, pushes []push) {
	for _, p := range pushes {
		s.Send(ctx, stanza.Raw(stanza.IQ, stanza.Set, s.JID().Bare().JID(), s.JID().JID(), pushID(p.ver), p.payload))
	}
}

// set answers a roster set (RFC 6121 §2.1.5, §2.3 to §2.5).
func (m *module) set(ctx context.Context, iq *kit.IQ, q *wire.Query) (stanza.Payload, error) {
	if len(q.Items) != 1 { // §2.3.3
		return nil, stanza.BadRequest.With("a roster set has exactly one item")
	}
	it := &q.Items[0]
	contact := it.JID.Bare()
	switch {
	case it.JID.IsFull():
		return nil, stanza.BadRequest.With("a contact is an address without a resource")
	case contact == iq.Account: // §2.3.3, last note
		return nil, stanza.NotAllowed.With("nobody is in their own roster")
	}
	c := &change{owner: iq.Account, contact: contact}
	edit := update(it)
	if it.Subscription == wire.SubRemove {
		edit = remove
	} else if err := m.check(it); err != nil {
		return nil, err
	}
	if err := m.write(ctx, c, edit); err != nil {
		return nil, err
	}
	iq.After(func() { // the result comes first
		m.finish(ctx, c)
		if it.Subscription == wire.SubRemove {
			for _, f := range m.remove {
				f(ctx, c.owner, c.contact, c.was)
			}
		}
	})
	return nil, nil
}

// check keeps the rules and limits of RFC 6121 §2.3.3.
func (m *module) check(it *wire.Item) error {
	switch {
	case len(it.Name) > m.cfg.NameBytes:
		return stanza.NotAcceptable.With("the name is too long")
	case len(it.Groups) > m.cfg.Groups:
		return stanza.NotAcceptable.With("the contact is in too many groups")
	}
	seen := make(map[string]struct{}, len(it.Groups))
	for _, g := range it.Groups {
		switch {
		case g == "":
			return stanza.NotAcceptable.With("a group needs a name")
		case len(g) > m.cfg.GroupBytes:
			return stanza.NotAcceptable.With("the name of a group is too long")
		}
		if p, err := jid.PrepareResource(g); err == nil {
			g = p // groups that look the same are the same
		}
		if _, twice := seen[g]; twice {
			return stanza.BadRequest.With("a group is named twice")
		}
		seen[g] = struct{}{}
	}
	return nil
}

// update replaces name and groups; all else in the item is not the client's to set (RFC 6121 §2.1.5).
func update(it *wire.Item) func(e *entry) (bool, error) {
	return func(e *entry) (bool, error) {
		e.Listed, e.Name, e.Groups = true, it.Name, it.Groups
		return true, nil
	}
}

// remove takes a contact out of the roster. A request that waits is still to be answered (RFC 6121 §3.1.3).
func remove(e *entry) (bool, error) {
	if !e.Listed {
		return false, stanza.ItemNotFound.With("that address is not in the roster")
	}
	*e = entry{State: e.State & wire.PendingIn, Request: e.Request}
	return true, nil
}
