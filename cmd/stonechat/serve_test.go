package main

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stonechat-im/stonechat/server/config"
	"github.com/stonechat-im/stonechat/server/config/certs"
	"github.com/stonechat-im/stonechat/server/config/datadir"
)

func TestServeAndStop(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			dir := t.TempDir()
			configure(t, dir, "")
			r := serve(t, dir, "--config", "stonechat.toml")
			c := r.dial()
			if p := c.ConnectionState().NegotiatedProtocol; p != "xmpp-client" {
				t.Errorf("ALPN %q", p)
			}
			r.stop(s)
			if _, err := os.Stat(filepath.Join(dir, "data", "control.sock")); !os.IsNotExist(err) {
				t.Errorf("the control socket is still there: %v", err)
			}
			serve(t, dir, "--config", "stonechat.toml").stop(s)
		})
	}
}

// pair writes a certificate and its key as one file, in place of what was there.
func pair(t *testing.T, file string, domain string) *x509.Certificate {
	t.Helper()
	dir := t.TempDir()
	c, err := certs.SelfMade(dir, []string{domain})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "self-made.pem"), file); err != nil {
		t.Fatal(err)
	}
	return c.Leaf
}

func TestReload(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "one.pem")
	const section = "[[tls.certificate]]\nfile = 'one.pem'\n"
	first := pair(t, file, "montague.example")
	configure(t, dir, section)
	r := serve(t, dir, "-c", "stonechat.toml")
	old := r.dial()
	if !old.ConnectionState().PeerCertificates[0].Equal(first) {
		t.Fatal("not the certificate of the configuration")
	}

	second := pair(t, file, "montague.example")
	configure(t, dir, "plain = false\n"+section+"[log]\nlevel = 'debug'\n[disco]\nname = 'The Globe'\n")
	r.signal(syscall.SIGHUP)
	if changes := r.line("need a restart"); !strings.Contains(changes, "[disco] of host montague.example") {
		t.Errorf("log: %s", changes)
	}
	r.line("configuration reloaded")
	r.noPlain = true // what the next connection is offered
	if !r.dial().ConnectionState().PeerCertificates[0].Equal(second) {
		t.Error("a new connection sees the old certificate")
	}
	if _, err := old.Write([]byte("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>")); err != nil {
		t.Fatal(err)
	}
	readUntil(t, old, "<challenge") // the old connection is alive, with the options it began with

	for _, tt := range []struct{ name, more, want string }{
		{"a mistake", section + "[chest]\n", "unknown key"},
		{"a certificate that is gone", "[[tls.certificate]]\nfile = 'none.pem'\n", "none.pem"},
	} {
		configure(t, dir, tt.more)
		r.signal(syscall.SIGHUP)
		if l := r.line("stays as it was"); !strings.Contains(l, tt.want) {
			t.Errorf("%s: log %s", tt.name, l)
		}
		if !r.dial().ConnectionState().PeerCertificates[0].Equal(second) {
			t.Errorf("%s: the certificate has changed", tt.name)
		}
	}
	r.stop(syscall.SIGTERM)
}

