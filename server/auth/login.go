package auth

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/sasl"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
)

// Policy is how people may log in to a realm.
type Policy struct {
	Plain     bool           // PLAIN on protected streams
	Anonymous bool           // ANONYMOUS (XEP-0175), and nothing else
	ClientCAs *x509.CertPool // EXTERNAL with certificates from these (XEP-0178); nil: none
}

// Peer is the stream that wants to log in.
type Peer struct {
	Domain string
	Addr   net.Addr
	TLS    *tls.ConnectionState
	Cert   *x509.Certificate // of ours on this stream, for tls-server-end-point
}

// Login is the attempts of one stream to log in.
type Login struct {
	a        *Accounts
	policy   Policy
	peer     Peer
	offered  []sasl.Mechanism
	bindings []sasl.Binding
	outside  []string // identities of the client's certificate
	tried    string   // the user name of the current attempt, when known
	sawPlus  bool     // see sasl.ScramServerOptions
	found    found    // the account that was looked up last, for Finish
}

// found is an account as it was read during an exchange.
type found struct {
	jid jid.Bare
	rec record
}

// NewLogin looks at a stream and decides what to offer it.
func (a *Accounts) NewLogin(p Policy, peer Peer) *Login {
	l := &Login{a: a, policy: p, peer: peer}
	if p.Anonymous {
		l.offered = []sasl.Mechanism{sasl.Anonymous}
		return l
	}
	if peer.TLS != nil {
		l.bindings = sasl.Bindings(peer.TLS, peer.Cert)
		if p.ClientCAs != nil {
			l.outside = identities(peer.TLS.PeerCertificates, p.ClientCAs, peer.Domain)
		}
	}
	if len(l.outside) > 0 { // XEP-0178#c2s: only to those who can use it
		l.offered = append(l.offered, sasl.External)
	}
	if len(l.bindings) > 0 {
		l.offered = append(l.offered, sasl.ScramSHA512Plus, sasl.ScramSHA256Plus, sasl.ScramSHA1Plus)
	}
	l.offered = append(l.offered, sasl.ScramSHA512, sasl.ScramSHA256, sasl.ScramSHA1)
	if p.Plain && peer.TLS != nil {
		l.offered = append(l.offered, sasl.Plain)
	}
	return l
}

// Offered lists the mechanisms, strongest first.
func (l *Login) Offered() []sasl.Mechanism { return l.offered }

// Bindings lists the channel bindings that -PLUS mechanisms can use (XEP-0440).
func (l *Login) Bindings() []sasl.Binding { return l.bindings }

// Begin starts an exchange. It fails when the mechanism was not offered, or when there were too many failures.
func (l *Login) Begin(ctx context.Context, mech sasl.Mechanism) (sasl.Exchange, error) {
	l.tried = ""
	found := false
	for _, m := range l.offered {
		found = found || m == mech
	}
	switch {
	case !found && mech == sasl.Plain && l.peer.TLS == nil:
		return nil, sasl.ErrEncryptionRequired
	case !found:
		return nil, sasl.ErrInvalidMechanism
	case l.a.failures.tooMany(kit.AddressKey(l.peer.Addr), addressFailures):
		return nil, fmt.Errorf("too many failures from this address: %w", sasl.ErrTemporary)
	}
	switch {
	case mech == sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return l.checkPlain(ctx, user, password) }), nil
	case mech == sasl.Anonymous:
		return sasl.NewAnonymousServer(), nil
	case mech == sasl.External:
		return sasl.NewExternalServer(l.outside, func(s string) (string, error) {
			b, err := jid.ParseBare(s)
			return b.String(), err
		}), nil
	}
	h, _ := mech.Hash()
	return sasl.NewScramServer(mech, func(user string) (sasl.Keys, error) { return l.keys(ctx, user, h) },
		sasl.ScramServerOptions{Bindings: l.bindings, Offered: l.offered, SawPlus: l.sawPlus})
}

