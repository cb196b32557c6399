// Package certs keeps the certificates that a server shows: those of the configuration, or a self-made one (RFC 6120 §13.7.2).
// It implements c2s.Certificates.
//
// A Store owns the certificates in use and the keys of session tickets; both are replaced as a whole, under a lock that is
// held for as long as a map look-up takes. Start reading at New.
package certs

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Session tickets are encrypted with a key that is replaced after a day and accepted for a week, as crypto/tls does of its
// own accord where every connection has the same tls.Config; ours have copies.
const (
	ticketKeyAge   = 24 * time.Hour
	ticketKeysKept = 7
)

// Store shows certificates by server name.
type Store struct {
	mu      sync.Mutex
	byName  map[string]*tls.Certificate // by name in lower case; "*.montague.example" too
	first   *tls.Certificate            // for names that no certificate has
	cfg     *tls.Config
	tickets [][32]byte // newest first
	turned  time.Time  // when the newest was made
}

// New makes a Store of at least one certificate. With askClients set, clients are asked for a certificate of theirs
// (SASL EXTERNAL, XEP-0178); they need not have one.
func New(all []tls.Certificate, askClients bool) (*Store, error) {
	s := &Store{}
	return s, s.Replace(all, askClients)
}

// Replace puts other certificates in place of those shown so far. Connections that are up keep theirs.
func (s *Store) Replace(all []tls.Certificate, askClients bool) error {
	if len(all) == 0 {
		return errors.New("no certificate")
	}
	byName := make(map[string]*tls.Certificate)
	for i := range all {
		c := &all[i]
		if c.Leaf == nil {
			leaf, err := x509.ParseCertificate(c.Certificate[0])
			if err != nil {
				return fmt.Errorf("certificate %d: %w", i+1, err)
			}
			c.Leaf = leaf
		}
		for _, name := range c.Leaf.DNSNames {
			if name = strings.ToLower(name); byName[name] == nil {
				byName[name] = c
			}
		}
	}
	cfg := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { return s.find(h.ServerName), nil },
	}
	if askClients { // judged at login, so that a bad one only costs EXTERNAL
		cfg.ClientAuth = tls.RequestClientCert
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byName, s.first, s.cfg = byName, &all[0], cfg
	s.tickets, s.turned = nil, time.Time{} // a resumed session would be bound to a certificate that is gone (RFC 5929 §4)
	return nil
}

// find returns the certificate for a server name. The choice depends on the name alone, so that Leaf knows what was shown.
func (s *Store) find(name string) *tls.Certificate {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.byName[name]; c != nil {
		return c
	}
	if _, parent, ok := strings.Cut(name, "."); ok {
		if c := s.byName["*."+parent]; c != nil {
			return c
		}
	}
	return s.first
}

// Leaf returns the certificate that is shown to those who ask for name; the first one for "".
func (s *Store) Leaf(name string) *x509.Certificate { return s.find(name).Leaf }

// Config returns the settings for a connection, as of now: TLS 1.2 at least, certificates by server name, session tickets.
// It must not be changed; clone it.
func (s *Store) Config() *tls.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.turned) >= ticketKeyAge {
		var key [32]byte
		rand.Read(key[:])
		s.tickets = slices.Insert(s.tickets, 0, key)
		s.tickets = s.tickets[:min(len(s.tickets), ticketKeysKept)]
		s.cfg.SetSessionTicketKeys(s.tickets)
		s.turned = now
	}
	return s.cfg
}

// Missing lists those of the domains that no certificate covers, or only one that has expired.
func (s *Store) Missing(domains []string) []string {
	return slices.DeleteFunc(slices.Clone(domains), func(d string) bool {
		name, err := hostName(d)
		return err == nil && covers(s.Leaf(name), name)
	})
}

// covers says whether a certificate is good for a name now.
func covers(c *x509.Certificate, name string) bool {
	now := time.Now()
	return c.VerifyHostname(name) == nil && now.After(c.NotBefore) && now.Before(c.NotAfter)
}
