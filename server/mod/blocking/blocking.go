// Package blocking keeps blocked addresses from reaching a user, and the user's stanzas from reaching them (XEP-0191).
// With a block may come a report to those who run the server (XEP-0377).
//
// The store owns the lists: a Map of addresses, and a Log of reports for each host. The lists of accounts with sessions are
// held in memory too (kit.Held), because every stanza is compared with them. Who is blocked sees the user offline; what
// depends on the sender's list is asked of this module by others (Blocker).
//
// Start reading at New, then guard.go and change.go. The one lock, of the pushes that are to be sent, is not held while
// they are.
package blocking

import (
	"context"
	"sync"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/blocking"
	"github.com/stonechat-im/stonechat/xep/reports"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name: "blocking",
	Specs: []spec.Spec{
		{XEP: 191, Version: "1.3", Status: spec.Complete, Since: "0.1", Note: "privacy lists (XEP-0016) are left out"},
		{XEP: 377, Version: "0.4.1", Status: spec.Complete, Since: "0.1", Note: "reports are stored for the operator and not passed on"},
	},
	Host: []string{wire.NS, reports.NS},
}, Config{Max: 1000, MaxReports: 10000, ReportSize: 16 << 10}, New)

// Config is the [blocking] section.
type Config struct {
	// Max is how many addresses one user may block.
	Max int
	// MaxReports is how many reports of abuse are kept for a host. The oldest go first.
	MaxReports int
	// ReportSize is how large one report may be.
	ReportSize kit.Size
}

// Check implements kit.Checker.
func (c Config) Check() error {
	switch {
	case c.Max < 1:
		return &kit.ConfigError{Key: "max", Text: "must be at least 1"}
	case c.MaxReports < 1:
		return &kit.ConfigError{Key: "max_reports", Text: "must be at least 1"}
	}
	return nil
}

// Roster knows who sees whose presence.
type Roster interface {
	Contacts(ctx context.Context, owner jid.Bare) ([]roster.Contact, error)
}

type module struct {
	env    *kit.Env
	cfg    Config
	stored store.Map[struct{}] // owner → address
	log    store.Log           // host → reports
	lists  *kit.Held[*list]
	roster Roster

	mu       sync.Mutex
	pushes   []push // in the order of the commits
	draining bool
}

// interested marks the sessions that asked for the list and get pushes (XEP-0191#block).
var interested = kit.NewVar[bool]("blocking").Kept()

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{env: env, cfg: cfg, stored: store.OpenMap[struct{}](env.Store, "blocking"),
		log: store.OpenLog(env.Store, "reports", store.LogOptions{}), roster: kit.Need[Roster](env)}
	m.lists = kit.Hold(env, m.load)
	kit.On(env, &env.Points.FromClient, hook.Guard, m.fromClient)
	kit.On(env, &env.Points.ToAccount, hook.Guard, m.toAccount)
	kit.On(env, &env.Points.Asked, hook.Guard, m.asked)
	kit.HandleIQ(env, kit.OwnAccount, stanza.Get, m.get)
	kit.HandleIQ(env, kit.OwnAccount, stanza.Set, m.block)
	kit.HandleIQ(env, kit.OwnAccount, stanza.Set, m.unblock)
	kit.AddCommand(env, kit.Command{Node: reports.NS + "#list", Name: "List reports of abuse", Admin: true, Run: m.list})
	return m, nil
}

// list is whom an account blocks.
type list struct {
	items []jid.JID // ordered
	set   map[jid.JID]bool
}

// has is XEP-0191#matching: an address in the list stands for itself, a bare one for all its resources, a domain for all
// there is in it.
func (l *list) has(j jid.JID) bool {
	return len(l.set) > 0 && (l.set[j] || l.set[j.Bare().JID()] || l.set[j.Bare().DomainBare().JID()])
}

// blocks says whether owner blocks j. One cannot block oneself, nor one's own server (XEP-0191#privacy).
func (l *list) blocks(owner jid.Bare, j jid.JID) bool {
	return len(l.set) > 0 && !j.IsZero() && j.Bare() != owner && j.Bare() != owner.DomainBare() && l.has(j)
}

func (m *module) load(ctx context.Context, account jid.Bare) (l *list, err error) {
	all, err := m.stored.All(ctx, account.String())
	return listOf(all), err
}

// listOf makes a list of what is stored.
func listOf(all []store.Pair[struct{}]) *list {
	l := &list{set: make(map[jid.JID]bool, len(all))}
	for _, p := range all {
		if j, err := jid.Parse(p.Key); err == nil {
			l.items = append(l.items, j)
			l.set[j] = true
		}
	}
	return l
}

// Blocker says whom an account blocks; nil for nobody. It is for those who send something in the account's name, which
// those who are blocked must not get.
func (m *module) Blocker(ctx context.Context, owner jid.Bare) (func(jid.JID) bool, error) {
	l, err := m.lists.Get(ctx, owner)
	if err != nil || len(l.set) == 0 {
		return nil, err
	}
	return func(j jid.JID) bool { return l.blocks(owner, j) }, nil
}
