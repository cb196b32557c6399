package pubsub

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// Limits of what hosts keep.
type Limits struct {
	Nodes         int      // most nodes that one user may own at a host
	Items         int      // most items of a node: what max stands for
	ItemSize      kit.Size // largest payload
	People        int      // most people with an affiliation or a subscription at one node
	Subscriptions int      // most nodes at a host that one user may be known at without owning them
}

// Rules are where a service and accounts differ.
type Rules interface {
	// Owns says whether who owns every node at the host without being listed.
	Owns(host, who jid.Bare) bool
	// MayCreate says whether who may create nodes at the host.
	MayCreate(host, who jid.Bare) bool
	// Audience calls tell for the addresses that are notified without having subscribed (XEP-0060#presence), those excepted
	// that Notice.Admits refuses.
	Audience(ctx context.Context, n *Notice, tell func(to jid.JID))
	// Changing is called within the transaction of a change, at its end. What it writes belongs to the change; its error takes
	// the change back.
	Changing(tx *Tx, n *Notice) error
}

// RosterOf knows the contacts of accounts here.
type RosterOf interface {
	SharesPresence(ctx context.Context, owner, other jid.Bare) (bool, error)
	Item(ctx context.Context, owner, contact jid.Bare) (roster.Item, bool, error)
}

// Options of an engine.
type Options struct {
	Prefix     string // of the names of its shapes in the store
	Defaults   Settings
	AutoCreate bool // publishing creates a node (XEP-0060#publisher-publish-autocreate)
	Limits     Limits
}

// Engine carries out publish-subscribe for any number of hosts: addresses that nodes live at.
type Engine struct {
	env      *kit.Env
	rules    Rules
	roster   RosterOf // nil: nobody has contacts
	limits   Limits
	defaults Settings
	auto     bool
	fields   []field
	nodes    store.Map[node]   // host → node
	people   store.Map[person] // host → node, bare address
	index    store.Map[string] // host → bare address, node → affiliation
	items    store.Log         // host → items of all nodes; the peer is the node

	mu    sync.Mutex
	boxes map[jid.Bare]*outbox
}

// NewEngine makes an engine.
func NewEngine(env *kit.Env, rules Rules, o Options) *Engine {
	e := &Engine{
		env: env, rules: rules, limits: o.Limits, defaults: o.Defaults, auto: o.AutoCreate, fields: settingFields(),
		nodes:  store.OpenMap[node](env.Store, o.Prefix+"_nodes"),
		people: store.OpenMap[person](env.Store, o.Prefix+"_people"),
		index:  store.OpenMap[string](env.Store, o.Prefix+"_index"),
		items:  store.OpenLog(env.Store, o.Prefix+"_items", store.LogOptions{}),
		boxes:  make(map[jid.Bare]*outbox),
	}
	e.roster, _ = kit.Want[RosterOf](env)
	return e
}

// read runs fn on what is stored of a host.
func (e *Engine) read(ctx context.Context, host jid.Bare, fn func(v *Tx) error) error {
	return e.env.Store.View(ctx, func(tx store.Tx) error { return fn(e.view(tx, host)) })
}

func (e *Engine) view(tx store.Tx, host jid.Bare) *Tx {
	return &Tx{e: e, tx: tx, host: host, owner: host.String(), now: time.Now().UTC()}
}

