package bench_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/bench"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/mod/all"
	"github.com/stonechat-im/stonechat/server/mod/muc"
	"github.com/stonechat-im/stonechat/server/run"
	"github.com/stonechat-im/stonechat/server/store/memory"
)

type oneCert struct{ cert tls.Certificate }

func (c oneCert) Config() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c.cert}, MinVersion: tls.VersionTLS12}
}
func (c oneCert) Leaf(string) *x509.Certificate { return c.cert.Leaf }

func makeCert(t testing.TB) oneCert {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return oneCert{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}}
}

const users = 8

// start runs a server with all modules on loopback: STARTTLS, direct TLS, and accounts.
func start(t testing.TB) (addrs [2]string) {
	t.Helper()
	db := memory.New()
	ctx := context.Background()
	rooms, ok := muc.Def.Defaults().(muc.Config)
	if !ok {
		t.Fatalf("the configuration of rooms is a %T", muc.Def.Defaults())
	}
	rooms.UserRate, rooms.RoomRate = 1e6, 1e6
	cfg := run.Config{Limits: run.DefaultLimits(), Realms: []run.Realm{{Domains: []string{"localhost"}, Modules: map[string]any{"muc": rooms}}}}
	s, err := run.New(ctx, cfg, all.Defs(), db, makeCert(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts() {
		if err := s.Accounts.Create(ctx, jid.MustBare(a.User+"@localhost"), a.Password); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Start(run.Listen{Client: []string{"127.0.0.1:0"}, ClientTLS: []string{"127.0.0.1:0"}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
		_ = db.Close()
	})
	return [2]string{s.Addrs()[0].String(), s.Addrs()[1].String()}
}

func accounts() (out []bench.Account) {
	for i := range users {
		out = append(out, bench.Account{User: fmt.Sprintf("user%d", i), Password: "secret"})
	}
	return out
}

// tiny is a load that takes a moment.
func tiny(addr string) bench.Config {
	c := bench.Defaults()
	c.Addr, c.Label, c.Accounts = addr, "here", accounts()
	c.Sessions, c.Pairs, c.Contacts, c.Rooms, c.Occupants, c.Page, c.Archive = users, users/2, 2, 2, users/2, 5, 10
	c.Window, c.Parallel = 4, 4
	c.Warmup, c.Duration, c.Drain, c.Every = 20*time.Millisecond, 150*time.Millisecond, 10*time.Second, 50*time.Millisecond
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		c.ServerPID = os.Getpid() // the server is in this process
	}
	return c
}

func TestScenarios(t *testing.T) {
	addrs := start(t)
	for _, tc := range []struct {
		name string
		set  func(*bench.Config)
	}{
		{"chat as fast as it goes", func(c *bench.Config) { c.Scenario = "chat" }},
		{"chat at a rate", func(c *bench.Config) { c.Scenario, c.Rate = "chat", 500 }},
		{"chat with acknowledgements", func(c *bench.Config) { c.Scenario, c.Acks = "chat", true }},
		{"chat over direct TLS", func(c *bench.Config) { c.Scenario, c.Addr, c.Transport = "chat", addrs[1], bench.Direct }},
		{"idle", func(c *bench.Config) { c.Scenario = "idle" }},
		{"login", func(c *bench.Config) { c.Scenario, c.Sessions = "login", 20 }},
		{"login at a rate", func(c *bench.Config) { c.Scenario, c.Sessions, c.Rate = "login", 10, 200 }},
		{"presence", func(c *bench.Config) { c.Scenario = "presence" }},
		{"presence at a rate", func(c *bench.Config) { c.Scenario, c.Rate = "presence", 200 }},
		{"muc", func(c *bench.Config) { c.Scenario = "muc" }},
		{"roster", func(c *bench.Config) { c.Scenario = "roster" }},
		{"mam", func(c *bench.Config) { c.Scenario = "mam" }},
		{"mixed", func(c *bench.Config) { c.Scenario, c.Rate = "mixed", 300 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := tiny(addrs[0])
			tc.set(&cfg)
			r, err := bench.Run(t.Context(), cfg)
			if errors.Is(err, bench.ErrUnsupported) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			check(t, r)
		})
	}
}

// check looks for what must be true of every run against a good server.
func check(t *testing.T, r *bench.Result) {
	t.Helper()
	if r.Done == 0 || r.Sent == 0 || r.Delivered == 0 {
		t.Errorf("nothing was done: %d done, %d sent, %d delivered", r.Done, r.Sent, r.Delivered)
	}
	if r.Lost != 0 || r.Doubled != 0 || r.Reordered != 0 || r.Refused != 0 || r.Unacked != 0 || r.Strays != 0 || r.Dropped != 0 || r.Failed != 0 {
		t.Errorf("lost %d, doubled %d, reordered %d, refused %d, unacked %d, strays %d, dropped %d, failed %d; notes %q",
			r.Lost, r.Doubled, r.Reordered, r.Refused, r.Unacked, r.Strays, r.Dropped, r.Failed, r.Notes)
	}
	if r.Scenario != "idle" && (r.Latency.Count == 0 || r.Latency.P50 <= 0 || r.Latency.P50 > r.Latency.P99 || r.Latency.P99 > r.Latency.Max) {
		t.Errorf("latencies %+v", r.Latency)
	}
	if r.Scenario == "mam" && r.Items != r.Delivered*5 {
		t.Errorf("%d messages on %d pages", r.Items, r.Delivered)
	}
	if r.Server != nil && r.Server.RSSSettled < 1<<20 {
		t.Errorf("the server's memory: %+v", r.Server)
	}
}

func TestRunRefuses(t *testing.T) {
	addrs := start(t)
	for _, tc := range []struct {
		name string
		set  func(*bench.Config)
	}{
		{"an unknown scenario", func(c *bench.Config) { c.Scenario = "tragedy" }},
		{"too few accounts", func(c *bench.Config) { c.Scenario, c.Pairs = "chat", users }},
		{"a wrong password", func(c *bench.Config) { c.Scenario, c.Accounts[0].Password = "chat", "wrong" }},
		{"a server that is not there", func(c *bench.Config) { c.Scenario, c.Addr = "chat", "127.0.0.1:1" }},
		{"a mixed load without a rate", func(c *bench.Config) { c.Scenario = "mixed" }},
		{"a process that is not there", func(c *bench.Config) { c.Scenario, c.ServerPID = "chat", 1<<30 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := tiny(addrs[0])
			tc.set(&cfg)
			if r, err := bench.Run(t.Context(), cfg); err == nil {
				t.Errorf("it ran: %+v", r)
			}
		})
	}
}
