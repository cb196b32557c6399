package run_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/mod/all"
	"github.com/stonechat-im/stonechat/server/run"
	"github.com/stonechat-im/stonechat/server/store/memory"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/stream"
	"github.com/stonechat-im/stonechat/transport"
	"github.com/stonechat-im/stonechat/xmlscan"
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

// start runs a server with all modules on loopback and accounts romeo and juliet.
func start(t testing.TB, without ...string) *run.Server {
	t.Helper()
	db := memory.New()
	ctx := context.Background()
	lim := run.DefaultLimits()
	lim.Rate = 0
	cfg := run.Config{Limits: lim, Realms: []run.Realm{{Domains: []string{"localhost"}, Without: without}}}
	s, err := run.New(ctx, cfg, all.Defs(), db, makeCert(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"romeo@localhost", "juliet@localhost"} {
		if err := s.Accounts.Create(ctx, jid.MustBare(who), "secret"); err != nil {
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
	return s
}

// login connects over STARTTLS.
func login(t testing.TB, s *run.Server, user string) (transport.Conn, string) {
	t.Helper()
	nc, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	var full string
	st := &stream.Stream{Conn: transport.New(nc, xmlscan.Limits{})}
	role := &stream.Role{Content: stanza.NSClient, Features: []*stream.Feature{
		stream.UseTLS(&tls.Config{InsecureSkipVerify: true, ServerName: "localhost"}),
		stream.UseSASL(&stream.Credentials{User: user, Password: "secret"}),
		stream.UseBind("", func(f string) { full = f }),
	}}
	if err := st.Initiate(t.Context(), role, "localhost", ""); err != nil {
		t.Fatal(err)
	}
	return st.Conn, full
}

func next(t testing.TB, c transport.Conn) elem.Elem {
	t.Helper()
	ev, err := c.Next()
	if err != nil || ev != elem.Element {
		t.Fatalf("event %v, error %v", ev, err)
	}
	tree := new(elem.Tree)
	c.Take(tree)
	return tree.Root()
}

func TestLoginAndChatOverTLS(t *testing.T) {
	s := start(t)
	romeo, _ := login(t, s, "romeo")
	juliet, full := login(t, s, "juliet")
	if !strings.HasPrefix(full, "juliet@localhost/") {
		t.Fatalf("bound as %q", full)
	}
	_, _ = romeo.Write([]byte(`<message to='` + full + `' type='chat' id='m1'><body>But soft</body></message>`))
	m := next(t, juliet)
	if m.ChildText(stanza.NSClient, "body") != "But soft" || !strings.HasPrefix(m.Attr("from"), "romeo@localhost/") {
		t.Errorf("received %s", m.Raw())
	}
	_, _ = juliet.Write([]byte(`<iq type='get' id='p1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq></stream:stream>`))
	if r := next(t, juliet); r.Attr("type") != "result" || r.Attr("id") != "p1" {
		t.Errorf("received %s", r.Raw())
	}
	if ev, err := juliet.Next(); ev != elem.Close {
		t.Errorf("the stream was not ended: %v, %v", ev, err)
	}
}
