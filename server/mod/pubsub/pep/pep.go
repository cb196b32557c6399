// Package pep makes every account a publish-subscribe service for what its owner does (XEP-0163), on the engine of the
// folder above. Whoever sees the owner's presence, and says in the capabilities of his client that he wants to (XEP-0115),
// is notified without subscribing (XEP-0060#filtered-notifications).
//
// interest.go finds out what clients want, by asking them; the answers are kept by their hashes. neighbours.go remembers
// who elsewhere has sent presence to which account; of sessions here the router knows. audience.go puts both together.
// The store owns nodes and items; in memory are answers and neighbours, which are learnt anew after a restart.
// Start reading at New, then audience.go.
//
// Locks: that of resolver and that of neighbours. Neither is held during a call to the store or the router.
package pep

import (
	"context"
	"errors"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/mod/pubsub"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/avatar"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name: "pep",
	Specs: []spec.Spec{
		{XEP: 163, Version: "1.2.2", Status: spec.Complete, Since: "0.1"},
		{XEP: 115, Version: "1.6.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 84, Version: "1.1.4", Status: spec.Complete, Since: "0.1"},
		{XEP: 153, Version: "1.1.1", Status: spec.Complete, Since: "0.1"},
		{XEP: 398, Version: "1.0.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 402, Version: "1.2.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 48, Version: "1.2", Status: spec.Complete, Since: "0.1"},
		{XEP: 411, Version: "1.1.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 384, Version: "0.9.1", Status: spec.Complete, Since: "0.1", Note: "what §7.1 asks of a server"},
		{XEP: 490, Version: "1.0.1", Status: spec.Complete, Since: "0.1"},
		{XEP: 222, Version: "1.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 223, Version: "1.1.1", Status: spec.Complete, Since: "0.1"},
	},
}, Config{Nodes: 300, Items: 1000, ItemSize: 512 << 10, People: 1000, Subscriptions: 100, Neighbours: 2000, Capabilities: 5000}, New)

// Config is the [pep] section.
type Config struct {
	// Nodes is how many nodes an account may have.
	Nodes int
	// Items is how many items a node can be configured to keep.
	Items int
	// ItemSize is the largest item that may be published.
	ItemSize kit.Size
	// People is how many people may have a subscription or an affiliation at one node.
	People int
	// Subscriptions is how many nodes of one account somebody may subscribe to.
	Subscriptions int
	// Neighbours is how many clients on other servers are remembered for an account while they are available.
	Neighbours int
	// Capabilities is how many kinds of clients are remembered.
	Capabilities int
}

// Contacts is what the module needs to know of rosters.
type Contacts interface {
	Contacts(ctx context.Context, owner jid.Bare) ([]roster.Contact, error)
	State(ctx context.Context, owner, contact jid.Bare) (roster.State, error)
}

// Blocks says whom an account has blocked (XEP-0163#notify-when).
type Blocks interface {
	Blocker(ctx context.Context, owner jid.Bare) (func(jid.JID) bool, error)
}

type module struct {
	env      *kit.Env
	cfg      Config
	engine   *pubsub.Engine
	contacts Contacts
	blocks   Blocks // nil: nobody blocks anybody
	resolver *resolver
	near     *neighbours
	features []string
	avatars  *avatars // nil: there are no vCards
	marks    *marks   // nil: there is no private storage
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{env: env, cfg: cfg, resolver: newResolver(env.Router, cfg.Capabilities), near: newNeighbours(cfg.Neighbours)}
	m.contacts = kit.Need[Contacts](env)
	m.blocks, _ = kit.Want[Blocks](env)
	m.engine = pubsub.NewEngine(env, m, pubsub.Options{
		Prefix: "pep", Defaults: pubsub.AccountDefaults(), AutoCreate: true,
		Limits: pubsub.Limits{Nodes: cfg.Nodes, Items: cfg.Items, ItemSize: cfg.ItemSize, People: cfg.People, Subscriptions: cfg.Subscriptions},
	})
	m.features = append(m.engine.Features(), wire.NS+"#auto-subscribe", wire.NS+"#filtered-notifications",
		wire.NS+"#presence-subscribe", wire.NS+"#pubsub-on-a-jid")
	if cards, ok := kit.Want[Cards](env); ok {
		m.convertAvatars(env, cards)
	}
	if private, ok := kit.Want[Private](env); ok {
		m.convertBookmarks(private)
	}
	m.assistDisplayed(env)
	// XEP-0030#security: to strangers, an account that does not exist is like one without nodes
	for _, target := range []kit.Target{kit.Account, kit.NoAccount} {
		for _, typ := range []stanza.Type{stanza.Get, stanza.Set} {
			kit.HandleIQ(env, target, typ, m.answer)
			kit.HandleIQ(env, target, typ, func(ctx context.Context, iq *kit.IQ, req *wire.Owner) (stanza.Payload, error) {
				return m.engine.AnswerOwner(ctx, iq.Account, iq, req)
			})
		}
	}
	kit.On(env, &env.Points.ToAccount, hook.Rewrite, m.decide) // before it is archived
	kit.On(env, &env.Points.ToAccount, hook.Copy, m.neighbour)
	kit.On(env, &env.Points.DiscoInfo, hook.Rewrite, m.discoInfo)
	kit.On(env, &env.Points.DiscoItems, hook.Rewrite, m.discoItems)
	kit.Tell(env, &env.Points.Presence, m.presence)
	kit.Tell(env, &env.Points.Resumed, m.resumed)
	kit.Tell(env, &env.Points.Removed, func(_ context.Context, ev *kit.AccountEvent) { m.near.drop(ev.Account) })
	return m, nil
}

func (m *module) answer(ctx context.Context, iq *kit.IQ, req *wire.PubSub) (stanza.Payload, error) {
	out, err := m.engine.Answer(ctx, iq.Account, iq, req)
	if err == nil && m.avatars != nil && req.Verb == wire.Publish && req.Node == avatar.NSMetadata {
		err = m.avatars.refresh(ctx, iq.Account)
	}
	return out, err
}

// decide takes the owner's answer to a request for approval (XEP-0060#owner-subreq).
func (m *module) decide(ctx context.Context, ev *kit.ToAccount) error {
	if s := ev.Stanza; s.Kind != stanza.Message || !s.To.IsBare() || s.From.Bare() != ev.Account {
		return nil
	}
	taken, err := m.engine.Decide(ctx, ev.Account, ev.Stanza)
	if taken && err == nil {
		return hook.Stop
	}
	return err
}

// Owns implements pubsub.Rules (XEP-0163#approach-publisher).
func (m *module) Owns(host, who jid.Bare) bool { return host == who }

// MayCreate implements pubsub.Rules.
func (m *module) MayCreate(host, who jid.Bare) bool { return host == who }

// Changing implements pubsub.Rules: what is kept elsewhere, too, follows.
func (m *module) Changing(tx *pubsub.Tx, n *pubsub.Notice) error {
	if m.avatars != nil {
		if err := m.avatars.changing(tx, n); err != nil {
			return err
		}
	}
	if m.marks != nil {
		return m.marks.changing(tx, n)
	}
	return nil
}

// discoInfo is XEP-0163#support-owner and XEP-0060#entity-metadata.
func (m *module) discoInfo(ctx context.Context, ev *kit.DiscoInfo) error {
	if ev.To.Local() == "" || !m.env.Serves(ev.To.Domain()) {
		return nil
	}
	if ev.Node == "" {
		ev.Identities = append(ev.Identities, kit.Identity{Category: "pubsub", Type: "pep"})
		ev.Features = append(ev.Features, m.features...)
		return nil
	}
	f, err := m.engine.MetaData(ctx, ev.To.Bare(), ev.From, ev.Node)
	if errors.Is(err, stanza.ItemNotFound) {
		return nil // somebody else may know the node
	}
	if err != nil {
		return err
	}
	ev.Found = true
	ev.Identities = append(ev.Identities, kit.Identity{Category: "pubsub", Type: "leaf"})
	ev.Features = append(ev.Features, wire.NS)
	ev.Forms = append(ev.Forms, f)
	return nil
}

// discoItems is XEP-0163#support-contact.
func (m *module) discoItems(ctx context.Context, ev *kit.DiscoItems) error {
	if ev.To.Local() == "" || !m.env.Serves(ev.To.Domain()) {
		return nil
	}
	items, err := m.engine.List(ctx, ev.To.Bare(), ev.From, ev.Node)
	if ev.Node != "" && errors.Is(err, stanza.ItemNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	ev.Found = true
	ev.Items = append(ev.Items, items...)
	return nil
}
