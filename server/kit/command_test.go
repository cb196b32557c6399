package kit_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/xep/forms"
)

func TestCommandOpen(t *testing.T) {
	r := &kit.Realm{Domains: []string{"capulet.example"}}
	r.Operator.SetAdmins([]jid.Bare{jid.MustBare("juliet@capulet.example")})
	for _, c := range []struct {
		name, by     string
		admin, plain bool // may run commands of each kind
	}{
		{"the operator at the machine", "", true, true},
		{"an admin", "juliet@capulet.example/balcony", true, true},
		{"an account", "nurse@capulet.example/house", false, true},
		{"a stranger", "romeo@montague.example/orchard", false, false},
		{"a server", "montague.example", false, false},
		{"the host itself", "capulet.example", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var by jid.JID
			if c.by != "" {
				by = jid.MustParse(c.by)
			}
			if (&kit.Command{Admin: true}).Open(r, by) != c.admin || (&kit.Command{}).Open(r, by) != c.plain {
				t.Errorf("admin's %v, everybody's %v", !c.admin, !c.plain)
			}
		})
	}
}

func TestCommandDo(t *testing.T) {
	cmd := &kit.Command{
		Form: func(context.Context, *kit.Call) (*forms.Form, error) {
			return new(forms.Form).Add(forms.Field{Var: "who", Type: forms.JIDSingle, Required: true}), nil
		},
		Run: func(_ context.Context, _ *kit.Call, in *forms.Form) (*kit.Outcome, error) {
			return &kit.Outcome{Note: in.Value("who")}, nil
		},
	}
	in := new(forms.Form).Add(forms.Field{Var: "who", Values: []string{"ROMEO@montague.example"}})
	if out, err := cmd.Do(t.Context(), &kit.Call{}, in); err != nil || out.Note != "romeo@montague.example" {
		t.Errorf("%v, %v", out, err)
	}
	var wrong *forms.FieldError
	if _, err := cmd.Do(t.Context(), &kit.Call{}, nil); !errors.As(err, &wrong) || wrong.Var != "who" {
		t.Errorf("without the field: %v", err)
	}
	plain := &kit.Command{Run: func(context.Context, *kit.Call, *forms.Form) (*kit.Outcome, error) { return nil, nil }}
	if out, err := plain.Do(t.Context(), &kit.Call{}, nil); err != nil || out == nil {
		t.Errorf("%v, %v", out, err)
	}
}
