// Package disco tells what the host and its accounts are and have: service discovery (XEP-0030, XEP-0128) with contact
// addresses (XEP-0157). What other modules declare in kit.Info is here already; they join Points.DiscoInfo and
// Points.DiscoItems for what depends on who asks. Services answer for themselves.
//
// The features are gathered at the first request and never change. Start reading at info and items.
package disco

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/disco"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name: "disco",
	Specs: []spec.Spec{
		{XEP: 30, Version: "2.5.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 128, Version: "1.0.1", Status: spec.Complete, Since: "0.1"},
		{XEP: 157, Version: "1.1.1", Status: spec.Complete, Since: "0.1"},
	},
	Host:    []string{wire.NSInfo, wire.NSItems},
	Account: []string{wire.NSInfo, wire.NSItems},
}, Config{Name: "Stonechat"}, New)

// Config is the [disco] section. The addresses are URIs such as "xmpp:nurse@capulet.example" or
// "mailto:xmpp@capulet.example"; anybody can see them.
type Config struct {
	// Name is what people see the host called.
	Name string
	// Abuse is where to complain about unwanted traffic.
	Abuse []string
	// Admin is where to reach those who run the server.
	Admin []string
	// Feedback is for opinions.
	Feedback []string
	// Sales is for business.
	Sales []string
	// Security is for those who have found a hole.
	Security []string
	// Status is where to see whether the server is in order.
	Status []string
	// Support is for those who need help.
	Support []string
}

// Check implements kit.Checker.
func (c Config) Check() error {
	for _, f := range c.contacts() {
		for _, uri := range f.Values {
			if scheme, rest, ok := strings.Cut(uri, ":"); !ok || scheme == "" || rest == "" || strings.ContainsAny(uri, " \t\n") {
				return &kit.ConfigError{Key: strings.TrimSuffix(f.Var, "-addresses"), Text: uri + " is no URI; write for example mailto:xmpp@example.org"}
			}
		}
	}
	return nil
}

// contacts are the fields of XEP-0157#registrar-formtype.
func (c Config) contacts() []forms.Field {
	return []forms.Field{
		{Var: "abuse-addresses", Values: c.Abuse},
		{Var: "admin-addresses", Values: c.Admin},
		{Var: "feedback-addresses", Values: c.Feedback},
		{Var: "sales-addresses", Values: c.Sales},
		{Var: "security-addresses", Values: c.Security},
		{Var: "status-addresses", Values: c.Status},
		{Var: "support-addresses", Values: c.Support},
	}
}

// Roster knows who may see an account's presence (XEP-0030#security).
type Roster interface {
	SharesPresence(ctx context.Context, owner, other jid.Bare) (bool, error)
}

type module struct {
	env    *kit.Env
	cfg    Config
	roster Roster // nil: nobody is asked, and only owners see their accounts
	once   sync.Once
	// host and account are the declared features, sorted.
	host, account []string
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{env: env, cfg: cfg}
	m.roster, _ = kit.Want[Roster](env)
	kit.HandleIQ(env, kit.Server, stanza.Get, m.hostInfo)
	kit.HandleIQ(env, kit.Server, stanza.Get, m.hostItems)
	kit.HandleIQ(env, kit.Account, stanza.Get, m.accountInfo)
	kit.HandleIQ(env, kit.Account, stanza.Get, m.accountItems)
	// XEP-0030#security: items do not tell whether there is such an account; for info the router says service-unavailable
	kit.HandleIQ(env, kit.NoAccount, stanza.Get, func(_ context.Context, _ *kit.IQ, q *wire.Items) (stanza.Payload, error) {
		return &wire.Items{Node: q.Node}, nil
	})
	return m, nil
}

// declared gathers what the modules of the realm have in kit.Info.
func (m *module) declared() {
	for _, i := range m.env.Infos() {
		m.host = append(m.host, i.Host...)
		m.account = append(m.account, i.Account...)
	}
	m.host, m.account = sorted(m.host), sorted(m.account)
}

func sorted(s []string) []string {
	slices.Sort(s)
	return slices.Clip(slices.Compact(s))
}

func (m *module) hostInfo(ctx context.Context, iq *kit.IQ, q *wire.Info) (stanza.Payload, error) {
	m.once.Do(m.declared)
	ev := &kit.DiscoInfo{To: iq.To, From: iq.From, Node: q.Node}
	if q.Node == "" {
		ev.Identities = []kit.Identity{{Category: "server", Type: "im", Name: m.cfg.Name}}
		ev.Features = m.host
		if f := m.serverInfo(); f != nil {
			ev.Forms = append(ev.Forms, f)
		}
	}
	return m.info(ctx, ev)
}

