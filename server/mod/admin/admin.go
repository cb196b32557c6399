// Package admin offers operators the commands of service administration (XEP-0133): accounts, sessions, counts, lists and
// announcements. Passwords cannot be read (§4.6 of it is retracted, and they are not stored).
//
// It has no state. Each command acts on the domains of its realm alone and leaves a line in the log that says who did
// what to whom. Start reading at New; account.go, report.go and announce.go hold the commands.
package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// NS is the FORM_TYPE of administrative forms (XEP-0133#registrar-formtype). The nodes of the commands begin with it.
const NS = "http://jabber.org/protocol/admin"

// Def is the module.
var Def = kit.Define(kit.Info{
	Name: "admin",
	Specs: []spec.Spec{{XEP: 133, Version: "1.3.1", Status: spec.Partial, Since: "0.1",
		Note: "§4.1–§4.5, §4.7, §4.9, §4.10, §4.13–§4.15, §4.18–§4.20, §4.23; lists of addresses to block, messages of the day and the list of admins are configuration"}},
}, Config{MaxList: 1000}, New)

// Config is the [admin] section.
type Config struct {
	// MaxList is the most addresses that a list of accounts has, whatever was asked for.
	MaxList int
}

// Check implements kit.Checker.
func (c Config) Check() error {
	if c.MaxList < 1 {
		return &kit.ConfigError{Key: "max_list", Text: "must be at least 1"}
	}
	return nil
}

type module struct {
	realm *kit.Realm
	cfg   Config
	log   *slog.Logger
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{env.Realm, cfg, env.Log}
	for _, c := range []kit.Command{
		{Node: "#add-user", Name: "Add a user", Form: m.addForm, Run: m.add},
		{Node: "#delete-user", Name: "Delete users", Form: m.manyForm("Deleting users", "to delete"), Run: m.remove},
		{Node: "#disable-user", Name: "Disable users", Form: m.manyForm("Disabling users", "to disable"), Run: m.disable},
		{Node: "#reenable-user", Name: "Re-enable users", Form: m.manyForm("Re-enabling users", "to re-enable"), Run: m.enable},
		{Node: "#end-user-session", Name: "End the sessions of users",
			Form: m.manyForm("Ending sessions", "whose sessions to end; with a resource, only that session"), Run: m.endSessions},
		{Node: "#change-user-password", Name: "Change a user's password", Form: m.passwordForm, Run: m.setPassword},
		{Node: "#get-user-lastlogin", Name: "Get the last login of users", Form: m.manyForm("Getting last logins", "to look up"), Run: m.lastLogin},
		{Node: "#user-stats", Name: "Get a user's statistics", Form: m.statsForm, Run: m.stats},
		{Node: "#get-registered-users-num", Name: "Count the registered users", Run: m.count(registered)},
		{Node: "#get-disabled-users-num", Name: "Count the disabled users", Run: m.count(disabled)},
		{Node: "#get-online-users-num", Name: "Count the users online", Run: m.count(online)},
		{Node: "#get-registered-users-list", Name: "List the registered users", Form: m.listForm(registered), Run: m.list(registered)},
		{Node: "#get-disabled-users-list", Name: "List the disabled users", Form: m.listForm(disabled), Run: m.list(disabled)},
		{Node: "#get-online-users-list", Name: "List the users online", Form: m.listForm(online), Run: m.list(online)},
		{Node: "#announce", Name: "Send an announcement to the users online", Form: m.announceForm, Run: m.announce},
	} {
		c.Run = m.audited(c.Node[1:], c.Run)
		c.Node, c.Admin = NS+c.Node, true
		kit.AddCommand(env, c)
	}
	return m, nil
}

// runner is what kit.Command.Run is.
type runner func(ctx context.Context, c *kit.Call, in *forms.Form) (*kit.Outcome, error)

// audited notes each use of a command in the log, refused ones too, and explains errors to the asker.
func (m *module) audited(what string, run runner) runner {
	return func(ctx context.Context, c *kit.Call, in *forms.Form) (*kit.Outcome, error) {
		by := c.By.String()
		if by == "" {
			by = "operator"
		}
		attrs := []any{"command", what, "by", by, "domain", c.Domain}
		if about := append(in.Values("accountjid"), in.Values("accountjids")...); len(about) > 0 {
			attrs = append(attrs, "about", strings.Join(about, " "))
		}
		out, err := run(ctx, c, in)
		if err = explain(err); err != nil {
			attrs = append(attrs, "err", err)
		}
		m.log.Info("administration", attrs...)
		return out, err
	}
}

// explain turns the errors of accounts into those of XEP-0133#errors.
func explain(err error) error {
	switch {
	case errors.Is(err, kit.ErrNoAccount):
		return stanza.ItemNotFound.With(err.Error())
	case errors.Is(err, kit.ErrAccountExists):
		return stanza.Conflict.With(err.Error())
	case errors.Is(err, kit.ErrBadPassword):
		return stanza.NotAcceptable.With(err.Error())
	}
	return err
}

// newForm starts the form of a command.
func newForm(title, instructions string) *forms.Form {
	f := forms.New(forms.Ask, NS)
	f.Title, f.Instructions = title, instructions
	return f
}

// manyForm is the form of commands about several accounts.
func (m *module) manyForm(title, which string) func(context.Context, *kit.Call) (*forms.Form, error) {
	return func(context.Context, *kit.Call) (*forms.Form, error) {
		return newForm(title, "").Add(forms.Field{Var: "accountjids", Type: forms.JIDMulti,
			Label: "The addresses of the users " + which, Required: true}), nil
	}
}

// local reads the address of an account of the realm; it need not exist.
func (m *module) local(s string) (jid.JID, error) {
	j, err := jid.Parse(s)
	if err != nil || j.Local() == "" || !m.realm.Serves(j.Domain()) {
		return j, stanza.NotAcceptable.With(s + " is not the address of a user of this server")
	}
	return j, nil
}

// account reads the bare address of an account of the realm; it need not exist.
func (m *module) account(s string) (jid.Bare, error) {
	j, err := m.local(s)
	if err == nil && !j.IsBare() {
		err = stanza.NotAcceptable.With(s + " is a session; leave out what is behind the slash")
	}
	return j.Bare(), err
}

// existing reads a bare address of an account that there is.
func (m *module) existing(ctx context.Context, s string) (jid.Bare, error) {
	b, err := m.account(s)
	if err != nil {
		return b, err
	}
	ok, err := m.realm.Accounts.Exists(ctx, b)
	if err == nil && !ok {
		err = stanza.ItemNotFound.With("there is no account " + s)
	}
	return b, err
}

// each calls f for every account of the field accountjids, after having found that all of them exist.
func (m *module) each(ctx context.Context, in *forms.Form, f func(jid.Bare) error) error {
	var all []jid.Bare
	for _, s := range in.Values("accountjids") {
		b, err := m.existing(ctx, s)
		if err != nil {
			return err
		}
		all = append(all, b)
	}
	for _, b := range all {
		if err := f(b); err != nil {
			return fmt.Errorf("%s: %w", b, err)
		}
	}
	return nil
}
