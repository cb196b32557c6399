package admin

import (
	"context"
	"fmt"
	"strings"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
)

func (m *module) addForm(context.Context, *kit.Call) (*forms.Form, error) {
	return newForm("Adding a user", "").Add(
		forms.Field{Var: "accountjid", Type: forms.JIDSingle, Label: "The address of the new user", Required: true},
		forms.Field{Var: "password", Type: forms.TextPrivate, Label: "The password", Required: true},
		forms.Field{Var: "password-verify", Type: forms.TextPrivate, Label: "The password again"}), nil
}

// add is XEP-0133#add-user. The password may be repeated, and must then be the same.
func (m *module) add(ctx context.Context, _ *kit.Call, in *forms.Form) (*kit.Outcome, error) {
	b, err := m.account(in.Value("accountjid"))
	if err != nil {
		return nil, err
	}
	if again := in.Value("password-verify"); again != "" && again != in.Value("password") {
		return nil, stanza.NotAcceptable.With("the two passwords differ")
	}
	if err := m.realm.Accounts.Create(ctx, b, in.Value("password")); err != nil {
		return nil, err
	}
	return &kit.Outcome{Note: b.String() + " has been added."}, nil
}

func (m *module) passwordForm(context.Context, *kit.Call) (*forms.Form, error) {
	return newForm("Changing a user's password", "").Add(
		forms.Field{Var: "accountjid", Type: forms.JIDSingle, Label: "The address of the user", Required: true},
		forms.Field{Var: "password", Type: forms.TextPrivate, Label: "The new password", Required: true}), nil
}

// setPassword is XEP-0133#change-user-password.
func (m *module) setPassword(ctx context.Context, _ *kit.Call, in *forms.Form) (*kit.Outcome, error) {
	b, err := m.account(in.Value("accountjid"))
	if err != nil {
		return nil, err
	}
	if err := m.realm.Accounts.SetPassword(ctx, b, in.Value("password")); err != nil {
		return nil, err
	}
	return &kit.Outcome{Note: "The password of " + b.String() + " has been changed."}, nil
}

// remove is XEP-0133#delete-user.
func (m *module) remove(ctx context.Context, _ *kit.Call, in *forms.Form) (*kit.Outcome, error) {
	err := m.each(ctx, in, func(b jid.Bare) error { return m.realm.Accounts.Remove(ctx, b) })
	return done(in, "deleted"), err
}

// disable is XEP-0133#disable-user.
func (m *module) disable(ctx context.Context, _ *kit.Call, in *forms.Form) (*kit.Outcome, error) {
	err := m.each(ctx, in, func(b jid.Bare) error { return m.realm.Accounts.Disable(ctx, b, true) })
	return done(in, "disabled"), err
}

// enable is XEP-0133#reenable-user.
func (m *module) enable(ctx context.Context, _ *kit.Call, in *forms.Form) (*kit.Outcome, error) {
	err := m.each(ctx, in, func(b jid.Bare) error { return m.realm.Accounts.Disable(ctx, b, false) })
	return done(in, "re-enabled"), err
}

func done(in *forms.Form, what string) *kit.Outcome {
	return &kit.Outcome{Note: strings.Join(in.Values("accountjids"), ", ") + ": " + what + "."}
}

// endSessions is XEP-0133#end-user-session: all sessions of a bare address, or the one of a full address.
func (m *module) endSessions(ctx context.Context, _ *kit.Call, in *forms.Form) (*kit.Outcome, error) {
	var doomed []kit.Session
	for _, v := range in.Values("accountjids") {
		j, err := m.local(v)
		if err != nil {
			return nil, err
		}
		full, one := j.Full()
		if !one {
			if _, err := m.existing(ctx, v); err != nil {
				return nil, err
			}
			doomed = append(doomed, m.realm.Router.Sessions(j.Bare())...)
			continue
		}
		s, ok := m.realm.Router.Session(full)
		if !ok {
			return nil, stanza.ItemNotFound.With("there is no session " + v)
		}
		doomed = append(doomed, s)
	}
	for _, s := range doomed {
		s.End("policy-violation", "an operator has ended this session")
	}
	return &kit.Outcome{Note: fmt.Sprintf("Sessions ended: %d.", len(doomed))}, nil
}