// serverInfo is the form of contact addresses; nil where there are none.
func (m *module) serverInfo() *forms.Form {
	f := forms.New(forms.Result, wire.NSServerInfo)
	for _, c := range m.cfg.contacts() {
		if len(c.Values) > 0 {
			f.Add(c)
		}
	}
	if len(f.Fields) == 1 {
		return nil
	}
	return f
}

func (m *module) accountInfo(ctx context.Context, iq *kit.IQ, q *wire.Info) (stanza.Payload, error) {
	own, err := m.sees(ctx, iq)
	if err != nil {
		return nil, err
	}
	m.once.Do(m.declared)
	ev := &kit.DiscoInfo{To: iq.To, From: iq.From, Node: q.Node, Own: own}
	if q.Node == "" {
		ev.Identities = []kit.Identity{{Category: "account", Type: m.kind(iq.Account)}}
		ev.Features = m.account
	}
	return m.info(ctx, ev)
}

// kind is the type of an account's identity.
func (m *module) kind(account jid.Bare) string {
	for _, s := range m.env.Router.Sessions(account) {
		if s.Info().Mechanism == "ANONYMOUS" {
			return "anonymous"
		}
	}
	return "registered"
}

// errHidden is the answer to those who may not see an account, whether it exists or not (XEP-0030#security).
var errHidden = stanza.ServiceUnavailable

// sees says whether it is the account itself that asks. For others who may not see its presence it returns errHidden.
func (m *module) sees(ctx context.Context, iq *kit.IQ) (own bool, err error) {
	if iq.From.Bare() == iq.Account {
		return true, nil
	}
	if m.roster != nil {
		ok, err := m.roster.SharesPresence(ctx, iq.Account, iq.From.Bare())
		if ok || err != nil {
			return false, err
		}
	}
	return false, errHidden
}

// info lets the modules have their say and makes the answer.
func (m *module) info(ctx context.Context, ev *kit.DiscoInfo) (stanza.Payload, error) {
	ev.Features = slices.Clip(ev.Features) // shared until somebody appends
	if err := m.env.Points.DiscoInfo.Run(ctx, ev); err != nil && !errors.Is(err, hook.Stop) {
		return nil, err
	}
	if ev.Node != "" {
		if !ev.Found {
			return nil, stanza.ItemNotFound.With("there is no such node")
		}
		ev.Features = append(ev.Features, wire.NSInfo)
	}
	out := &wire.Info{Node: ev.Node, Features: sorted(slices.Clone(ev.Features)), Forms: ev.Forms}
	for _, i := range ev.Identities {
		id := wire.Identity{Category: i.Category, Type: i.Type, Name: i.Name}
		if !slices.Contains(out.Identities, id) {
			out.Identities = append(out.Identities, id)
		}
	}
	return out, nil
}

func (m *module) hostItems(ctx context.Context, iq *kit.IQ, q *wire.Items) (stanza.Payload, error) {
	ev := &kit.DiscoItems{To: iq.To, From: iq.From, Node: q.Node}
	if q.Node == "" {
		services := m.env.Services()
		for prefix, s := range services {
			d, err := jid.Domain(prefix + "." + iq.Domain)
			if err != nil {
				return nil, err
			}
			ev.Items = append(ev.Items, kit.Item{JID: d.JID(), Name: s.Name})
		}
		slices.SortFunc(ev.Items, func(a, b kit.Item) int { return a.JID.Compare(b.JID) })
	}
	return m.items(ctx, ev, false)
}

func (m *module) accountItems(ctx context.Context, iq *kit.IQ, q *wire.Items) (stanza.Payload, error) {
	own, err := m.sees(ctx, iq)
	hidden := errors.Is(err, errHidden)
	if err != nil && !hidden {
		return nil, err
	}
	ev := &kit.DiscoItems{To: iq.To, From: iq.From, Node: q.Node, Own: own}
	if q.Node == "" && !hidden {
		for _, s := range m.env.Router.Sessions(iq.Account) {
			if s.Presence() != nil {
				ev.Items = append(ev.Items, kit.Item{JID: s.JID().JID()})
			}
		}
	}
	return m.items(ctx, ev, hidden)
}

// items lets the modules have their say and makes the answer. To strangers a node that is not there is as empty as one
// that is.
func (m *module) items(ctx context.Context, ev *kit.DiscoItems, stranger bool) (stanza.Payload, error) {
	if err := m.env.Points.DiscoItems.Run(ctx, ev); err != nil && !errors.Is(err, hook.Stop) {
		return nil, err
	}
	if ev.Node != "" && !ev.Found && !stranger {
		return nil, stanza.ItemNotFound.With("there is no such node")
	}
	out := &wire.Items{Node: ev.Node, Items: make([]wire.Item, len(ev.Items))}
	for i, it := range ev.Items {
		out.Items[i] = wire.Item(it)
	}
	return out, nil
}
