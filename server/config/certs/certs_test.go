package certs

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/server/c2s"
)

var _ c2s.Certificates = (*Store)(nil)

func selfMade(t *testing.T, dir string, domains ...string) tls.Certificate {
	t.Helper()
	c, err := SelfMade(dir, domains)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// made is a certificate for names as they are, wildcards too.
func made(t *testing.T, names ...string) tls.Certificate {
	t.Helper()
	text, err := create(names)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tls.X509KeyPair(text, text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// connect makes a TLS connection to the store and returns the client's view.
func connect(t *testing.T, s *Store, cfg *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		server := tls.Server(c, s.Config().Clone()) // as c2s does for each connection
		if server.Handshake() == nil {
			_, _ = server.Write([]byte("hello"))
		}
	}()
	c, err := tls.Dial("tcp", l.Addr().String(), cfg)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer c.Close()
	_, err = c.Read(make([]byte, 5)) // tickets of TLS 1.3 come with the first data
	return c.ConnectionState(), err
}

func TestSelfMadeIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	first := selfMade(t, dir, "montague.example", "localhost", "bücher.example")
	if again := selfMade(t, dir, "localhost"); !again.Leaf.Equal(first.Leaf) {
		t.Error("another certificate although the first is good")
	}
	if diff := cmp.Diff([]string{"montague.example", "localhost", "xn--bcher-kva.example"}, first.Leaf.DNSNames); diff != "" {
		t.Error(diff)
	}
	if first.Leaf.SignatureAlgorithm != x509.ECDSAWithSHA256 || first.Leaf.IsCA {
		t.Errorf("%v, CA %v", first.Leaf.SignatureAlgorithm, first.Leaf.IsCA)
	}
	info, err := os.Stat(filepath.Join(dir, "self-made.pem"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if other := selfMade(t, dir, "localhost", "capulet.example"); other.Leaf.Equal(first.Leaf) {
		t.Error("the same certificate for a domain that it does not have")
	}
}

func TestSelfMadeThatIsDamaged(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "self-made.pem")
	if err := os.WriteFile(file, []byte("yond light"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := SelfMade(dir, []string{"localhost"})
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v does not name the file", err)
	}
	if text, _ := os.ReadFile(file); string(text) != "yond light" {
		t.Error("the file was overwritten")
	}
}

func TestCertificateByName(t *testing.T) {
	montague := made(t, "montague.example")
	capulet := made(t, "capulet.example", "*.capulet.example")
	s, err := New([]tls.Certificate{montague, capulet}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		want tls.Certificate
	}{
		{"montague.example", montague}, {"capulet.example", capulet}, {"CAPULET.example", capulet}, {"capulet.example.", capulet},
		{"conference.capulet.example", capulet}, {"a.b.capulet.example", montague}, {"verona.example", montague}, {"", montague},
	} {
		if !s.Leaf(tt.name).Equal(tt.want.Leaf) {
			t.Errorf("Leaf(%q) is for %v", tt.name, s.Leaf(tt.name).DNSNames)
		}
		state, err := connect(t, s, &tls.Config{ServerName: tt.name, InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		if !state.PeerCertificates[0].Equal(tt.want.Leaf) {
			t.Errorf("%q is shown the certificate for %v", tt.name, state.PeerCertificates[0].DNSNames)
		}
	}
	if diff := cmp.Diff([]string{"verona.example"}, s.Missing([]string{"montague.example", "verona.example", "capulet.example"})); diff != "" {
		t.Error(diff)
	}
}

func TestVersionsAndTickets(t *testing.T) {
	one := made(t, "montague.example")
	s, err := New([]tls.Certificate{one}, false)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(one.Leaf) // a client that trusts it needs nothing else
	cfg := &tls.Config{ServerName: "montague.example", RootCAs: roots, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	if _, err := connect(t, s, cfg); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg := &tls.Config{ServerName: "montague.example", RootCAs: roots, MinVersion: v, MaxVersion: v, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		for _, resumed := range []bool{false, true} {
			state, err := connect(t, s, cfg)
			if err != nil || state.DidResume != resumed || state.Version != v {
				t.Errorf("%s: resumed %v, want %v; %v", tls.VersionName(v), state.DidResume, resumed, err)
			}
		}
		if err := s.Replace([]tls.Certificate{one}, false); err != nil {
			t.Fatal(err)
		}
		if state, err := connect(t, s, cfg); err != nil || state.DidResume {
			t.Errorf("%s: resumed %v after the certificates were replaced; %v", tls.VersionName(v), state.DidResume, err)
		}
	}
}

func TestClientsAreAskedOnlyWhenWanted(t *testing.T) {
	own := made(t, "juliet.capulet.example")
	for _, ask := range []bool{false, true} {
		s, err := New([]tls.Certificate{made(t, "localhost")}, ask)
		if err != nil {
			t.Fatal(err)
		}
		asked := false
		_, err = connect(t, s, &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked = true
			return &own, nil
		}})
		if err != nil || asked != ask {
			t.Errorf("asked %v, want %v; %v", asked, ask, err)
		}
	}
}

func TestNoCertificate(t *testing.T) {
	if _, err := New(nil, false); err == nil {
		t.Error("a store without certificates")
	}
}

func TestFingerprint(t *testing.T) {
	got := Fingerprint(&x509.Certificate{Raw: []byte("abc")}) // FIPS 180-2, appendix B.1
	if !strings.HasPrefix(got, "BA:78:16:BF:8F:01:CF:EA") || len(got) != 32*3-1 {
		t.Error(got)
	}
}
