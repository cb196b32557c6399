// Package pubsub is publish-subscribe (XEP-0060): an engine, and a service at pubsub.DOMAIN that runs on it. The folder pep
// below runs the same engine for accounts (XEP-0163). Collections (XEP-0248) are left out.
//
// An Engine keeps nodes at any number of hosts: a service's domains, or accounts. What differs between them is in Rules.
// Requests come in at Engine.Answer and Engine.AnswerOwner; each is one file by subject: publish.go, items.go,
// subscribe.go, owner.go, lists.go, approve.go. A request that changes something is one transaction (Engine.change), in
// which everything is checked, so that of two publishers none undoes what the other did; it leaves Notices, which are told
// after the commit and before the answer (notify.go), those of one host in the order of the commits (outbox.go).
//
// The store owns the state (node.go): nodes with their settings, people with their affiliation and subscriptions at each
// node, an index of where somebody is known, and the items of all nodes of a host in one log. Start reading at Engine, then
// publish.go.
//
// Locks: Engine.mu guards the outboxes. It is never held during a call to the store or the router.
package pubsub

import (
	"context"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name: "pubsub",
	Specs: []spec.Spec{
		{XEP: 60, Version: "1.30.0", Status: spec.Complete, Since: "0.1", Note: "leaf nodes; collections (XEP-0248) are left out"},
	},
}, Config{
	Host: "pubsub", Name: "Publish-Subscribe", Create: Local, Access: string(Open), MaxItems: 20,
	Nodes: 100, Items: 1000, ItemSize: 256 << 10, People: 10_000, Subscriptions: 1000,
}, New)

// Who may create nodes.
const (
	Everybody = "everybody"
	Local     = "local"
	Admins    = "admins"
)

// Config is the [pubsub] section.
type Config struct {
	// Host is the subdomain that nodes are at: pubsub stands for pubsub.DOMAIN.
	Host string
	// Name is what the service calls itself in lists.
	Name string
	// Create says who may create nodes: everybody, local (accounts of this server), or admins (operators).
	Create string
	// AutoCreate makes publishing to a node that is not there create it, for those who may.
	AutoCreate bool
	// Access is the access model of new nodes: open, presence, roster, authorize or whitelist.
	Access string
	// Publisher makes the items of new nodes carry the address of who has published them.
	Publisher bool
	// MaxItems is how many items a new node keeps.
	MaxItems int
	// Nodes is how many nodes one user may own; operators as many as they like.
	Nodes int
	// Items is how many items a node can be configured to keep.
	Items int
	// ItemSize is the largest item that may be published.
	ItemSize kit.Size
	// People is how many people may have a subscription or an affiliation at one node.
	People int
	// Subscriptions is at how many nodes one user may be known.
	Subscriptions int
}

// Check implements kit.Checker.
func (c Config) Check() error {
	switch {
	case c.Create != Everybody && c.Create != Local && c.Create != Admins:
		return &kit.ConfigError{Key: "create", Text: c.Create + " is none of everybody, local and admins"}
	case c.MaxItems < 1 || c.MaxItems > c.Items:
		return &kit.ConfigError{Key: "maxitems", Text: "must be between 1 and items"}
	}
	switch Access(c.Access) {
	case Open, Presence, Roster, Authorize, Whitelist:
		return nil
	}
	return &kit.ConfigError{Key: "access", Text: c.Access + " is none of open, presence, roster, authorize and whitelist"}
}

func (c Config) defaults() Settings {
	s := base(Access(c.Access), c.MaxItems)
	s.Last = lastOnSub // of the presence of strangers a service knows nothing
	if c.Publisher {
		s.Reply = replyPublisher
	}
	return s
}

