package pep

import (
	"context"
	"slices"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/mod/pubsub"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/xep/bookmarks"
	"github.com/stonechat-im/stonechat/xep/privatexml"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// Private keeps whatever clients want kept (XEP-0049).
type Private interface {
	Stored(tx store.Tx, owner jid.Bare, name elem.Name) ([]byte, error)
	Keep(tx store.Tx, owner jid.Bare, name elem.Name, b []byte) error
	WhenStored(f func(ctx context.Context, owner jid.Bare, names []elem.Name, write func(store.Tx) error) error)
}

// marks keeps the three places of bookmarks the same: items of their own (XEP-0402), and one list, at a node (XEP-0048)
// and in private storage (XEP-0049). Whichever is changed, the others follow in the same transaction.
type marks struct {
	m       *module
	private Private
}

var listName = (*bookmarks.List)(nil).Name()

func (m *module) convertBookmarks(p Private) {
	m.marks = &marks{m, p}
	m.features = append(m.features, bookmarks.Compat, bookmarks.CompatPEP, bookmarks.Conversion)
	p.WhenStored(m.marks.stored)
}

// secret are the settings of nodes with bookmarks (XEP-0223#approach): for their owner alone.
func secret(items int) pubsub.Settings {
	s := pubsub.AccountDefaults()
	s.Access, s.MaxItems, s.Last = pubsub.Whitelist, items, "never"
	return s
}

// stored carries out a client's change of private data.
func (k *marks) stored(ctx context.Context, owner jid.Bare, names []elem.Name, write func(store.Tx) error) error {
	return k.m.engine.Change(ctx, owner, func(tx *pubsub.Tx) error {
		if err := write(tx.Store()); err != nil || !slices.Contains(names, listName) {
			return err
		}
		l, err := k.fromPrivate(tx)
		if err != nil {
			return err
		}
		if err := k.toItems(tx, l); err != nil {
			return err
		}
		return k.toNode(tx, l)
	})
}

// changing lets the other places follow a change of one of the nodes.
func (k *marks) changing(tx *pubsub.Tx, n *pubsub.Notice) error {
	if n.Event.What == wire.EventConfiguration {
		return nil
	}
	var l *bookmarks.List
	switch n.Node {
	case bookmarks.NS:
		if ok, err := closed(tx, bookmarks.NS); err != nil || !ok {
			return err
		}
		list, err := k.fromItems(tx)
		if err != nil {
			return err
		}
		old, err := k.fromPrivate(tx)
		if err != nil {
			return err
		}
		list.Rest = old.Rest
		if err := k.toNode(tx, list); err != nil {
			return err
		}
		l = list
	case bookmarks.NSList:
		if len(n.Event.Items) == 0 { // clients that have moved on drop the old list, and mean no more by it
			return nil
		}
		if ok, err := closed(tx, bookmarks.NSList); err != nil || !ok {
			return err
		}
		list, err := k.fromNode(tx)
		if err != nil {
			return err
		}
		if err := k.toItems(tx, list); err != nil {
			return err
		}
		l = list
	default:
		return nil
	}
	return k.private.Keep(tx.Store(), tx.Host(), listName, kept(l))
}

// closed says whether nobody but the owner sees a node, or there is none: bookmarks go nowhere else (XEP-0411#security).
func closed(tx *pubsub.Tx, node string) (bool, error) {
	s, ok, err := tx.Settings(node)
	return !ok || s.Access == pubsub.Whitelist, err
}

// kept writes a list as private storage has it; nothing for one that is empty.
func kept(l *bookmarks.List) []byte {
	if len(l.Rooms) == 0 && len(l.Rest) == 0 {
		return nil
	}
	return bookmarks.Bytes(l)
}

func parsed(b []byte, outer string) *bookmarks.List {
	l := new(bookmarks.List)
	if t, err := elem.ParseFragment(b, outer); err == nil {
		_ = l.Decode(t.Root().First()) // it never fails
	}
	return l
}

func (k *marks) fromPrivate(tx *pubsub.Tx) (*bookmarks.List, error) {
	b, err := k.private.Stored(tx.Store(), tx.Host(), listName)
	return parsed(b, privatexml.NS), err
}

func (k *marks) fromNode(tx *pubsub.Tx) (*bookmarks.List, error) {
	all, err := tx.Items(bookmarks.NSList)
	if err != nil || len(all) == 0 {
		return new(bookmarks.List), err
	}
	return parsed(all[len(all)-1].Payload, ""), nil
}

func (k *marks) fromItems(tx *pubsub.Tx) (*bookmarks.List, error) {
	all, err := tx.Items(bookmarks.NS)
	l := new(bookmarks.List)
	for i := range all {
		j, bad := jid.Parse(all[i].ID)
		t, ill := elem.Parse(all[i].Payload, "")
		if bad != nil || ill != nil || !t.Root().Is(bookmarks.NS, "conference") {
			continue
		}
		c := bookmarks.Conference{JID: j.Bare().String()}
		_ = c.Decode(t.Root()) // it never fails
		l.Rooms = append(l.Rooms, c)
	}
	return l, err
}

// toNode publishes the list, where it is another than before.
func (k *marks) toNode(tx *pubsub.Tx, l *bookmarks.List) error {
	ok, err := closed(tx, bookmarks.NSList)
	if err != nil || !ok {
		return err
	}
	was, err := k.fromNode(tx)
	if err != nil || same(was, l) {
		return err
	}
	return tx.Publish(bookmarks.NSList, wire.Item{ID: "current", Payload: bookmarks.Bytes(l)}, secret(1))
}

func same(a, b *bookmarks.List) bool {
	return slices.EqualFunc(a.Rooms, b.Rooms, func(x, y bookmarks.Conference) bool { return x.Equal(&y) }) && string(a.Rest) == string(b.Rest)
}

// toItems publishes what a list says anew, and retracts what it no longer has (XEP-0402#publishing-legacy). Lists often
// lack the extensions, which stay.
func (k *marks) toItems(tx *pubsub.Tx, l *bookmarks.List) error {
	ok, err := closed(tx, bookmarks.NS)
	if err != nil || !ok {
		return err
	}
	was, err := k.fromItems(tx)
	if err != nil {
		return err
	}
	for i := range was.Rooms {
		if l.Find(was.Rooms[i].JID) == nil {
			if err := tx.Retract(bookmarks.NS, was.Rooms[i].JID); err != nil {
				return err
			}
		}
	}
	for i := range l.Rooms {
		c := &l.Rooms[i]
		old := was.Find(c.JID)
		if old != nil && len(c.Extensions) == 0 {
			c.Extensions = old.Extensions
		}
		if old != nil && old.Equal(c) {
			continue
		}
		if err := tx.Publish(bookmarks.NS, wire.Item{ID: c.JID, Payload: bookmarks.Bytes(c)}, secret(pubsub.Max)); err != nil {
			return err
		}
	}
	return nil
}
