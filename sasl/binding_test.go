package sasl

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// certificate makes a self-signed certificate for montague.example.
func certificate(t testing.TB, ed bool) tls.Certificate {
	t.Helper()
	var pub, key any
	if ed {
		p, k, _ := ed25519.GenerateKey(rand.Reader)
		pub, key = p, k
	} else {
		k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		pub, key = &k.PublicKey, k
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "montague.example"},
		DNSNames: []string{"montague.example"}, NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, _ := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// handshake connects two TLS ends and returns their states.
func handshake(t testing.TB, cert tls.Certificate, version uint16) (client, server tls.ConnectionState) {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	s := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: version, SessionTicketsDisabled: true})
	c := tls.Client(a, &tls.Config{RootCAs: roots, ServerName: "montague.example", MaxVersion: version})
	failed := make(chan error, 1)
	go func() { failed <- s.Handshake() }()
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	return c.ConnectionState(), s.ConnectionState()
}

func TestBindings(t *testing.T) {
	rows := []struct {
		name    string
		version uint16
		ed      bool
		want    []BindingType
	}{
		{"TLS 1.3", tls.VersionTLS13, false, []BindingType{TLSExporter, TLSServerEndPoint}},
		{"TLS 1.2", tls.VersionTLS12, false, []BindingType{TLSExporter, TLSUnique, TLSServerEndPoint}},
		{"a signature without hash", tls.VersionTLS13, true, []BindingType{TLSExporter}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			cert := certificate(t, row.ed)
			client, server := handshake(t, cert, row.version)
			ours := Bindings(&server, cert.Leaf)
			theirs := Bindings(&client, client.PeerCertificates[0])
			if diff := cmp.Diff(ours, theirs); diff != "" {
				t.Errorf("the two ends differ: %s", diff)
			}
			if diff := cmp.Diff(row.want, bindingTypes(ours)); diff != "" {
				t.Error(diff)
			}
			if len(ours[0].Data) != 32 {
				t.Errorf("tls-exporter has %d bytes", len(ours[0].Data))
			}
			if b, ok := findBinding(ours, TLSServerEndPoint); ok {
				if want := sha256.Sum256(cert.Leaf.Raw); string(b.Data) != string(want[:]) {
					t.Errorf("tls-server-end-point is %x", b.Data)
				}
			}
			again, _ := handshake(t, cert, row.version)
			if cmp.Equal(Bindings(&again, nil)[0], ours[0]) {
				t.Error("two connections have the same tls-exporter")
			}
		})
	}
	if Bindings(nil, nil) != nil || Bindings(&tls.ConnectionState{}, certificate(t, false).Leaf) != nil {
		t.Error("bindings without a connection")
	}
}

// RFC 5929 §4.1.
func TestEndPointHash(t *testing.T) {
	rows := []struct {
		algorithm x509.SignatureAlgorithm
		size      int
	}{
		{x509.MD5WithRSA, 32}, {x509.SHA1WithRSA, 32}, {x509.ECDSAWithSHA1, 32},
		{x509.SHA256WithRSA, 32}, {x509.SHA256WithRSAPSS, 32}, {x509.ECDSAWithSHA256, 32},
		{x509.SHA384WithRSA, 48}, {x509.SHA384WithRSAPSS, 48}, {x509.ECDSAWithSHA384, 48},
		{x509.SHA512WithRSA, 64}, {x509.SHA512WithRSAPSS, 64}, {x509.ECDSAWithSHA512, 64},
		{x509.PureEd25519, 0}, {x509.UnknownSignatureAlgorithm, 0},
	}
	for _, row := range rows {
		t.Run(row.algorithm.String(), func(t *testing.T) {
			h, ok := endPointHash(row.algorithm)
			if ok != (row.size > 0) || ok && (h.Size() != row.size || !h.Available()) {
				t.Errorf("%v, %v", h, ok)
			}
		})
	}
}