func TestServeFailsWithOneLine(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	database := filepath.Join("data", "stonechat.db")
	for _, tt := range []struct {
		name, more, want string
		prepare          func(t *testing.T, dir string)
	}{
		{name: "a mistake in the configuration", more: "plian = true", want: `stonechat\.toml:3: plian: unknown key; did you mean plain\?`},
		{name: "no certificate file", more: "[[tls.certificate]]\nfile = 'none.pem'", want: `stonechat\.toml:4: \[tls\.certificate\] file: open .*none\.pem: no such file`},
		{name: "a certificate that is none", more: "[[tls.certificate]]\nfile = 'stonechat.toml'", want: `stonechat\.toml:4: \[tls\.certificate\] file: stonechat\.toml with the key stonechat\.toml: `},
		{name: "a key that does not fit", more: "[[tls.certificate]]\nfile = 'one.pem'\nkey = 'two.pem'", want: `.*one\.pem with the key two\.pem: .*private key does not match public key`,
			prepare: func(t *testing.T, dir string) {
				pair(t, filepath.Join(dir, "one.pem"), "montague.example")
				pair(t, filepath.Join(dir, "two.pem"), "montague.example")
			}},
		{name: "a damaged self-made certificate", want: `the self-made certificate .*self-made\.pem: .*remove the file`,
			prepare: func(t *testing.T, dir string) {
				put(t, filepath.Join(dir, "data", "tls", "self-made.pem"), "yond light")
			}},
		{name: "a database that is none", want: `.*not a usable database: .*stonechat\.db`,
			prepare: func(t *testing.T, dir string) {
				put(t, filepath.Join(dir, database), strings.Repeat("wherefore ", 1000))
			}},
		{name: "a missing database", want: `the database is missing: .*stonechat\.db; put it back`,
			prepare: func(t *testing.T, dir string) {
				put(t, filepath.Join(dir, "data", "folder.json"), `{"version":1}`)
			}},
		{name: "a file for a data folder", want: `the data folder: .*not a directory`,
			prepare: func(t *testing.T, dir string) { put(t, filepath.Join(dir, "data"), "") }},
		{name: "a second server", want: `the data folder .* is in use by another stonechat \(process \d+\)`,
			prepare: func(t *testing.T, dir string) {
				d, err := datadir.Open(datadir.Path(filepath.Join(dir, "data")))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = d.Close() })
			}},
		{name: "a port in use", want: `cannot listen on ` + busy.Addr().String() + `: .*address already in use`,
			prepare: func(t *testing.T, dir string) {
				put(t, filepath.Join(dir, "stonechat.toml"), "domains = ['montague.example']\ndata = 'data'\nlisten.client = ['127.0.0.1:0', '"+busy.Addr().String()+"']")
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			configure(t, dir, tt.more)
			if tt.prepare != nil {
				tt.prepare(t, dir)
			}
			before, _ := os.ReadFile(filepath.Join(dir, database))
			out, errOut, code := stonechat(t, dir, "", "serve", "-c", "stonechat.toml")
			if code != 1 || out != "" {
				t.Errorf("exit code %d, output %q", code, out)
			}
			lines := strings.Split(strings.TrimSuffix(errOut, "\n"), "\n")
			if len(lines) != 1 || !regexp.MustCompile("^stonechat: "+tt.want).MatchString(lines[0]) {
				t.Errorf("errors:\n%swant %s", errOut, tt.want)
			}
			if after, _ := os.ReadFile(filepath.Join(dir, database)); len(before) > 0 && string(after) != string(before) {
				t.Error("the database was written to")
			}
		})
	}
	mustFail(t, t.TempDir(), 1, `the configuration: open none\.toml: no such file`, "serve", "--config", "none.toml")
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// tryOut starts the server for localhost on other ports than its own, and returns what it prints.
func tryOut(t *testing.T, data string, then func(v *serving)) string {
	t.Helper()
	f := config.Default()
	f.Data, f.Run.Listen.Client, f.Run.Listen.ClientTLS = data, []string{"127.0.0.1:0"}, []string{"127.0.0.1:0"}
	dir, err := datadir.Open(datadir.Path(data))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	var out strings.Builder
	v := &serving{where: where{Data: data}, streams: &streams{out: &out}, level: new(slog.LevelVar), log: slog.New(slog.DiscardHandler)}
	if err := v.start(t.Context(), f, dir); err != nil {
		t.Fatal(err)
	}
	v.announce()
	if then != nil {
		then(v)
	}
	if err := v.close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTryOut(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	told := regexp.MustCompile(`(?m)^  (\S+@localhost) +password (.+)$`)
	out := tryOut(t, data, func(v *serving) {
		for _, d := range v.demo {
			if !logsIn(t.Context(), v.Accounts, d) {
				t.Errorf("%s does not log in with the password that was made", d.jid)
			}
			d.password += "x"
			if logsIn(t.Context(), v.Accounts, d) {
				t.Errorf("%s logs in with another password", d.jid)
			}
		}
	})
	first := told.FindAllStringSubmatch(out, -1)
	if len(first) != 2 || first[0][1] != "romeo@localhost" || first[1][1] != "juliet@localhost" || first[0][2] == first[1][2] {
		t.Fatalf("accounts: %q in\n%s", first, out)
	}
	if !regexp.MustCompile(`\n  ([0-9A-F]{2}:){31}[0-9A-F]{2}\n`).MatchString(out) {
		t.Errorf("no fingerprint in\n%s", out)
	}
	for _, name := range []string{"demo-accounts", "stonechat.db", filepath.Join("tls", "self-made.pem")} {
		if info, err := os.Stat(filepath.Join(data, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	again := told.FindAllStringSubmatch(tryOut(t, data, func(v *serving) {
		if err := v.Accounts.SetPassword(t.Context(), v.demo[0].jid, "banishment"); err != nil {
			t.Error(err)
		}
		if err := v.Accounts.Remove(t.Context(), v.demo[1].jid); err != nil {
			t.Error(err)
		}
	}), -1)
	if again[0][2] != first[0][2] || again[1][2] != first[1][2] {
		t.Errorf("second start: %q, first %q", again, first)
	}
	third := told.FindAllStringSubmatch(tryOut(t, data, nil), -1)
	if third[0][2] != "(was changed)" || third[1][2] != first[1][2] {
		t.Errorf("third start: %q", third)
	}
}