// account finds a user; a nil record stands for one who does not exist or is locked out.
func (l *Login) account(ctx context.Context, user string) (jid.Bare, *record, error) {
	l.tried = user
	if l.a.failures.tooMany(user+"@"+l.peer.Domain, accountFailures) {
		return jid.Bare{}, nil, fmt.Errorf("too many failures of this account: %w", sasl.ErrTemporary)
	}
	b, err := jid.NewBare(user, l.peer.Domain)
	if err != nil {
		return b, nil, nil // looks like any wrong name
	}
	r, err := l.a.get(ctx, b)
	if errors.Is(err, kit.ErrNoAccount) {
		return b, nil, nil
	}
	l.found = found{b, r}
	return b, &l.found.rec, err
}

// keys returns the keys of a user, or such as fit no password for one who has none.
func (l *Login) keys(ctx context.Context, user string, h crypto.Hash) (sasl.Keys, error) {
	_, r, err := l.account(ctx, user)
	if err != nil {
		return sasl.Keys{}, err
	}
	if r != nil {
		if k, ok := r.Keys[h.String()]; ok {
			return k, nil
		}
	}
	return sasl.FakeKeys(h, l.a.secret, user+"@"+l.peer.Domain), nil
}

// checkPlain compares a password with the strongest keys there are; where a hash has none yet, they are made now.
func (l *Login) checkPlain(ctx context.Context, user, password string) error {
	b, r, err := l.account(ctx, user)
	if err != nil {
		return err
	}
	h := hashes[len(hashes)-1]
	keys := sasl.FakeKeys(h, l.a.secret, user+"@"+l.peer.Domain)
	if r != nil {
		for _, x := range hashes {
			if k, ok := r.Keys[x.String()]; ok {
				h, keys = x, k
			}
		}
	}
	if !keys.VerifyPassword(h, password) || r == nil {
		return sasl.ErrNotAuthorized
	}
	if len(r.Keys) < len(hashes) {
		return l.a.SetPassword(ctx, b, password)
	}
	return nil
}

// Failed counts a failed guess against the address and the account that was tried. An attempt that ended before anybody's
// keys were looked at was none.
func (l *Login) Failed(err error) {
	l.sawPlus = l.sawPlus || errors.Is(err, sasl.ErrBindingType)
	if l.tried == "" {
		return
	}
	l.a.failures.add(kit.AddressKey(l.peer.Addr))
	l.a.failures.add(l.tried + "@" + l.peer.Domain)
}

// Finish decides whether an identity that proved itself may log in, and as which account.
func (l *Login) Finish(ctx context.Context, id sasl.Identity) (jid.Bare, error) {
	var b jid.Bare
	var err error
	switch id.Mechanism {
	case sasl.Anonymous:
		return jid.NewBare(strings.ToLower(rand.Text()), l.peer.Domain) // XEP-0175#recommendations: a name nobody else has
	case sasl.External:
		b, err = jid.ParseBare(id.Authcid)
	default:
		b, err = jid.NewBare(id.Authcid, l.peer.Domain)
	}
	if err != nil {
		return b, fmt.Errorf("%w: %w", sasl.ErrNotAuthorized, err)
	}
	if id.Authzid != "" { // RFC 6120 §6.3.8: nobody acts for anybody else here
		if z, err := jid.ParseBare(id.Authzid); err != nil || z != b {
			return b, sasl.ErrInvalidAuthzid
		}
	}
	r := l.found.rec
	if l.found.jid != b {
		r, err = l.a.get(ctx, b)
	}
	l.found = found{}
	switch {
	case errors.Is(err, kit.ErrNoAccount):
		return b, sasl.ErrNotAuthorized
	case err != nil:
		return b, err
	case r.Disabled:
		return b, sasl.ErrAccountDisabled
	}
	l.a.remember(b)
	l.a.sawNow(b)
	return b, nil
}

// sawNow notes a login, without waiting for the store.
func (a *Accounts) sawNow(b jid.Bare) {
	owner, now := b.String(), time.Now().UTC().Truncate(time.Second)
	a.db.Go(func(tx store.Tx) error { return a.seen.In(tx).Put(owner, "", now) })
}
