package run

import (
	"crypto/x509"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/auth"
	"github.com/stonechat-im/stonechat/server/c2s"
	"github.com/stonechat-im/stonechat/server/session"
)

// Config is a whole server's configuration as Go values. The file format is read by server/config.
type Config struct {
	Listen Listen
	Limits c2s.Limits
	Realms []Realm
	// Plaintext lets clients log in without TLS. For loopback and tests alone.
	Plaintext bool
}

// Listen says where clients connect: addresses as for net.Listen("tcp").
type Listen struct {
	Client    []string // STARTTLS, RFC 6120 §5; port 5222
	ClientTLS []string // direct TLS, XEP-0368; port 5223
}

// Realm is a set of domains with the same options.
type Realm struct {
	Domains   []string
	Admins    []jid.Bare
	Plain     bool // offer PLAIN on protected streams
	Anonymous bool // only anonymous logins (XEP-0175)
	ClientCAs *x509.CertPool
	Without   []string       // modules that are off
	Modules   map[string]any // configuration of modules by name; the default where there is none
}

func (r *Realm) policy() auth.Policy {
	return auth.Policy{Plain: r.Plain, Anonymous: r.Anonymous, ClientCAs: r.ClientCAs}
}

// DefaultLimits are those of a server for a family or a company.
func DefaultLimits() c2s.Limits {
	return c2s.Limits{
		Element:     256 << 10,
		GuestBytes:  16 << 10,
		Negotiation: time.Minute,
		PerAddress:  1000,
		Guests:      2000,
		Sessions:    50,
		Rate:        2 << 20,
		Burst:       8 << 20,
		Ping:        5 * time.Minute,
		Pong:        time.Minute,
		Resume:      10 * time.Minute,
		Session: session.Limits{
			QueueBytes: 4 << 20,
			Unacked:    5000,
			SpoolAfter: 50 * time.Millisecond,
			Write:      30 * time.Second,
			Goodbye:    5 * time.Second,
		},
	}
}
