package pubsub

import (
	"context"
	"fmt"
	"strings"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// publish is XEP-0060#publisher-publish.
func (c *call) publish(ctx context.Context, req *wire.PubSub) (stanza.Payload, error) {
	if req.Node == "" {
		return nil, errNodeID
	}
	if len(req.Items) > 1 {
		return nil, stanza.BadRequest.With("publish one item at a time")
	}
	it, err := c.offered(req)
	if err != nil {
		return nil, err
	}
	if req.With {
		if _, err := submitted(req.Form, wire.FormPublish); err != nil {
			return nil, err
		}
	} else {
		req.Form = nil
	}
	id := ""
	err = c.change(ctx, func(v *Tx) (err error) {
		id, err = c.put(v, req, it)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &wire.PubSub{Verb: wire.Publish, Node: req.Node}
	if id != "" {
		out.Items = []wire.Item{{ID: id}}
	}
	return out, nil
}

// offered checks the item of a request by itself; nil where there is none.
func (c *call) offered(req *wire.PubSub) (*item, error) {
	if len(req.Items) == 0 {
		return nil, nil
	}
	in := &req.Items[0]
	switch {
	case in.Payloads > 1:
		return nil, wire.Error(stanza.BadRequest, "invalid-payload", "an item holds one element")
	case len(in.Payload) > int(c.e.limits.ItemSize):
		return nil, tooBig(len(in.Payload), int(c.e.limits.ItemSize))
	case len(in.ID) > maxText:
		return nil, stanza.NotAcceptable.With("the id of the item is too long")
	}
	return &item{ID: strings.Clone(in.ID), Publisher: c.iq.From.String(), Payload: in.Payload}, nil
}

func tooBig(n, most int) error {
	return wire.Error(stanza.NotAcceptable, "payload-too-big", fmt.Sprintf("the payload has %d bytes; there may be %d", n, most))
}

// put publishes an item, which may be none, and returns its id.
func (c *call) put(v *Tx, req *wire.PubSub, it *item) (id string, err error) {
	n, err := c.nodeFor(v, req)
	if err != nil {
		return "", err
	}
	s := &n.Settings
	if err := fits(s, it); err != nil {
		return "", err
	}
	ev := &wire.Event{What: wire.EventItems, Node: req.Node}
	if it != nil {
		it.At = v.now
		if it.ID == "" {
			it.ID = newID()
		}
		if s.Persist {
			if err := v.keep(req.Node, s, it); err != nil {
				return "", err
			}
		}
		ev.Items = []wire.Item{shown(it, s, v.host)}
		if !s.Payloads {
			ev.Items[0].Payload = nil
		}
		id = it.ID
	}
	_, err = v.notify(req.Node, n, c.iq.From, ev)
	return id, err
}

// keep stores an item, if need be in place of the oldest (XEP-0060#publisher-publish-success-nodefull).
func (v *Tx) keep(node string, s *Settings, it *item) error {
	most := v.e.limits.Items
	if s.MaxItems != Max {
		most = min(most, s.MaxItems)
	}
	replaced, err := v.put(node, it)
	if err != nil {
		return err
	}
	if !replaced && s.Full == fullReject {
		page, err := v.count(node, s)
		if err != nil {
			return err
		}
		if page > most {
			return wire.Error(stanza.Conflict, "node-full", "the node is full")
		}
	}
	return v.trim(node, s, most)
}

// nodeFor finds the node to publish to, or creates it, and checks whether the sender may and wants to.
func (c *call) nodeFor(v *Tx, req *wire.PubSub) (*node, error) {
	n, err := v.node(req.Node)
	if missing(err) && v.e.auto && v.e.rules.MayCreate(v.host, c.who) {
		s := v.e.defaults
		if req.Form != nil {
			var unknown string
			if s, unknown, err = v.e.merged(s, req.Form); err != nil {
				return nil, err
			}
			if unknown != "" {
				return nil, unmet(unknown + " is not known here")
			}
		}
		return v.create(req.Node, c.who, s)
	}
	if missing(err) && v.e.auto {
		return nil, stanza.Forbidden.With("you may not create nodes here")
	}
	if err != nil {
		return nil, err
	}
	p, err := v.person(req.Node, c.who)
	if err != nil {
		return nil, err
	}
	if err := mayPublish(v, n, c.who, &p); err != nil {
		return nil, err
	}
	if req.Form != nil && !v.e.meets(&n.Settings, req.Form) {
		return nil, unmet("the node is configured otherwise")
	}
	return n, nil
}

func unmet(text string) error { return wire.Error(stanza.Conflict, "precondition-not-met", text) }

// mayPublish is the publish model.
func mayPublish(v *Tx, n *node, who jid.Bare, p *person) error {
	switch v.affiliation(who, p) {
	case wire.OwnerOf, wire.Publisher, wire.PublishOnly:
		return nil
	case wire.Outcast:
	default:
		if n.Settings.Publish == publishOpen || n.Settings.Publish == publishFollower && p.follows(v.now) {
			return nil
		}
	}
	return stanza.Forbidden.With("you may not publish here")
}

// fits checks an item against the kind of events of a node (XEP-0060#publisher-publish-error-badrequest).
func fits(s *Settings, it *item) error {
	switch {
	case it == nil && (s.Persist || s.Payloads):
		return wire.Error(stanza.BadRequest, "item-required", "there is no item")
	case it == nil:
		return nil
	case !s.Persist && !s.Payloads:
		return wire.Error(stanza.BadRequest, "item-forbidden", "the node tells that something happens, and has no items")
	case s.Payloads && len(it.Payload) == 0:
		return wire.Error(stanza.BadRequest, "payload-required", "the item is empty")
	case s.MaxPayload > 0 && len(it.Payload) > s.MaxPayload:
		return tooBig(len(it.Payload), s.MaxPayload)
	}
	return nil
}

// retract is XEP-0060#publisher-delete.
func (c *call) retract(ctx context.Context, req *wire.PubSub) (stanza.Payload, error) {
	switch {
	case req.Node == "":
		return nil, errNodeID
	case len(req.Items) == 0 || req.Items[0].ID == "":
		return nil, wire.Error(stanza.BadRequest, "item-required", "name the item")
	case len(req.Items) > 1:
		return nil, stanza.BadRequest.With("retract one item at a time")
	}
	loud, named := boolean(filled(req.Notify))
	if req.Notify != "" && !named {
		return nil, stanza.BadRequest.With("notify is neither true nor false")
	}
	id := strings.Clone(req.Items[0].ID)
	return nil, c.change(ctx, func(v *Tx) error {
		n, err := v.node(req.Node)
		if err != nil {
			return err
		}
		if !n.Settings.Persist {
			return wire.Unsupported("persistent-items", "the node does not keep items")
		}
		if err := c.mayRetract(v, req.Node, id); err != nil {
			return err
		}
		if _, err := v.remove(req.Node, id); err != nil {
			return err
		}
		notice, err := v.notify(req.Node, n, c.iq.From, &wire.Event{What: wire.EventItems, Node: req.Node, Retracted: []string{id}})
		if err == nil && (named && !loud || !named && !n.Settings.NotifyGone) {
			notice.Quiet = true
		}
		return err
	})
}

// mayRetract lets owners retract everything, and others what they have published. Whoever may not see the items is not
// told which there are.
func (c *call) mayRetract(v *Tx, node, id string) error {
	p, err := v.person(node, c.who)
	if err != nil {
		return err
	}
	a := v.affiliation(c.who, &p)
	it, ok, err := v.get(node, id)
	if err != nil {
		return err
	}
	own := false
	if j, err := jid.Parse(it.Publisher); err == nil {
		own = j.Bare() == c.who
	}
	switch {
	case a == wire.OwnerOf, ok && own && a != wire.Outcast:
	case ok, a != wire.Publisher:
		return stanza.Forbidden.With("the item is not yours")
	}
	if !ok {
		return stanza.ItemNotFound.With("there is no such item")
	}
	return nil
}
