package pubsub

import (
	"context"
	"slices"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// subscriptions is XEP-0060#entity-subscriptions: those of the sender.
func (c *call) subscriptions(ctx context.Context, req *wire.PubSub) (stanza.Payload, error) {
	out := &wire.PubSub{Verb: wire.Subscriptions, Node: req.Node}
	err := c.read(ctx, func(v *Tx) error {
		return c.mineAt(v, req.Node, func(id string, p *person) error {
			for _, s := range p.Subs {
				if s.live(v.now) {
					out.Subscriptions = append(out.Subscriptions, wire.Subscription{Node: id, JID: s.JID, State: s.State})
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// affiliations is XEP-0060#entity-affiliations: those of the sender.
func (c *call) affiliations(ctx context.Context, req *wire.PubSub) (stanza.Payload, error) {
	out := &wire.PubSub{Verb: wire.Affiliations, Node: req.Node}
	err := c.read(ctx, func(v *Tx) error {
		if c.who == v.host { // an account owns all of its nodes
			all, err := c.e.nodes.In(v.tx).All(v.owner)
			for i := range all {
				if req.Node == "" || all[i].Key == req.Node {
					out.Affiliations = append(out.Affiliations, wire.Affiliated{Node: all[i].Key, Affiliation: wire.OwnerOf})
				}
			}
			return err
		}
		return c.mineAt(v, req.Node, func(id string, p *person) error {
			if p.Affiliation != "" {
				out.Affiliations = append(out.Affiliations, wire.Affiliated{Node: id, Affiliation: p.Affiliation})
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// mineAt calls f with what is known of the sender at each node, or at one.
func (c *call) mineAt(v *Tx, only string, f func(id string, p *person) error) error {
	if only != "" {
		if _, err := v.node(only); err != nil {
			return err
		}
		p, err := v.person(only, c.who)
		if err != nil {
			return err
		}
		return f(only, &p)
	}
	all, err := v.standing(c.who)
	if err != nil {
		return err
	}
	for _, at := range all {
		p, err := v.person(at.Key, c.who)
		if err != nil {
			return err
		}
		if err := f(at.Key, &p); err != nil {
			return err
		}
	}
	return nil
}

// subscribers is XEP-0060#owner-subscriptions-retrieve.
func (c *call) subscribers(ctx context.Context, req *wire.Owner) (stanza.Payload, error) {
	out := &wire.Owner{Verb: wire.Subscriptions, Node: req.Node}
	err := c.read(ctx, func(v *Tx) error {
		if _, err := c.owned(v, req.Node); err != nil {
			return err
		}
		all, err := v.everybody(req.Node)
		for i := range all {
			for _, s := range all[i].Value.Subs {
				if s.State != wire.StatePending && s.live(v.now) {
					out.Subscriptions = append(out.Subscriptions, wire.Subscription{JID: s.JID, State: s.State})
				}
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// affiliated is XEP-0060#owner-affiliations-retrieve.
func (c *call) affiliated(ctx context.Context, req *wire.Owner) (stanza.Payload, error) {
	out := &wire.Owner{Verb: wire.Affiliations, Node: req.Node}
	err := c.read(ctx, func(v *Tx) error {
		if _, err := c.owned(v, req.Node); err != nil {
			return err
		}
		if v.host.Local() != "" {
			out.Affiliations = append(out.Affiliations, wire.Affiliated{JID: v.owner, Affiliation: wire.OwnerOf})
		}
		all, err := v.everybody(req.Node)
		for i := range all {
			if a := all[i].Value.Affiliation; a != "" {
				out.Affiliations = append(out.Affiliations, wire.Affiliated{JID: all[i].Key, Affiliation: a})
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// refusal is what comes before the error of a change of a list: the entries that could not be changed, as they were
// (XEP-0060#owner-affiliations-multi). It is a list that is encoded within an error stanza.
type refusal struct {
	list *wire.Owner
	err  *stanza.Error
}

func (r *refusal) Name() elem.Name { return r.list.Name() }

func (r *refusal) Encode(w *elem.Writer) {
	r.list.Encode(w)
	r.err.Encode(w)
}

// refuse answers with an error that names entries. The others have been changed.
func (c *call) refuse(ctx context.Context, list *wire.Owner) error {
	if len(list.Subscriptions)+len(list.Affiliations) == 0 {
		return nil
	}
	c.e.env.Router.Route(ctx, c.iq.Reply(stanza.TypeError, &refusal{list, stanza.NotAcceptable.With("these could not be changed")}))
	return kit.Later
}

// setSubscribers is XEP-0060#owner-subscriptions-modify.
func (c *call) setSubscribers(ctx context.Context, req *wire.Owner) (stanza.Payload, error) {
	list := &wire.Owner{Verb: wire.Subscriptions, Node: req.Node}
	err := c.change(ctx, func(v *Tx) error {
		n, err := c.owned(v, req.Node)
		if err != nil {
			return err
		}
		for _, in := range req.Subscriptions {
			was, ok, err := c.setSubscriber(v, req.Node, n, in)
			if err != nil {
				return err
			}
			if !ok {
				list.Subscriptions = append(list.Subscriptions, wire.Subscription{JID: in.JID, State: was})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, c.refuse(ctx, list)
}

func (c *call) setSubscriber(v *Tx, id string, n *node, in wire.Subscription) (was wire.State, ok bool, err error) {
	j, bad := jid.Parse(in.JID)
	if bad != nil {
		return wire.StateNone, false, nil
	}
	p, err := v.person(id, j.Bare())
	if err != nil {
		return "", false, err
	}
	was = wire.StateNone
	i := slices.IndexFunc(p.Subs, func(s subscription) bool { return s.JID == j.String() })
	if i >= 0 {
		was = p.Subs[i].State
	}
	address := strings.Clone(j.String())
	switch {
	case in.State == "" || in.State == was:
		return was, true, nil
	case in.State == wire.StateNone:
		p.Subs = slices.Delete(p.Subs, i, i+1)
	case in.State != wire.StateSubscribed, p.Affiliation == wire.Outcast, len(p.Subs) >= maxSubs:
		return was, false, nil
	case i >= 0:
		p.Subs[i].State, p.Subs[i].Ask = wire.StateSubscribed, ""
	default:
		p.Subs = append(p.Subs, subscription{JID: address, State: wire.StateSubscribed})
	}
	if err := v.putPerson(id, n, j.Bare(), p); err != nil {
		return was, false, err
	}
	v.state(strings.Clone(id), address, in.State, &n.Settings)
	return was, true, nil
}

// setAffiliated is XEP-0060#owner-affiliations-modify.
func (c *call) setAffiliated(ctx context.Context, req *wire.Owner) (stanza.Payload, error) {
	seen := make(map[jid.Bare]bool)
	for _, in := range req.Affiliations {
		if j, err := jid.Parse(in.JID); err == nil {
			if seen[j.Bare()] {
				return nil, stanza.BadRequest.With("an entity is named twice")
			}
			seen[j.Bare()] = true
		}
	}
	list := &wire.Owner{Verb: wire.Affiliations, Node: req.Node}
	err := c.change(ctx, func(v *Tx) error {
		n, err := c.owned(v, req.Node)
		if err != nil {
			return err
		}
		for _, in := range req.Affiliations {
			was, ok, err := c.setAffiliation(v, req.Node, n, in)
			if err != nil {
				return err
			}
			if !ok {
				list.Affiliations = append(list.Affiliations, wire.Affiliated{JID: in.JID, Affiliation: was})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, c.refuse(ctx, list)
}

func (c *call) setAffiliation(v *Tx, id string, n *node, in wire.Affiliated) (was wire.Affiliation, ok bool, err error) {
	j, bad := jid.Parse(in.JID)
	if bad != nil || j.IsFull() {
		return wire.None, false, nil
	}
	who := j.Bare()
	p, err := v.person(id, who)
	if err != nil {
		return "", false, err
	}
	was = v.affiliation(who, &p)
	switch {
	case in.Affiliation == "" || in.Affiliation == was:
		return was, true, nil
	case !in.Affiliation.Known(), who == v.host, // the account stays owner
		was == wire.OwnerOf && p.Affiliation != wire.OwnerOf,              // owner by the rules of the host
		was == wire.OwnerOf && in.Affiliation == wire.Outcast,             // XEP-0060#affiliations: not in the table
		was == wire.OwnerOf && len(n.Owners) == 1 && v.host.Local() == "": // the last owner
		return was, false, nil
	}
	p.Affiliation = in.Affiliation
	switch in.Affiliation {
	case wire.None:
		p.Affiliation = ""
	case wire.Outcast, wire.PublishOnly: // neither may follow the node
		for _, s := range p.Subs {
			v.state(strings.Clone(id), s.JID, wire.StateNone, &n.Settings)
		}
		p.Subs = nil
	}
	return was, true, v.putPerson(id, n, who.Clone(), p)
}
