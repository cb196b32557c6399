package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/stonechat-im/stonechat/server/config/datadir"
)

// lifetime of a self-made certificate. Nobody checks it against an authority, so only its key's secrecy counts.
const lifetime = 10 * 365 * 24 * time.Hour

// SelfMade returns the certificate that is kept in the folder dir, and makes it, with an ECDSA P-256 key, where there is
// none for these domains. The file of the key is for its owner alone (0600).
func SelfMade(dir string, domains []string) (tls.Certificate, error) {
	names := make([]string, len(domains))
	for i, d := range domains {
		var err error
		if names[i], err = hostName(d); err != nil {
			return tls.Certificate{}, fmt.Errorf("a certificate for %s: %w", d, err)
		}
	}
	file := filepath.Join(dir, "self-made.pem")
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return makeOne(file, names)
	case err != nil:
		return tls.Certificate{}, fmt.Errorf("the self-made certificate: %w", err)
	}
	c, err := tls.X509KeyPair(text, text)
	if err != nil {
		return c, fmt.Errorf("the self-made certificate %s: %w; remove the file to have another made", file, err)
	}
	for _, n := range names {
		if !covers(c.Leaf, n) {
			return makeOne(file, names)
		}
	}
	return c, nil
}

// hostName is a domain as certificates have it, with A-labels, and IPv6 literals without brackets.
func hostName(domain string) (string, error) {
	if ip := net.ParseIP(strings.Trim(domain, "[]")); ip != nil {
		return ip.String(), nil
	}
	return idna.Lookup.ToASCII(domain)
}

func makeOne(file string, names []string) (tls.Certificate, error) {
	text, err := create(names)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making a certificate: %w", err)
	}
	if err = os.MkdirAll(filepath.Dir(file), 0o700); err == nil {
		err = datadir.WriteFile(file, text)
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("keeping the self-made certificate: %w", err)
	}
	return tls.X509KeyPair(text, text)
}

// create makes a key and its certificate, as PEM.
func create(names []string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	id := sha1.Sum(point) // RFC 5280 §4.2.1.2, method 1
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: names[0]},
		NotBefore:             time.Now().Add(-time.Hour), // clients' clocks
		NotAfter:              time.Now().Add(lifetime),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		SubjectKeyId:          id[:],
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
			continue
		}
		t.DNSNames = append(t.DNSNames, n)
		if n == "localhost" {
			t.IPAddresses = append(t.IPAddresses, net.IPv4(127, 0, 0, 1), net.IPv6loopback)
		}
	}
	cert, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...), nil
}

// Fingerprint writes the SHA-256 hash of a certificate as clients show it.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}
