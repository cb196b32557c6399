package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the README says to do, from nothing to a login; only the ports are others.
func TestQuickstart(t *testing.T) {
	s := begin(t, "python3-slixmpp")
	s.data = "stonechat-data"
	if out := s.stonechat(secret("admin"), "quickstart", host, "--password-stdin"); !strings.Contains(out, "_xmpps-client._tcp."+host) {
		t.Errorf("no records for the DNS in %s", out)
	}
	if out := s.stonechat("", "config", "check"); !strings.HasPrefix(out, "stonechat.toml is in order: "+host+"\n") {
		t.Errorf("config check: %s", out)
	}
	name := filepath.Join(s.dir, "stonechat.toml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	ports := strings.NewReplacer(`# client = [":5222"]`, `client = ["127.0.0.1:0"]`, `# client_tls = [":5223"]`, `client_tls = ["127.0.0.1:0"]`)
	if err := os.WriteFile(name, []byte(ports.Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := s.start()
	s.account("juliet")
	p := s.slixmpp()
	admin, juliet := p.login("admin", srv), p.login("juliet", srv)
	if got := do[[]string](admin, "commands", nil); len(got) < 5 {
		t.Errorf("the first account has the commands %q", got)
	}
	admin.do("say", args{"to": bare(juliet), "body": "Welcome, gentlemen"})
	juliet.hears("Welcome, gentlemen")
	if out := s.stonechat("", "account", "list", "--data", s.data); !strings.Contains(out, bare(admin)) || !strings.Contains(out, bare(juliet)) || strings.Contains(out, "never logged in") {
		t.Errorf("account list: %s", out)
	}
	s.stonechat("", "account", "remove", bare(juliet), "--yes", "--data", s.data)
	juliet.sees("the account was removed", "disconnected", nil)
	srv.stop()
}
