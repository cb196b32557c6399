// Package mam keeps an archive of what every account says and hears (XEP-0313), and answers questions about it: pages
// (XEP-0059) in either order (XEP-0413), filters, full-text search (XEP-0431), preferences (XEP-0441). Messages that were
// archived for somebody reach him with their id (XEP-0359); what a sender retracts becomes a tombstone (XEP-0424).
//
// The store owns the archives: a Log with an item for each message, whose value is the message as it stands inside
// <forwarded/>, so that answering copies bytes and parses nothing. Messages are appended without waiting; the sender's
// acknowledgement waits for the commit. In memory are only the preferences of accounts with sessions (kit.Held) and how
// many appends are under way. What is archived at all is the business of xep/content.
//
// Start reading at New, then keep.go (in) and query.go (out).
package mam

import (
	"context"
	"sync/atomic"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forward"
	wire "github.com/stonechat-im/stonechat/xep/mam"
	"github.com/stonechat-im/stonechat/xep/retract"
	"github.com/stonechat-im/stonechat/xep/roster"
	"github.com/stonechat-im/stonechat/xep/stanzaid"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name: "mam",
	Specs: []spec.Spec{
		{XEP: 313, Version: "1.1.3", Status: spec.Complete, Since: "0.1", Note: "of accounts; rooms have their own archives. Messages of type groupchat are in those alone"},
		{XEP: 59, Version: "1.0", Status: spec.Partial, Since: "0.1", Note: "pages by index (§2.6) are left out"},
		{XEP: 297, Version: "1.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 334, Version: "1.0.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 359, Version: "0.7.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 413, Version: "0.2.1", Status: spec.Partial, Since: "0.1", Note: "in archives"},
		{XEP: 424, Version: "0.4.2", Status: spec.Complete, Since: "0.1"},
		{XEP: 431, Version: "0.2.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 441, Version: "0.2.0", Status: spec.Complete, Since: "0.1"},
	},
	Host: []string{retract.NS, wire.NSOrder, wire.FeatureOrder},
	Account: []string{wire.NS, wire.FeatureExtended, wire.FeatureGroupchat, wire.NSOrder, wire.FeatureOrder,
		stanzaid.NS, forward.NS, retract.NS, retract.FeatureTombstone},
}, Config{Default: string(wire.Always), Search: true, Page: 50, MaxPage: 250, PageSize: 1 << 20, MaxPrefs: 1000}, New)

// Config is the [mam] section.
type Config struct {
	// Default says whose messages are archived for users who have not chosen themselves: "always" for everybody's, "roster" for
	// those of people in their roster, "never".
	Default string
	// Search lets users search the text of their messages. It costs space in the store, about as much as the text itself.
	Search bool
	// Page is how many messages are sent to a client that does not say how many it wants.
	Page int
	// MaxPage is how many messages are sent at once to a client that wants more.
	MaxPage int
	// PageSize is how many bytes of messages are sent at once; a single message that is larger is still sent.
	PageSize kit.Size
	// MaxAge is how long messages are kept; 0s is for ever.
	MaxAge kit.Duration
	// MaxMessages is how many messages are kept for one account; 0 is any number. The oldest go first.
	MaxMessages int
	// MaxPrefs is how many addresses a user may name in his preferences.
	MaxPrefs int
}

// Check implements kit.Checker.
func (c Config) Check() error {
	switch {
	case !wire.Default(c.Default).Valid():
		return &kit.ConfigError{Key: "default", Text: `must be "always", "roster" or "never"`}
	case c.Page < 1:
		return &kit.ConfigError{Key: "page", Text: "must be at least 1"}
	case c.MaxPage < c.Page:
		return &kit.ConfigError{Key: "max_page", Text: "must not be less than page"}
	case c.PageSize < 1:
		return &kit.ConfigError{Key: "page_size", Text: "must be more than nothing"}
	case c.MaxMessages < 0:
		return &kit.ConfigError{Key: "max_messages", Text: "must not be less than 0"}
	case c.MaxPrefs < 0:
		return &kit.ConfigError{Key: "max_prefs", Text: "must not be less than 0"}
	}
	return nil
}

// Roster knows who is in a roster (XEP-0441#config-default).
type Roster interface {
	Item(ctx context.Context, owner, contact jid.Bare) (roster.Item, bool, error)
}

type module struct {
	env     *kit.Env
	cfg     Config
	log     store.Log
	stored  store.KV[record]
	prefs   *kit.Held[*prefs]
	roster  Roster // nil: nobody is in any roster
	pending atomic.Int64
	limit   limiter
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{env: env, cfg: cfg, log: store.OpenLog(env.Store, "archive", store.LogOptions{FullText: true}),
		stored: store.OpenKV[record](env.Store, "archiveprefs")}
	m.prefs = kit.Hold(env, m.load)
	m.roster, _ = kit.Want[Roster](env)
	kit.On(env, &env.Points.FromClient, hook.Archive, m.fromClient)
	kit.On(env, &env.Points.ToAccount, hook.Archive, m.toAccount)
	kit.HandleIQ(env, kit.OwnAccount, stanza.Set, m.query)
	kit.HandleIQ(env, kit.OwnAccount, stanza.Get, m.form)
	kit.HandleIQ(env, kit.OwnAccount, stanza.Get, m.metadata)
	kit.HandleIQ(env, kit.OwnAccount, stanza.Get, m.getPrefs)
	kit.HandleIQ(env, kit.OwnAccount, stanza.Set, m.setPrefs)
	if cfg.Search {
		kit.On(env, &env.Points.DiscoInfo, hook.Deliver, func(_ context.Context, ev *kit.DiscoInfo) error {
			if ev.Node == "" && ev.To.Local() != "" {
				ev.Features = append(ev.Features, wire.NSFullText) // XEP-0431#feature
			}
			return nil
		})
	}
	return m, nil
}
