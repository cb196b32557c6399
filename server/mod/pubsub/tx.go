package pubsub

import (
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// Store is the transaction itself.
func (v *Tx) Store() store.Tx { return v.tx }

// Host is whose nodes these are.
func (v *Tx) Host() jid.Bare { return v.host }

// Settings returns those of a node; ok is false where there is none.
func (v *Tx) Settings(id string) (s Settings, ok bool, err error) {
	n, err := v.node(id)
	if missing(err) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	return n.Settings, true, nil
}

// Item returns an item of a node.
func (v *Tx) Item(node, id string) (wire.Item, bool, error) {
	it, ok, err := v.get(node, id)
	return wire.Item{ID: it.ID, Payload: it.Payload}, ok, err
}

// Items returns all items of a node, the oldest first; none where there is no node.
func (v *Tx) Items(id string) ([]wire.Item, error) {
	page, err := v.e.items.In(v.tx).Query(v.owner, store.Query{Peer: id, Limit: store.All})
	if err != nil {
		return nil, err
	}
	out := make([]wire.Item, len(page.Items))
	for i := range page.Items {
		it := itemOf(page.Items[i])
		out[i] = wire.Item{ID: it.ID, Payload: it.Payload}
	}
	return out, nil
}

// Publish publishes an item on behalf of the host's owner, at a node that is made with the given settings if need be.
func (v *Tx) Publish(id string, in wire.Item, s Settings) error {
	n, err := v.node(id)
	if missing(err) {
		n, err = v.create(id, v.host, s)
	}
	if err != nil {
		return err
	}
	it := &item{ID: in.ID, At: v.now, Publisher: v.owner, Payload: in.Payload}
	if err := v.keep(id, &n.Settings, it); err != nil {
		return err
	}
	ev := &wire.Event{What: wire.EventItems, Node: id, Items: []wire.Item{shown(it, &n.Settings, v.host)}}
	if !n.Settings.Payloads {
		ev.Items[0].Payload = nil
	}
	_, err = v.notify(id, n, v.host.JID(), ev)
	return err
}

// Retract drops an item on behalf of the host's owner.
func (v *Tx) Retract(id, itemID string) error {
	n, err := v.node(id)
	if err != nil {
		return err
	}
	if _, err := v.remove(id, itemID); err != nil {
		return err
	}
	notice, err := v.notify(id, n, v.host.JID(), &wire.Event{What: wire.EventItems, Node: id, Retracted: []string{itemID}})
	if err == nil && !n.Settings.NotifyGone {
		notice.Quiet = true
	}
	return err
}
