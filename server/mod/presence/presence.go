// Package presence is presence subscriptions and presence itself: RFC 6121 §3, §4 and Appendix A.
//
// The state of subscriptions belongs to the module roster; states.go has the tables by which it moves, subscribe.go
// carries them out. What a session broadcasts is kept with the session (kit.Session.Presence), with the time of its
// sending; beside it the module keeps a live, which knows to whom the session has sent presence directly (live.go). Start
// reading at New, then broadcast.go and probe.go.
//
// Locks: each live has one, which guards the moment in which a session becomes available or not. It is never held during a
// call to the store or the router.
package presence

import (
	"context"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/delay"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name: "presence",
	Specs: []spec.Spec{
		{RFC: 6121, Status: spec.Partial, Since: "0.1", Note: "§3, §4, Appendix A, and §8.5.3.1 for IQs; the rest is in the modules roster and offline, and in the router"},
		{XEP: 203, Version: "2.0", Status: spec.Complete, Since: "0.1"},
	},
	Host: []string{delay.NS},
}, Config{StrictIQ: true, Directed: 1000, RequestBytes: 8 << 10}, New)

// Config is the [presence] section.
type Config struct {
	// StrictIQ refuses requests to a session from people who do not see its presence (RFC 6121 §8.5.3.1), so that nobody
	// else learns which resources are online. Without it every request is delivered.
	StrictIQ bool
	// Directed is to how many addresses one session may send presence directly, rooms included.
	Directed int
	// RequestBytes is the largest subscription request that is kept whole until it is answered. Of a larger one, only that
	// it came is kept.
	RequestBytes kit.Size
}

// Check implements kit.Checker.
func (c Config) Check() error {
	if c.Directed <= 0 {
		return &kit.ConfigError{Key: "directed", Text: "must be more than 0"}
	}
	return nil
}

// Roster is what presence needs of the module roster.
type Roster interface {
	State(ctx context.Context, owner, contact jid.Bare) (roster.State, error)
	Contacts(ctx context.Context, owner jid.Bare) ([]roster.Contact, error)
	Request(ctx context.Context, owner, contact jid.Bare) ([]byte, error)
	Change(ctx context.Context, owner, contact jid.Bare, next func(roster.State) roster.State, request []byte, first func(was, now roster.State)) (was, now roster.State, err error)
	Clear(ctx context.Context, owner jid.Bare) error
	Interested(s kit.Session) bool
	WhenRemoved(f func(ctx context.Context, owner, contact jid.Bare, was roster.State))
}

// Past knows when somebody was last available. Without it, nobody is told.
type Past interface {
	LastPresence(ctx context.Context, account jid.Bare) (at time.Time, ok bool, err error)
}

// Blocks knows whom an account blocks (XEP-0191).
type Blocks interface {
	// Blocker returns nil when owner blocks nobody.
	Blocker(ctx context.Context, owner jid.Bare) (func(jid.JID) bool, error)
}

type module struct {
	cfg    Config
	env    *kit.Env
	roster Roster
	past   Past   // may be nil
	blocks Blocks // nil: nobody blocks anybody
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{cfg: cfg, env: env, roster: kit.Need[Roster](env)}
	if m.roster == nil {
		return m, nil // the problem has been noted
	}
	m.past, _ = kit.Want[Past](env)
	m.blocks, _ = kit.Want[Blocks](env)
	m.roster.WhenRemoved(m.contactRemoved)
	kit.AddFeature(env, func(w *elem.Writer) { w.Elem(roster.NSPreApproval, "sub", "") }) // RFC 6121 §3.4
	kit.On(env, &env.Points.FromClient, hook.Deliver, m.fromClient)
	kit.On(env, &env.Points.ToAccount, hook.Deliver, m.toAccount)
	if cfg.StrictIQ {
		kit.On(env, &env.Points.ToAccount, hook.Guard, m.guardIQ)
	}
	kit.Tell(env, &env.Points.Bound, m.bound)
	kit.Tell(env, &env.Points.Ended, m.ended)
	kit.Tell(env, &env.Points.Removed, m.accountRemoved)
	return m, nil
}

// fromClient deals with what a client says of its presence. Broadcasts have been told to everybody when it returns, and go
// on to the rest of the chain; directed presence goes on to where it is addressed.
func (m *module) fromClient(ctx context.Context, ev *kit.FromClient) error {
	s := ev.Stanza
	if s.Kind != stanza.Presence {
		return nil
	}
	switch {
	case s.Type.Subscription():
		return m.subscription(ctx, ev.Session, s)
	case s.Type == stanza.Probe, s.Type == stanza.TypeError: // §4.3: routed, though a client has no need to
		return nil
	case !s.To.IsZero():
		return m.directed(ctx, ev.Session, s)
	case s.Type == stanza.Unavailable:
		m.leave(ctx, ev.Session, s)
		return nil
	}
	return m.available(ctx, ev.Session, s)
}

// toAccount deals with presence that is the server's business, and not the client's.
func (m *module) toAccount(ctx context.Context, ev *kit.ToAccount) error {
	s := ev.Stanza
	switch {
	case s.Kind != stanza.Presence:
	case s.Type == stanza.Probe:
		return m.probe(ctx, ev.Account, s)
	case s.Type.Subscription():
		return m.subscriptionIn(ctx, ev.Account, s)
	case s.Type == stanza.Unavailable:
		m.left(ev.Account, s)
	}
	return nil
}

// guardIQ is RFC 6121 §8.5.3.1: whether a resource is there is for those to know who see its presence.
func (m *module) guardIQ(ctx context.Context, ev *kit.ToAccount) error {
	s := ev.Stanza
	if s.Kind != stanza.IQ || s.Type != stanza.Get && s.Type != stanza.Set {
		return nil
	}
	asker := s.From.Bare()
	if asker == ev.Account || asker.IsDomain() && m.env.Serves(asker.Domain()) {
		return nil
	}
	state, err := m.roster.State(ctx, ev.Account, asker)
	if err != nil || state.Has(roster.From) {
		return err
	}
	if full, ok := s.To.Full(); ok {
		if x, ok := m.env.Router.Session(full); ok && liveOf(x).sees(asker) {
			return nil
		}
	}
	return stanza.ServiceUnavailable.With("")
}

// route sends presence on behalf of an account.
func (m *module) route(ctx context.Context, t stanza.Type, from, to jid.JID, id string) {
	m.env.Router.Route(ctx, stanza.New(stanza.Presence, t, from, to, id))
}