// change runs fn, which may write, and returns when that is durable and all that is to be told of it was told. Of one
// host, it is told in the order of the commits.
func (e *Engine) change(ctx context.Context, host jid.Bare, fn func(v *Tx) error) error {
	return e.Change(ctx, host, func(v *Tx) error {
		if err := fn(v); err != nil {
			return err
		}
		for _, n := range v.notices { // those that follow from them are not looked at again
			if n.Event == nil {
				continue
			}
			if err := e.rules.Changing(v, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// Change lets other modules change what a host has, together with what they store themselves. It returns when all is
// durable and told. Rules.Changing is not called for it.
func (e *Engine) Change(ctx context.Context, host jid.Bare, fn func(v *Tx) error) error {
	host = host.Clone()
	var b *batch
	done := make(chan error, 1)
	e.env.Store.Go(func(tx store.Tx) error {
		v := e.view(tx, host)
		err := fn(v)
		if err == nil && len(v.notices) > 0 {
			b = &batch{notices: v.notices, told: make(chan struct{})}
		}
		return err
	}).OnDone(func(err error) {
		if err == nil && b != nil {
			e.enqueue(host, b)
		}
		done <- err
	})
	if err := <-done; err != nil || b == nil { // also when ctx has ended: somebody must tell what was committed
		return err
	}
	e.drain(context.WithoutCancel(ctx), host)
	<-b.told
	return nil
}

// Answer carries out a request of an entity, a subscriber or a publisher.
func (e *Engine) Answer(ctx context.Context, host jid.Bare, iq *kit.IQ, req *wire.PubSub) (stanza.Payload, error) {
	c := &call{e: e, host: host, iq: iq, who: iq.From.Bare()}
	if iq.Type == stanza.Get {
		switch req.Verb {
		case wire.Items:
			return c.items(ctx, req)
		case wire.Subscriptions:
			return c.subscriptions(ctx, req)
		case wire.Affiliations:
			return c.affiliations(ctx, req)
		case wire.Options:
			return c.options(ctx, req)
		case wire.Default:
			return c.defaultOptions(ctx, req)
		}
		return nil, errVerb
	}
	switch req.Verb {
	case wire.Create:
		return c.create(ctx, req)
	case wire.Publish:
		return c.publish(ctx, req)
	case wire.Retract:
		return c.retract(ctx, req)
	case wire.Subscribe:
		return c.subscribe(ctx, req)
	case wire.Unsubscribe:
		return c.unsubscribe(ctx, req)
	case wire.Options:
		return c.setOptions(ctx, req)
	}
	return nil, errVerb
}

// AnswerOwner carries out a request of a node's owner.
func (e *Engine) AnswerOwner(ctx context.Context, host jid.Bare, iq *kit.IQ, req *wire.Owner) (stanza.Payload, error) {
	c := &call{e: e, host: host, iq: iq, who: iq.From.Bare()}
	if iq.Type == stanza.Get {
		switch req.Verb {
		case wire.Configure:
			return c.configuration(ctx, req)
		case wire.Default:
			return c.defaultSettings(req)
		case wire.Subscriptions:
			return c.subscribers(ctx, req)
		case wire.Affiliations:
			return c.affiliated(ctx, req)
		}
		return nil, errVerb
	}
	switch req.Verb {
	case wire.Configure:
		return c.configure(ctx, req)
	case wire.Delete:
		return c.delete(ctx, req)
	case wire.Purge:
		return c.purge(ctx, req)
	case wire.Subscriptions:
		return c.setSubscribers(ctx, req)
	case wire.Affiliations:
		return c.setAffiliated(ctx, req)
	}
	return nil, errVerb
}

var (
	errVerb   = stanza.BadRequest.With("there is no such request")
	errNodeID = wire.Error(stanza.BadRequest, "nodeid-required", "name the node")
)

// call is one request on its way.
type call struct {
	e    *Engine
	host jid.Bare
	iq   *kit.IQ
	who  jid.Bare
}

func (c *call) read(ctx context.Context, fn func(v *Tx) error) error {
	return c.e.read(ctx, c.host, fn)
}

func (c *call) change(ctx context.Context, fn func(v *Tx) error) error {
	return c.e.change(ctx, c.host, fn)
}

// affiliation is how somebody stands to a node, the host's owner included.
func (v *Tx) affiliation(who jid.Bare, p *person) wire.Affiliation {
	switch {
	case v.e.rules.Owns(v.host, who):
		return wire.OwnerOf
	case p.Affiliation == "":
		return wire.None
	}
	return p.Affiliation
}

// owned returns a node for its owner.
func (c *call) owned(v *Tx, id string) (*node, error) {
	if id == "" {
		return nil, errNodeID
	}
	n, err := v.node(id)
	if err != nil {
		return nil, err
	}
	p, err := v.person(id, c.who)
	if err != nil {
		return nil, err
	}
	if v.affiliation(c.who, &p) != wire.OwnerOf {
		return nil, stanza.Forbidden.With("only its owners may do that to a node")
	}
	return n, nil
}

// missing says whether an error is that a node is not there.
func missing(err error) bool { return errors.Is(err, stanza.ItemNotFound) }
