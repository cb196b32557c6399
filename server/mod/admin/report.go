package admin

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// group is a set of accounts of a domain that can be counted and listed.
type group struct {
	title      string // of the form that asks for the list
	count, all string // vars of the results (XEP-0133#registrar-formtype)
	members    func(m *module, ctx context.Context, domain string) ([]jid.Bare, error)
}

// The groups of XEP-0133 §4.13–§4.15 and §4.18–§4.20.
var (
	registered = group{"The registered users", "registeredusersnum", "registereduserjids",
		func(m *module, ctx context.Context, domain string) ([]jid.Bare, error) {
			return m.accounts(ctx, domain, func(kit.AccountInfo) bool { return true })
		}}
	disabled = group{"The disabled users", "disabledusersnum", "disableduserjids",
		func(m *module, ctx context.Context, domain string) ([]jid.Bare, error) {
			return m.accounts(ctx, domain, func(i kit.AccountInfo) bool { return i.Disabled })
		}}
	online = group{"The users online", "onlineusersnum", "onlineuserjids", (*module).online}
)

func (m *module) accounts(ctx context.Context, domain string, in func(kit.AccountInfo) bool) ([]jid.Bare, error) {
	all, err := m.realm.Accounts.List(ctx, domain)
	var out []jid.Bare
	for _, i := range all {
		if in(i) {
			out = append(out, i.JID)
		}
	}
	return out, err
}

// online finds who has a session, ordered by address (XEP-0133#get-online-users-num).
func (m *module) online(_ context.Context, domain string) ([]jid.Bare, error) {
	var out []jid.Bare
	m.realm.Router.EachSession(func(s kit.Session) bool {
		if b := s.JID().Bare(); b.Domain() == domain {
			out = append(out, b)
		}
		return true
	})
	slices.SortFunc(out, jid.Bare.Compare)
	return slices.Compact(out), nil
}

func (m *module) count(g group) runner {
	return func(ctx context.Context, c *kit.Call, _ *forms.Form) (*kit.Outcome, error) {
		members, err := g.members(m, ctx, c.Domain)
		if err != nil {
			return nil, err
		}
		return &kit.Outcome{Form: forms.New(forms.Result, NS).Add(forms.Field{Var: g.count, Type: forms.TextSingle,
			Label: g.title, Values: []string{strconv.Itoa(len(members))}})}, nil
	}
}

// anyNumber is the choice of max_items that sets no limit.
const anyNumber = "none"

func (m *module) listForm(g group) func(context.Context, *kit.Call) (*forms.Form, error) {
	return func(context.Context, *kit.Call) (*forms.Form, error) {
		most := forms.Field{Var: "max_items", Type: forms.ListSingle, Label: "Most addresses to show"}
		for _, n := range []string{"25", "50", "75", "100", "150", "200"} {
			most.Options = append(most.Options, forms.Option{Label: n, Value: n})
		}
		most.Options = append(most.Options, forms.Option{Label: "All", Value: anyNumber})
		return newForm(g.title, "").Add(most), nil
	}
}

func (m *module) list(g group) runner {
	return func(ctx context.Context, c *kit.Call, in *forms.Form) (*kit.Outcome, error) {
		members, err := g.members(m, ctx, c.Domain)
		if err != nil {
			return nil, err
		}
		most := m.cfg.MaxList
		if n, err := strconv.Atoi(in.Value("max_items")); err == nil && n < most { // "none" is no number
			most = n
		}
		out := &kit.Outcome{}
		if len(members) > most {
			out.Note = fmt.Sprintf("These are the first %d of %d.", most, len(members))
			members = members[:most]
		}
		out.Form = forms.New(forms.Result, NS).Add(forms.Field{Var: g.all, Type: forms.JIDMulti, Label: g.title, Values: texts(members)})
		return out, nil
	}
}

func texts(all []jid.Bare) []string {
	out := make([]string, len(all))
	for i, b := range all {
		out[i] = b.String()
	}
	return out
}

// lastLogin is XEP-0133#get-user-lastlogin. Of one account the result is a pair of fields, as there; of several it is a
// table. Who never logged in has no time.
func (m *module) lastLogin(ctx context.Context, _ *kit.Call, in *forms.Form) (*kit.Outcome, error) {
	var rows [][]forms.Field
	err := m.each(ctx, in, func(b jid.Bare) error {
		i, err := m.realm.Accounts.Get(ctx, b)
		if err != nil {
			return err
		}
		row := []forms.Field{{Var: "accountjids", Type: forms.JIDMulti, Values: []string{b.String()}}, {Var: "lastlogin", Type: forms.TextSingle}}
		if !i.LastSeen.IsZero() {
			row[1].Values = []string{i.LastSeen.UTC().Format(time.RFC3339)} // XEP-0082
		}
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	f := forms.New(forms.Result, NS)
	if len(rows) == 1 {
		return &kit.Outcome{Form: f.Add(rows[0]...)}, nil
	}
	f.Reported = []forms.Field{{Var: "accountjids", Type: forms.JIDSingle, Label: "User"}, {Var: "lastlogin", Type: forms.TextSingle, Label: "Last login"}}
	f.Items = rows
	return &kit.Outcome{Form: f}, nil
}

func (m *module) statsForm(context.Context, *kit.Call) (*forms.Form, error) {
	return newForm("Getting a user's statistics", "").Add(
		forms.Field{Var: "accountjid", Type: forms.JIDSingle, Label: "The address of the user", Required: true}), nil
}

// stats is XEP-0133#get-user-stats, with what is known of sessions.
func (m *module) stats(ctx context.Context, _ *kit.Call, in *forms.Form) (*kit.Outcome, error) {
	b, err := m.existing(ctx, in.Value("accountjid"))
	if err != nil {
		return nil, err
	}
	var addrs, resources []string
	for _, s := range m.realm.Router.Sessions(b) {
		resources = append(resources, s.JID().Resource())
		if a := s.Info().Addr; a != nil {
			addrs = append(addrs, host(a))
		}
	}
	slices.Sort(addrs)
	slices.Sort(resources)
	return &kit.Outcome{Form: forms.New(forms.Result, NS).Add(
		forms.Field{Var: "ipaddresses", Type: forms.TextMulti, Label: "Addresses", Values: slices.Compact(addrs)},
		forms.Field{Var: "onlineresources", Type: forms.TextMulti, Label: "Sessions", Values: resources})}, nil
}

// host is a network address without its port.
func host(a net.Addr) string {
	h, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return h
}