type module struct {
	env    *kit.Env
	cfg    Config
	engine *Engine
	svc    *kit.Service
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{env: env, cfg: cfg}
	m.engine = NewEngine(env, m, Options{
		Prefix: "pubsub", Defaults: cfg.defaults(), AutoCreate: cfg.AutoCreate,
		Limits: Limits{Nodes: cfg.Nodes, Items: cfg.Items, ItemSize: cfg.ItemSize, People: cfg.People, Subscriptions: cfg.Subscriptions},
	})
	m.svc = kit.Serve(env, cfg.Host, cfg.Name, m.handle)
	for _, typ := range []stanza.Type{stanza.Get, stanza.Set} {
		kit.HandleIQ(env, m.svc.Self(), typ, func(ctx context.Context, iq *kit.IQ, req *wire.PubSub) (stanza.Payload, error) {
			return m.engine.Answer(ctx, iq.To.Bare(), iq, req)
		})
		kit.HandleIQ(env, m.svc.Self(), typ, func(ctx context.Context, iq *kit.IQ, req *wire.Owner) (stanza.Payload, error) {
			return m.engine.AnswerOwner(ctx, iq.To.Bare(), iq, req)
		})
	}
	kit.Tell(env, &env.Points.Removed, m.removed)
	kit.HandleIQ(env, m.svc.Self(), stanza.Get, m.info)
	kit.HandleIQ(env, m.svc.Self(), stanza.Get, m.list)
	return m, nil
}

// handle takes what is no request to the service: the answers of owners, and errors that notifications come back as.
func (m *module) handle(ctx context.Context, s *stanza.Stanza) {
	if s.Kind == stanza.Message && s.To.Local() == "" {
		if s.Type == stanza.TypeError {
			m.bounced(ctx, s)
			return
		}
		taken, err := m.engine.Decide(ctx, s.To.Bare(), s)
		if taken && err == nil {
			return
		}
		if taken {
			m.refuse(ctx, s, err)
			return
		}
	}
	if s.Kind == stanza.Presence {
		return
	}
	m.refuse(ctx, s, stanza.ServiceUnavailable)
}

func (m *module) refuse(ctx context.Context, s *stanza.Stanza, err error) {
	se, meant := stanza.AsError(err)
	if !meant {
		m.env.Log.Error("handling a message", "from", s.From, "id", s.ID, "err", err)
	}
	if b := s.Bounce(se); b != nil {
		m.env.Router.Route(ctx, b)
	}
}

// bounced forgets the subscriptions of addresses that are no more (XEP-0060#impl-bounce).
func (m *module) bounced(ctx context.Context, s *stanza.Stanza) {
	switch stanza.ReadError(s).Condition {
	case stanza.Gone, stanza.ItemNotFound:
		if err := m.engine.Forget(ctx, s.To.Bare(), s.From); err != nil {
			m.env.Log.Error("forgetting subscriptions", "jid", s.From, "err", err)
		}
	}
}

// removed keeps whoever gets the name of a removed account from getting its nodes.
func (m *module) removed(ctx context.Context, ev *kit.AccountEvent) {
	for _, d := range m.env.Domains {
		host, err := jid.Domain(m.svc.Prefix + "." + d)
		if err == nil {
			err = m.engine.Leave(ctx, host, ev.Account)
		}
		if err != nil {
			m.env.Log.Error("forgetting an account", "jid", ev.Account, "err", err)
		}
	}
}

// Owns implements Rules: operators own all nodes.
func (m *module) Owns(_, who jid.Bare) bool { return m.env.Operator.IsAdmin(who) }

// MayCreate implements Rules.
func (m *module) MayCreate(_, who jid.Bare) bool {
	switch {
	case m.cfg.Create == Everybody, m.env.Operator.IsAdmin(who):
		return true
	case m.cfg.Create == Admins:
		return false
	}
	return m.env.Serves(who.Domain())
}

// Audience implements Rules: only who has subscribed is notified.
func (m *module) Audience(context.Context, *Notice, func(jid.JID)) {}

// Changing implements Rules.
func (m *module) Changing(*Tx, *Notice) error { return nil }
