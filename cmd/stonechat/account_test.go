package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stonechat-im/stonechat/server/config"
	"github.com/stonechat-im/stonechat/server/mod/all"
)

func TestAccountsWhileRunningAndNot(t *testing.T) {
	dir := t.TempDir()
	configure(t, dir, "")
	list := func() string {
		t.Helper()
		var all []string
		for line := range strings.Lines(mustRun(t, dir, "", "account", "list", "--data", "data")) {
			all = append(all, strings.Fields(line)[0])
		}
		return strings.Join(all, " ")
	}
	for _, state := range []string{"before it first runs", "while it runs", "after it ran"} {
		t.Run(state, func(t *testing.T) {
			if state == "while it runs" {
				r := serve(t, dir, "--config", "stonechat.toml")
				defer r.stop(syscall.SIGTERM)
			}
			where := []string{"--data", "data"} // enough, once the folder knows its configuration
			if state == "before it first runs" {
				where = []string{"--config", "stonechat.toml"}
			}
			account := func(op, stdin string, more ...string) string {
				t.Helper()
				return mustRun(t, dir, stdin, append(append([]string{"account", op, "romeo@montague.example"}, where...), more...)...)
			}
			if out := account("add", "balcony\n", "--password-stdin"); out != "romeo@montague.example has been made\n" {
				t.Errorf("add: %q", out)
			}
			again := append([]string{"account", "add", "romeo@montague.example", "--password-stdin"}, where...)
			if _, errOut, code := stonechat(t, dir, "orchard", again...); code != 1 || errOut != "stonechat: romeo@montague.example: the account exists already\n" {
				t.Errorf("added twice: exit code %d, %s", code, errOut)
			}
			if got := list(); got != "romeo@montague.example" {
				t.Errorf("list: %s", got)
			}
			account("passwd", "orchard", "--password-stdin")
			account("disable", "")
			if out := mustRun(t, dir, "", "account", "list", "montague.example", "-d", "data"); !regexp.MustCompile(`^romeo@montague\.example +since \d{4}-\d\d-\d\d +never logged in +disabled\n$`).MatchString(out) {
				t.Errorf("list: %q", out)
			}
			account("enable", "")
			account("remove", "")
			if got := list(); got != "" {
				t.Errorf("list after removal: %s", got)
			}
		})
	}
}

func TestAccountMistakes(t *testing.T) {
	dir := t.TempDir()
	configure(t, dir, "")
	mustFail(t, dir, 1, "there are no accounts yet", "account", "list", "-c", "stonechat.toml")
	mustFail(t, dir, 1, "there is no terminal to ask for the password on; use --password-stdin", "account", "add", "romeo@montague.example", "-c", "stonechat.toml")
	mustFail(t, dir, 1, "romeo@montague.example: the password is empty", "account", "add", "romeo@montague.example", "-c", "stonechat.toml", "--password-stdin")
	mustFail(t, dir, 1, `"capulet.example" is not served here; the domains are \[montague.example\]`, "account", "add", "juliet@capulet.example", "-c", "stonechat.toml", "--password-stdin")
	mustFail(t, dir, 2, `<jid>: .*\(see stonechat --help\)`, "account", "add", "romeo@@montague.example")
	mustFail(t, dir, 2, "unknown flag --password", "account", "add", "romeo@montague.example", "--password", "balcony")
	mustFail(t, dir, 2, `expected one of`, "account")
	mustFail(t, dir, 2, `unexpected argument`, "serve", "now")
	if _, err := os.Stat(filepath.Join(dir, "localhost-data")); !os.IsNotExist(err) {
		t.Errorf("a folder was made: %v", err)
	}
}

