package control

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/run"
	"github.com/stonechat-im/stonechat/server/store/memory"
	"github.com/stonechat-im/stonechat/xep/forms"
)

func bare(t *testing.T, s string) jid.Bare {
	t.Helper()
	b, err := jid.ParseBare(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// bell is a module with commands: one with a form, one without, one that fails.
func bell() kit.Def {
	return kit.Define(kit.Info{Name: "bell"}, struct{}{}, func(env *kit.Env, _ struct{}) (kit.Module, error) {
		kit.AddCommand(env, kit.Command{Node: "ring", Name: "Ring the bell", Admin: true,
			Form: func(context.Context, *kit.Call) (*forms.Form, error) {
				return forms.New(forms.Ask, "urn:bell").Add(
					forms.Field{Var: "times", Type: forms.TextSingle, Values: []string{"3"}},
					forms.Field{Var: "who", Type: forms.JIDMulti}), nil
			},
			Run: func(_ context.Context, c *kit.Call, in *forms.Form) (*kit.Outcome, error) {
				if !c.By.IsZero() || c.Domain != "montague.example" || in.FormType() != "urn:bell" || in.Type != forms.Submit {
					return nil, errors.New("not as asked")
				}
				return &kit.Outcome{Note: "rung", Form: forms.New(forms.Result, "").Add(
					forms.Field{Var: "times", Values: in.Values("times")}, forms.Field{Var: "who", Values: in.Values("who")})}, nil
			}})
		kit.AddCommand(env, kit.Command{Node: "hush", Name: "Hush",
			Run: func(context.Context, *kit.Call, *forms.Form) (*kit.Outcome, error) { return nil, nil }})
		kit.AddCommand(env, kit.Command{Node: "crack", Name: "Crack",
			Run: func(context.Context, *kit.Call, *forms.Form) (*kit.Outcome, error) {
				return nil, errors.New("it cracked")
			}})
		return nil, nil
	})
}

func operator(t *testing.T) Operator {
	t.Helper()
	db := memory.New()
	cfg := run.Config{Limits: run.DefaultLimits(), Realms: []run.Realm{{Domains: []string{"montague.example", "verona.example"}}, {Domains: []string{"capulet.example"}, Without: []string{"bell"}}}}
	s, err := run.New(t.Context(), cfg, []kit.Def{bell()}, db, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(s.Stop(context.Background()), db.Close()) })
	return Operator{s}
}

// asker gives orders over a socket.
func asker(t *testing.T) func(*Request) *Answer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	o := operator(t)
	go Serve(t.Context(), l, o, slog.New(slog.DiscardHandler))
	return func(q *Request) *Answer {
		t.Helper()
		a, err := Ask(t.Context(), path, q)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

func names(a *Answer) string {
	var all []string
	for _, i := range a.Accounts {
		s := i.JID.String()
		if i.Disabled {
			s += " disabled"
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

func TestAccounts(t *testing.T) {
	ask := asker(t)
	romeo, juliet := bare(t, "romeo@montague.example"), bare(t, "juliet@capulet.example")
	for _, step := range []struct {
		q    Request
		note string
		err  string
		list string
	}{
		{Request{Op: Add, JID: romeo, Password: "balcony"}, "romeo@montague.example has been made", "", "romeo@montague.example"},
		{Request{Op: Add, JID: romeo, Password: "balcony"}, "", "romeo@montague.example: the account exists already", "romeo@montague.example"},
		{Request{Op: Add, JID: juliet, Password: ""}, "", "juliet@capulet.example: the password is empty", "romeo@montague.example"},
		{Request{Op: Add, JID: juliet, Password: "orchard"}, "juliet@capulet.example has been made", "", "romeo@montague.example, juliet@capulet.example"},
		{Request{Op: Passwd, JID: juliet, Password: "tomb"}, "juliet@capulet.example has a new password", "", "romeo@montague.example, juliet@capulet.example"},
		{Request{Op: Disable, JID: romeo}, "romeo@montague.example has been disabled", "", "romeo@montague.example disabled, juliet@capulet.example"},
		{Request{Op: Enable, JID: romeo}, "romeo@montague.example may log in again", "", "romeo@montague.example, juliet@capulet.example"},
		{Request{Op: Remove, JID: romeo}, "romeo@montague.example has been removed", "", "juliet@capulet.example"},
		{Request{Op: Remove, JID: romeo}, "", "romeo@montague.example: no such account", "juliet@capulet.example"},
		{Request{Op: Passwd, JID: romeo, Password: "x"}, "", "romeo@montague.example: no such account", "juliet@capulet.example"},
		{Request{Op: Add, JID: bare(t, "paris@mantua.example"), Password: "x"}, "", `"mantua.example" is not served here; the domains are [montague.example verona.example capulet.example]`, "juliet@capulet.example"},
		{Request{Op: Add, JID: bare(t, "capulet.example"), Password: "x"}, "", "the address of an account looks like", "juliet@capulet.example"},
		{Request{Op: Add}, "", "the address of an account looks like", "juliet@capulet.example"},
		{Request{Op: "account-bless", JID: juliet}, "", `unknown order "account-bless"`, "juliet@capulet.example"},
	} {
		a := ask(&step.q)
		if a.Note != step.note || !strings.HasPrefix(a.Error, step.err) || (step.err == "") != (a.Error == "") {
			t.Errorf("%+v: %+v", step.q, a)
		}
		if got := names(ask(&Request{Op: List})); got != step.list {
			t.Errorf("after %+v: %s", step.q, got)
		}
	}
	if got := names(ask(&Request{Op: List, Domain: "verona.example"})); got != "" {
		t.Errorf("accounts of verona: %s", got)
	}
	if a := ask(&Request{Op: List, Domain: "mantua.example"}); a.Error == "" {
		t.Error("lists a domain that is not served")
	}
}

func TestCommands(t *testing.T) {
	ask := asker(t)
	const d = "montague.example"
	for _, tt := range []struct {
		name string
		q    Request
		want Answer
	}{
		{"what there is", Request{Op: Commands, Domain: d}, Answer{Commands: []Command{{"ring", "Ring the bell"}, {"hush", "Hush"}, {"crack", "Crack"}}}},
		{"the form", Request{Op: Run, Domain: d, Node: "ring"}, Answer{Asks: true, Fields: map[string][]string{"times": {"3"}, "who": nil}}},
		{"defaults of the form", Request{Op: Run, Domain: d, Node: "ring", Fields: map[string][]string{"who": {"romeo@montague.example"}}},
			Answer{Note: "rung", Fields: map[string][]string{"times": {"3"}, "who": {"romeo@montague.example"}}}},
		{"filled in", Request{Op: Run, Domain: d, Node: "ring", Fields: map[string][]string{"times": {"5"}}},
			Answer{Note: "rung", Fields: map[string][]string{"times": {"5"}, "who": nil}}},
		{"without a form", Request{Op: Run, Domain: d, Node: "hush"}, Answer{}},
		{"one that fails", Request{Op: Run, Domain: d, Node: "crack"}, Answer{Error: "it cracked"}},
		{"unknown", Request{Op: Run, Domain: d, Node: "melt"}, Answer{Error: `montague.example has no command "melt"`}},
		{"of a host without", Request{Op: Run, Domain: "capulet.example", Node: "ring"}, Answer{Error: `capulet.example has no command "ring"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(&tt.want, ask(&tt.q)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	if _, err := Ask(t.Context(), path, &Request{Op: List}); !errors.Is(err, ErrNotRunning) {
		t.Errorf("no socket: %v", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false) // as if the server had been killed
	_ = l.Close()
	if _, err := Ask(t.Context(), path, &Request{Op: List}); !errors.Is(err, ErrNotRunning) {
		t.Errorf("a dead socket: %v", err)
	}
	again, err := Listen(path)
	if err != nil {
		t.Fatalf("the dead socket is in the way: %v", err)
	}
	_ = again.Close()
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if _, err := Listen(long); err == nil || !strings.Contains(err.Error(), "shorter path") {
		t.Errorf("long path: %v", err)
	}
	if _, err := Ask(t.Context(), long, &Request{Op: List}); !errors.Is(err, ErrNotRunning) {
		t.Errorf("long path: %v", err)
	}
}

func FuzzServe(f *testing.F) {
	for _, s := range []string{"", "{", "null", "[]", `{"op":"account-list"}`, `{"op":"account-add","jid":"a@b@c"}`, `{"op":"command","secret":1}`,
		`{"op":"account-add","jid":"romeo@montague.example","password":"x"}`, `{"op":"command","domain":"montague.example","node":"ring","fields":{"":[]}}`, "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		client, server := net.Pipe()
		go func() {
			_ = serveOne(t.Context(), server, operator(t), slog.New(slog.DiscardHandler))
			_ = server.Close()
		}()
		go func() { _, _ = client.Write([]byte(text + "\n}\x00")) }()
		answer, err := io.ReadAll(client)
		if err != nil || len(answer) == 0 || answer[0] != '{' {
			t.Errorf("answer %q, %v", answer, err)
		}
	})
}
