package admin

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// TestAudit reads the log: who did what to whom, refused or not, and no password.
func TestAudit(t *testing.T) {
	for _, c := range []struct {
		name, by string
		err      error
		want     string
	}{
		{"an admin", "juliet@capulet.example/balcony", nil, "command=change-user-password by=juliet@capulet.example/balcony domain=capulet.example about=romeo@capulet.example\n"},
		{"the operator", "", nil, "command=change-user-password by=operator domain=capulet.example about=romeo@capulet.example\n"},
		{"refused", "", kit.ErrNoAccount, "about=romeo@capulet.example err=\"item-not-found: no such account\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			m := &module{log: slog.New(slog.NewTextHandler(&log, nil))}
			run := m.audited("change-user-password", func(context.Context, *kit.Call, *forms.Form) (*kit.Outcome, error) { return nil, c.err })
			call := &kit.Call{Domain: "capulet.example"}
			if c.by != "" {
				call.By = jid.MustParse(c.by)
			}
			in := new(forms.Form).Add(forms.Field{Var: "accountjid", Values: []string{"romeo@capulet.example"}},
				forms.Field{Var: "password", Values: []string{"swordfish"}})
			if _, err := run(t.Context(), call, in); (err != nil) != (c.err != nil) {
				t.Errorf("error %v", err)
			}
			if !strings.Contains(log.String(), c.want) || strings.Contains(log.String(), "swordfish") {
				t.Error(log.String())
			}
		})
	}
}