func TestQuickstart(t *testing.T) {
	dir := t.TempDir()
	out := mustRun(t, dir, "", "quickstart", "Bücher.example")
	for _, want := range []string{
		"admin@bücher.example", "_xmpp-client._tcp.xn--bcher-kva.example. IN SRV 5 1 5222 xn--bcher-kva.example.",
		"_xmpps-client._tcp.xn--bcher-kva.example. IN SRV 5 1 5223 ", "_xmpp-server._tcp.xn--bcher-kva.example. IN SRV 5 1 5269 ",
		"_xmpps-server._tcp.xn--bcher-kva.example. IN SRV 5 1 5270 ", "stonechat serve --config stonechat.toml",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if !regexp.MustCompile(`\n    ([a-z2-9]{5}-){2}[a-z2-9]{5}\n`).MatchString(out) {
		t.Errorf("no password in\n%s", out)
	}
	if out := mustRun(t, dir, "", "config", "check"); !strings.HasPrefix(out, "stonechat.toml is in order: bücher.example\n") {
		t.Errorf("check: %s", out)
	}
	if out := mustRun(t, dir, "", "account", "list", "-c", "stonechat.toml"); !strings.HasPrefix(out, "admin@bücher.example ") {
		t.Errorf("list: %s", out)
	}
	before, _ := os.ReadFile(filepath.Join(dir, "stonechat.toml"))
	mustFail(t, dir, 1, "stonechat.toml is there already; nothing was changed", "quickstart", "capulet.example")
	mustFail(t, dir, 1, ".*stonechat-data is there already; nothing was changed", "quickstart", "capulet.example", "-c", "other.toml")
	mustFail(t, dir, 1, `"a b" is no domain`, "quickstart", "a b")
	mustFail(t, dir, 1, "admin@capulet.example: the password is empty or has characters", "quickstart", "capulet.example", "-c", "other.toml", "-d", "other", "--password-stdin", "--admin", "admin")
	if after, _ := os.ReadFile(filepath.Join(dir, "stonechat.toml")); string(after) != string(before) {
		t.Error("the configuration was changed")
	}
	for _, left := range []string{"other.toml", "other"} {
		if _, err := os.Stat(filepath.Join(dir, left)); !os.IsNotExist(err) {
			t.Errorf("%s was left behind: %v", left, err)
		}
	}
}

// What the example says in comments is the default, and can be taken into use as it stands.
func TestExampleTellsTheDefaults(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, dir, "balcony", "quickstart", "montague.example", "--password-stdin")
	name := filepath.Join(dir, "stonechat.toml")
	plain, err := config.Load(name, all.Defs())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	commented := regexp.MustCompile(`(?m)^# ([a-z_]+ = )`)
	head, _, _ := strings.Cut(string(text), "# [[host]]")
	head = strings.NewReplacer(`# file = "fullchain.pem"`, "", `# key = "privkey.pem"`, "").Replace(head)
	if n := len(commented.FindAllString(head, -1)); n < 9 {
		t.Fatalf("only %d defaults", n)
	}
	if err := os.WriteFile(name, []byte(commented.ReplaceAllString(head, "$1")), 0o600); err != nil {
		t.Fatal(err)
	}
	full, err := config.Load(name, all.Defs())
	if err != nil {
		t.Fatal(err)
	}
	if full.Run.Limits != plain.Run.Limits || full.Log != plain.Log || strings.Join(full.Run.Listen.Client, " ") != strings.Join(plain.Run.Listen.Client, " ") ||
		strings.Join(full.Run.Listen.ClientTLS, " ") != strings.Join(plain.Run.Listen.ClientTLS, " ") || full.Run.Realms[0].Plain != plain.Run.Realms[0].Plain {
		t.Errorf("with its comments: %+v\nwithout: %+v", full, plain)
	}
}

func TestConfigCheck(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "stonechat.toml"), "domain = ['montague.example']\n[log]\nlevel = 'loud'\n")
	out, errOut, code := stonechat(t, dir, "", "config", "check")
	want := "stonechat.toml: domains: expected the domain to serve, such as [\"montague.example\"]\n" +
		"stonechat.toml:1: domain: unknown key; did you mean domains?\n" +
		"stonechat.toml:3: [log] level: expected debug, info, warn or error, found \"loud\"\n" +
		"stonechat: stonechat.toml has 3 mistakes\n"
	if code != 1 || out != "" || errOut != want {
		t.Errorf("exit code %d\n%s%s", code, out, errOut)
	}
	pair(t, filepath.Join(dir, "capulet.pem"), "capulet.example")
	configure(t, dir, "[[tls.certificate]]\nfile = 'capulet.pem'\n")
	if out := mustRun(t, dir, "", "config", "check", "stonechat.toml"); out != "stonechat.toml is in order: montague.example\nNote: no certificate is good for montague.example, or it has expired.\n" {
		t.Errorf("%s", out)
	}
	mustFail(t, dir, 1, "the configuration: open none.toml: no such file", "config", "check", "none.toml")
}

func TestVersionAndHelp(t *testing.T) {
	dir := t.TempDir()
	if out := mustRun(t, dir, "", "version"); !strings.HasPrefix(out, "stonechat "+version+" (go") {
		t.Errorf("version: %s", out)
	}
	for _, args := range [][]string{nil, {"--help"}} {
		if out := mustRun(t, dir, "", args...); !strings.Contains(out, "quickstart") || !strings.Contains(out, "account add") {
			t.Errorf("help: %s", out)
		}
	}
}

func TestMadeUpPasswords(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		p := makePassword()
		if !regexp.MustCompile(`^[a-km-np-z2-9]{5}(-[a-km-np-z2-9]{5}){2}$`).MatchString(p) || seen[p] {
			t.Errorf("password %q", p)
		}
		seen[p] = true
	}
}
