package pubsub

import (
	"context"
	"errors"

	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
	"github.com/stonechat-im/stonechat/xep/rsm"
)

// pageSize is the most items, and pageBytes the most bytes of them, that one answer has.
const (
	pageSize  = 1000
	pageBytes = 1 << 20
)

// count is how many items of a node have not expired.
func (v *Tx) count(node string, s *Settings) (int, error) {
	page, err := v.query(node, s, store.Query{WantCount: true})
	return page.Count, err
}

// items is XEP-0060#subscriber-retrieve.
func (c *call) items(ctx context.Context, req *wire.PubSub) (stanza.Payload, error) {
	most, ok := req.MaxItems()
	switch {
	case req.Node == "":
		return nil, errNodeID
	case !ok:
		return nil, stanza.BadRequest.With("max_items is no number from 1 on")
	}
	n, err := c.seen(ctx, req.Node)
	if err != nil {
		return nil, err
	}
	if !n.Settings.Persist {
		return nil, wire.Unsupported("persistent-items", "the node does not keep items")
	}
	out := &wire.PubSub{Verb: wire.Items, Node: req.Node}
	err = c.read(ctx, func(v *Tx) error {
		switch {
		case len(req.Items) > 0:
			return c.byID(v, n, req, out)
		case most != rsm.None && req.RSM == nil:
			page, err := v.query(req.Node, &n.Settings, store.Query{Limit: min(most, pageSize), Backward: true})
			if err != nil {
				return err
			}
			c.show(n, out, page.Items, true, nil)
			return nil
		}
		return c.page(v, n, req, out, most)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// seen returns a node whose items the sender may see.
func (c *call) seen(ctx context.Context, id string) (*node, error) {
	var n *node
	var p person
	var a wire.Affiliation
	follows := false
	err := c.read(ctx, func(v *Tx) (err error) {
		if n, err = v.node(id); err != nil {
			return err
		}
		if p, err = v.person(id, c.who); err != nil {
			return err
		}
		a, follows = v.affiliation(c.who, &p), p.follows(v.now)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r, err := c.e.relate(ctx, n.Settings.Access, c.e.ownersOf(c.host, n), c.who)
	if err != nil {
		return nil, err
	}
	if err := admit(&n.Settings, a, &r); err != nil && !(err == error(errApproval) && follows) {
		return nil, err
	}
	return n, nil
}

// byID fetches items by their ids (XEP-0060#subscriber-retrieve-requestone); those that are not there are left out.
func (c *call) byID(v *Tx, n *node, req *wire.PubSub, out *wire.PubSub) error {
	if len(req.Items) > pageSize {
		return stanza.NotAcceptable.With("that is too many items at once")
	}
	size := 0
	for i := range req.Items {
		it, ok, err := v.get(req.Node, req.Items[i].ID)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if size += len(it.Payload); size > pageBytes {
			return stanza.NotAcceptable.With("that is too much at once; ask for fewer items")
		}
		out.Items = append(out.Items, shown(&it, &n.Settings, c.host))
	}
	return nil
}

// page fetches one page, or all items, of those that were published last when max_items says so
// (XEP-0060#subscriber-retrieve-returnsome).
func (c *call) page(v *Tx, n *node, req *wire.PubSub, out *wire.PubSub, most int) error {
	q := store.Query{Limit: pageSize, WantCount: true}
	asked := req.RSM
	if asked != nil {
		if asked.Max != rsm.None {
			q.Limit = min(asked.Max, pageSize)
		}
		q.Backward = asked.Backward()
		if asked.After != "" {
			q.After = itemKey(req.Node, asked.After)
		}
		if asked.Before != "" {
			q.Before = itemKey(req.Node, asked.Before)
		}
		if asked.Index != rsm.None {
			return wire.Unsupported("rsm", "pages are found by items, not by numbers")
		}
	}
	if most != rsm.None {
		q.Limit = min(q.Limit, most)
	}
	got, err := v.query(req.Node, &n.Settings, q)
	if errors.Is(err, store.ErrNotFound) {
		return stanza.ItemNotFound.With("there is no such item to go on from")
	}
	if err != nil {
		return err
	}
	page := &rsm.Page{Index: got.First, Count: got.Count}
	c.show(n, out, got.Items, q.Backward, page)
	if asked != nil || len(out.Items) < got.Count {
		out.Page = page
	}
	return nil
}

// show fills items into an answer, as many as go into one: from the end when backward is set.
func (c *call) show(n *node, out *wire.PubSub, all []store.Item, backward bool, page *rsm.Page) {
	from, to := fitting(all, backward)
	for i := from; i < to; i++ {
		it := itemOf(all[i])
		out.Items = append(out.Items, shown(&it, &n.Settings, c.host))
	}
	if page != nil && from < to {
		page.First, page.Last = out.Items[0].ID, out.Items[to-from-1].ID
		if page.Index >= 0 {
			page.Index += from
		}
	}
}

// fitting is the part of items that goes into one answer; at least one does.
func fitting(all []store.Item, backward bool) (from, to int) {
	size := 0
	if backward {
		for from = len(all); from > 0; from-- {
			if size += len(all[from-1].Value); size > pageBytes && from < len(all) {
				break
			}
		}
		return from, len(all)
	}
	for to < len(all) {
		if size += len(all[to].Value); size > pageBytes && to > 0 {
			break
		}
		to++
	}
	return 0, to
}
