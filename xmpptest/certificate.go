package xmpptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"time"

	"github.com/stonechat-im/stonechat/server/run"
)

// certificates is one self-signed certificate for all hosts of a server.
type certificates struct {
	cert tls.Certificate
	pool *x509.CertPool
}

func newCertificates(realms []run.Realm) (*certificates, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	tmpl := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), // the clock of a bubble starts in 2000
		NotAfter:              time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC),
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	for _, r := range realms {
		tmpl.DNSNames = append(tmpl.DNSNames, r.Domains...)
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	c := &certificates{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, x509.NewCertPool()}
	c.pool.AddCert(leaf)
	return c, nil
}

// Config implements c2s.Certificates.
func (c *certificates) Config() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c.cert}, MinVersion: tls.VersionTLS12}
}

// Leaf implements c2s.Certificates.
func (c *certificates) Leaf(string) *x509.Certificate { return c.cert.Leaf }

// client is the configuration of a client that trusts the certificate.
func (c *certificates) client(host string) *tls.Config {
	return &tls.Config{ServerName: host, RootCAs: c.pool, MinVersion: tls.VersionTLS12}
}
