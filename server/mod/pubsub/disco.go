package pubsub

import (
	"context"
	"strconv"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/disco"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
	"github.com/stonechat-im/stonechat/xep/rsm"
)

// Features returns what the engine does, as features of XEP-0060#features.
func (e *Engine) Features() []string {
	names := []string{"access-" + string(e.defaults.Access), "config-node", "create-and-configure", "create-nodes", "delete-items",
		"delete-nodes", "instant-nodes", "item-ids", "manage-subscriptions", "member-affiliation", "meta-data",
		"modify-affiliations", "multi-items", "outcast-affiliation", "persistent-items", "publish", "publish-node-full",
		"publish-only-affiliation", "publish-options", "publisher-affiliation", "purge-nodes", "retract-items",
		"retrieve-affiliations", "retrieve-default", "retrieve-default-sub", "retrieve-items", "retrieve-subscriptions",
		"subscribe", "subscription-notifications", "subscription-options", "leased-subscription",
		"rsm"}
	if e.defaults.Last == lastOnPresence { // XEP-0060#events
		names = append(names, "last-published")
	}
	if e.auto {
		names = append(names, "auto-create")
	}
	out := []string{wire.NS, rsm.NS}
	for _, n := range names {
		out = append(out, wire.NS+"#"+n)
	}
	return out
}

// info is XEP-0060#entity-features.
func (m *module) info(ctx context.Context, iq *kit.IQ, q *disco.Info) (stanza.Payload, error) {
	if q.Node == "" {
		return &disco.Info{
			Identities: []disco.Identity{{Category: "pubsub", Type: "service", Name: m.cfg.Name}},
			Features:   append([]string{disco.NSInfo, disco.NSItems}, m.engine.Features()...),
		}, nil
	}
	f, err := m.engine.MetaData(ctx, iq.To.Bare(), iq.From, q.Node)
	if err != nil {
		return nil, err
	}
	return &disco.Info{Node: q.Node, Identities: []disco.Identity{{Category: "pubsub", Type: "leaf"}},
		Features: []string{disco.NSInfo, disco.NSItems, wire.NS}, Forms: []*forms.Form{f}}, nil
}

// MetaData describes a node (XEP-0060#entity-metadata) to somebody who may follow it, or ask to.
func (e *Engine) MetaData(ctx context.Context, host jid.Bare, who jid.JID, id string) (*forms.Form, error) {
	c := &call{e: e, host: host, who: who.Bare()}
	n, ok, err := c.visible(ctx, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, stanza.ItemNotFound.With("there is no such node")
	}
	s := &n.Settings
	f := forms.New(forms.Result, wire.FormMetaData)
	add := func(name string, values ...string) {
		if len(values) > 0 && values[0] != "" {
			f.Add(forms.Field{Var: "pubsub#" + name, Type: forms.TextSingle, Values: values})
		}
	}
	add("title", s.Title)
	add("description", s.Description)
	add("type", s.Type)
	add("language", s.Language)
	add("contact", s.Contact...)
	add("access_model", string(s.Access))
	add("publish_model", s.Publish)
	add("max_items", maxItemsField().get(s)...)
	add("creation_date", n.Created.UTC().Format("2006-01-02T15:04:05Z"))
	add("creator", n.Creator)
	if host.Local() != "" {
		add("owner", host.String())
	} else {
		add("owner", n.Owners...)
	}
	var people []store.Pair[person]
	err = c.read(ctx, func(v *Tx) (err error) {
		people, err = v.everybody(id)
		return err
	})
	followers := 0
	for i := range people {
		for _, x := range people[i].Value.Subs {
			if x.State == wire.StateSubscribed {
				followers++
			}
		}
	}
	add("num_subscribers", strconv.Itoa(followers))
	return f, err
}

