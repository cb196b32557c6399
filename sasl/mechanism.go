package sasl

import (
	"crypto"
	_ "crypto/sha1"   // links SHA-1 into crypto.Hash for SCRAM-SHA-1
	_ "crypto/sha256" // links SHA-256
	_ "crypto/sha512" // links SHA-384 (tls-server-end-point) and SHA-512
)

// Mechanism is a SASL mechanism name as it goes over the wire. Names this package does not know are carried along
// unchanged, because XEP-0474 hashes the whole list a server offered.
type Mechanism string

// The mechanisms of this package.
const (
	Plain           Mechanism = "PLAIN"              // RFC 4616
	External        Mechanism = "EXTERNAL"           // RFC 4422 Appendix A
	Anonymous       Mechanism = "ANONYMOUS"          // RFC 4505
	OAuthBearer     Mechanism = "OAUTHBEARER"        // RFC 7628
	ScramSHA1       Mechanism = "SCRAM-SHA-1"        // RFC 5802
	ScramSHA1Plus   Mechanism = "SCRAM-SHA-1-PLUS"   // RFC 5802
	ScramSHA256     Mechanism = "SCRAM-SHA-256"      // RFC 7677
	ScramSHA256Plus Mechanism = "SCRAM-SHA-256-PLUS" // RFC 7677
	ScramSHA512     Mechanism = "SCRAM-SHA-512"      // as RFC 7677, with SHA-512
	ScramSHA512Plus Mechanism = "SCRAM-SHA-512-PLUS" // as RFC 7677, with SHA-512
	HTSHA256Expr    Mechanism = "HT-SHA-256-EXPR"    // XEP-0484, bound by tls-exporter
	HTSHA256Uniq    Mechanism = "HT-SHA-256-UNIQ"    // XEP-0484, bound by tls-unique
	HTSHA256Endp    Mechanism = "HT-SHA-256-ENDP"    // XEP-0484, bound by tls-server-end-point
	HTSHA256None    Mechanism = "HT-SHA-256-NONE"    // XEP-0484, not bound
)

// Plus reports whether m is a SCRAM mechanism with channel binding.
func (m Mechanism) Plus() bool {
	return m == ScramSHA1Plus || m == ScramSHA256Plus || m == ScramSHA512Plus
}

// Scram reports whether m is one of the SCRAM mechanisms of this package.
func (m Mechanism) Scram() bool {
	switch m {
	case ScramSHA1, ScramSHA1Plus, ScramSHA256, ScramSHA256Plus, ScramSHA512, ScramSHA512Plus:
		return true
	}
	return false
}

// Hash returns the hash function of a SCRAM or HT mechanism; ok is false for every other name.
func (m Mechanism) Hash() (h crypto.Hash, ok bool) {
	switch m {
	case ScramSHA1, ScramSHA1Plus:
		return crypto.SHA1, true
	case ScramSHA256, ScramSHA256Plus, HTSHA256Expr, HTSHA256Uniq, HTSHA256Endp, HTSHA256None:
		return crypto.SHA256, true
	case ScramSHA512, ScramSHA512Plus:
		return crypto.SHA512, true
	}
	return 0, false
}

// TokenBinding returns the channel binding type an HT mechanism needs, empty for HT-SHA-256-NONE. ok is false when m
// is not an HT mechanism.
func (m Mechanism) TokenBinding() (t BindingType, ok bool) {
	switch m {
	case HTSHA256Expr:
		return TLSExporter, true
	case HTSHA256Uniq:
		return TLSUnique, true
	case HTSHA256Endp:
		return TLSServerEndPoint, true
	case HTSHA256None:
		return "", true
	}
	return "", false
}

// withPlus returns the -PLUS variant of a SCRAM mechanism.
func (m Mechanism) withPlus() Mechanism {
	if m.Plus() {
		return m
	}
	return m + "-PLUS"
}
