package run_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/sasl"
	"github.com/stonechat-im/stonechat/server/mod/all"
	"github.com/stonechat-im/stonechat/server/run"
	"github.com/stonechat-im/stonechat/server/store/memory"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/stream"
	"github.com/stonechat-im/stonechat/transport"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// authority makes certificates for clients.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Friar Laurence"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key}
}

// xmppAddr writes a subjectAltName with one id-on-xmppAddr (RFC 6120 §13.7.1.4).
func xmppAddr(t *testing.T, addr string) pkix.Extension {
	t.Helper()
	text, err := asn1.MarshalWithParams(addr, "utf8")
	if err != nil {
		t.Fatal(err)
	}
	id, err := asn1.Marshal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 5})
	if err != nil {
		t.Fatal(err)
	}
	value, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: text})
	if err != nil {
		t.Fatal(err)
	}
	name, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: append(id, value...)})
	if err != nil {
		t.Fatal(err)
	}
	names, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSequence, IsCompound: true, Bytes: name})
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: names}
}

func (a *authority) issue(t *testing.T, tpl *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl.SerialNumber, tpl.NotAfter = big.NewInt(2), time.Now().Add(time.Hour)
	tpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, tpl, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

type askingCert struct{ oneCert }

func (c askingCert) Config() *tls.Config {
	cfg := c.oneCert.Config()
	cfg.ClientAuth = tls.RequestClientCert
	return cfg
}

// XEP-0178#c2s: a client's certificate logs it in when it leads to an authority of ours and names an account.
func TestLoginByCertificate(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	pool := x509.NewCertPool()
	pool.AddCert(ours.cert)
	db := memory.New()
	t.Cleanup(func() { _ = db.Close() })
	cfg := run.Config{Limits: run.DefaultLimits(), Realms: []run.Realm{{Domains: []string{"localhost"}, ClientCAs: pool}}}
	s, err := run.New(t.Context(), cfg, all.Defs(), db, askingCert{makeCert(t)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"romeo@localhost", "juliet@localhost"} {
		if err := s.Accounts.Create(t.Context(), jid.MustBare(who), "secret"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Start(run.Listen{Client: []string{"127.0.0.1:0"}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Stop(ctx)
	})
	san := func(addr string) *x509.Certificate {
		return &x509.Certificate{ExtraExtensions: []pkix.Extension{xmppAddr(t, addr)}}
	}
	for _, tc := range []struct {
		name string
		cert tls.Certificate
		as   string // "" when EXTERNAL must not be offered
		ok   bool
	}{
		{"by xmppAddr", ours.issue(t, san("Romeo@localhost")), "romeo@localhost/orchard", true},
		{"by an e-mail address that is the account's", ours.issue(t, &x509.Certificate{EmailAddresses: []string{"juliet@localhost"}}), "juliet@localhost/orchard", true},
		{"somebody who has no account", ours.issue(t, san("tybalt@localhost")), "", true},
		{"another domain", ours.issue(t, san("romeo@montague.example")), "", false},
		{"an authority that nobody trusts", theirs.issue(t, san("romeo@localhost")), "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			nc, err := net.Dial("tcp", s.Addrs()[0].String())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
			var full string
			st := &stream.Stream{Conn: transport.New(nc, xmlscan.Limits{})}
			err = st.Initiate(t.Context(), &stream.Role{Content: stanza.NSClient, Features: []*stream.Feature{
				stream.UseTLS(&tls.Config{InsecureSkipVerify: true, ServerName: "localhost", Certificates: []tls.Certificate{tc.cert}}),
				stream.UseSASL(&stream.Credentials{Prefer: sasl.Preferences{Certificate: true, Only: []sasl.Mechanism{sasl.External}}}),
				stream.UseBind("orchard", func(f string) { full = f }),
			}}, "localhost", "")
			var refused *stream.LoginError
			switch {
			case tc.as != "" && (err != nil || full != tc.as):
				t.Errorf("logged in as %q, %v", full, err)
			case tc.as == "" && tc.ok && !errors.As(err, &refused):
				t.Errorf("%v, want a refused login", err)
			case tc.as == "" && !tc.ok && (err == nil || errors.As(err, &refused)):
				t.Errorf("%v, want EXTERNAL not to be offered", err)
			}
		})
	}
}