// visible returns a node, and whether the sender may know of it: he may see its items, or ask to.
func (c *call) visible(ctx context.Context, id string) (*node, bool, error) {
	var n *node
	var p person
	var a wire.Affiliation
	err := c.read(ctx, func(v *Tx) (err error) {
		if n, err = v.node(id); err == nil {
			p, err = v.person(id, c.who)
			a = v.affiliation(c.who, &p)
		}
		return err
	})
	if err != nil {
		return nil, false, err
	}
	r, err := c.e.relate(ctx, n.Settings.Access, c.e.ownersOf(c.host, n), c.who)
	if err != nil {
		return nil, false, err
	}
	err = admit(&n.Settings, a, &r)
	return n, err == nil || err == error(errApproval), nil
}

// list is XEP-0060#entity-nodes and XEP-0060#entity-discoveritems.
func (m *module) list(ctx context.Context, iq *kit.IQ, q *disco.Items) (stanza.Payload, error) {
	items, err := m.engine.List(ctx, iq.To.Bare(), iq.From, q.Node)
	if err != nil {
		return nil, err
	}
	out := &disco.Items{Node: q.Node}
	for _, it := range items {
		out.Items = append(out.Items, disco.Item(it))
	}
	return out, nil
}

// listed is how many nodes or items a list has at most.
const listed = 1000

// List returns the nodes that somebody may know of, or the items of one.
func (e *Engine) List(ctx context.Context, host jid.Bare, who jid.JID, id string) ([]kit.Item, error) {
	c := &call{e: e, host: host, who: who.Bare()}
	var out []kit.Item
	if id != "" {
		n, err := c.seen(ctx, id)
		if err != nil {
			return nil, err
		}
		err = c.read(ctx, func(v *Tx) error {
			page, err := v.query(id, &n.Settings, store.Query{Limit: listed})
			for i := range page.Items {
				out = append(out, kit.Item{JID: host.JID(), Name: itemOf(page.Items[i]).ID})
			}
			return err
		})
		return out, err
	}
	var all []store.Pair[node]
	err := c.read(ctx, func(v *Tx) (err error) {
		all, err = e.nodes.In(v.tx).All(v.owner)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		if len(out) == listed {
			break
		}
		n, ok, err := c.visible(ctx, all[i].Key)
		if err != nil && !missing(err) {
			return nil, err
		}
		if ok {
			out = append(out, kit.Item{JID: host.JID(), Node: all[i].Key, Name: n.Settings.Title})
		}
	}
	return out, nil
}

// Forget ends all subscriptions of an address at a host, without telling anybody. Nobody is notified, so that it may be
// called while a notification is on its way.
func (e *Engine) Forget(ctx context.Context, host jid.Bare, who jid.JID) error {
	return e.change(ctx, host, func(v *Tx) error {
		known, err := v.standing(who.Bare())
		if err != nil {
			return err
		}
		for _, at := range known {
			if err := v.forget(at.Key, who); err != nil {
				return err
			}
		}
		return nil
	})
}

func (v *Tx) forget(id string, who jid.JID) error {
	p, err := v.person(id, who.Bare())
	if err != nil {
		return err
	}
	kept := p.Subs[:0:0]
	for _, s := range p.Subs {
		if s.JID != who.String() {
			kept = append(kept, s)
		}
	}
	if len(kept) == len(p.Subs) {
		return nil
	}
	n, err := v.node(id)
	if err != nil {
		return err
	}
	p.Subs = kept
	return v.putPerson(id, n, who.Bare(), p)
}

// Leave removes all that a host knows of somebody who is no more. Nodes that are left without owners stay, in the hands of
// those who own all nodes of the host.
func (e *Engine) Leave(ctx context.Context, host, who jid.Bare) error {
	return e.change(ctx, host, func(v *Tx) error {
		known, err := v.standing(who)
		if err != nil {
			return err
		}
		for _, at := range known {
			n, err := v.node(at.Key)
			if err != nil {
				return err
			}
			if err := v.putPerson(at.Key, n, who, person{}); err != nil {
				return err
			}
		}
		return nil
	})
}
