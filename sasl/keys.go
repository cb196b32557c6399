package sasl

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/subtle"
	"errors"
)

// Limits on the iteration counts a client accepts. RFC 7677 §4 asks servers for at least 4096; the upper bound keeps a
// hostile server from burning the client's time (RFC 5802 §9).
const (
	MinIterations = 4096
	MaxIterations = 10_000_000
)

// saltSize is the length in bytes of salts that Derive and FakeKeys make.
const saltSize = 16

// Keys is what a server stores of a password for one hash function (RFC 5802 §3). Neither a password nor a login can
// be computed from it, but it lets its owner act as the server, so it is still a secret.
type Keys struct {
	Salt       []byte
	StoredKey  []byte // H(ClientKey)
	ServerKey  []byte
	Iterations int
}

// ClientKeys is what a client may store in place of a password (RFC 5802 §5.1, attribute i). It logs in at the servers
// that use the same salt and iteration count, so it is as secret as the password there.
type ClientKeys struct {
	Salt       []byte
	ClientKey  []byte
	ServerKey  []byte
	Iterations int
}

// DefaultIterations returns the PBKDF2 iteration count for new passwords: 10,000 for every hash, the minimum of
// XEP-0438#pbkdf2. RFC 7677 §4 asks for at least 4096; more iterations cost phones their battery at every login without
// stored keys.
func DefaultIterations(crypto.Hash) int { return 10_000 }

// Derive computes the keys to store for password. A nil salt means a new random one of 16 bytes, and 0 iterations mean
// DefaultIterations. The error is ErrCredentials when OpaqueString (RFC 8265 §4.2) refuses the password.
func Derive(h crypto.Hash, password string, salt []byte, iterations int) (Keys, error) {
	if salt == nil {
		salt = make([]byte, saltSize)
		rand.Read(salt)
	}
	if iterations == 0 {
		iterations = DefaultIterations(h)
	}
	ck, err := deriveClient(h, password, salt, iterations)
	if err != nil {
		return Keys{}, err
	}
	return Keys{
		Salt:       bytes.Clone(salt),
		StoredKey:  digest(h, ck.ClientKey),
		ServerKey:  ck.ServerKey,
		Iterations: iterations,
	}, nil
}

// deriveClient is RFC 5802 §3 up to ClientKey and ServerKey.
func deriveClient(h crypto.Hash, password string, salt []byte, iterations int) (ClientKeys, error) {
	if !h.Available() {
		return ClientKeys{}, errors.New("sasl: hash function is not available")
	}
	prepared, ok := preparePassword(password)
	if !ok {
		return ClientKeys{}, because(ErrCredentials, "password is empty or has forbidden characters")
	}
	if iterations < 1 {
		return ClientKeys{}, because(ErrIterations, "not positive")
	}
	salted, err := pbkdf2.Key(h.New, prepared, salt, iterations, h.Size())
	if err != nil {
		return ClientKeys{}, err
	}
	return ClientKeys{
		Salt:       salt,
		ClientKey:  mac(h, salted, []byte("Client Key")),
		ServerKey:  mac(h, salted, []byte("Server Key")),
		Iterations: iterations,
	}, nil
}

// VerifyPassword reports whether k was derived from password with h. It takes as long as Derive, so callers limit how
// often a peer may make them do it; this is the check behind PLAIN.
func (k Keys) VerifyPassword(h crypto.Hash, password string) bool {
	got, err := Derive(h, password, k.Salt, max(k.Iterations, 1))
	return err == nil && subtle.ConstantTimeCompare(got.StoredKey, k.StoredKey) == 1
}

// FakeKeys returns keys for a user who does not exist, so that a server answers alike for everyone. They depend on
// secret (a random value of 32 bytes or more that the server keeps), the hash and the user's name alone, have the salt
// length and the iteration count of new passwords, and fit no password.
func FakeKeys(h crypto.Hash, secret []byte, user string) Keys {
	derive := func(purpose string) []byte {
		return mac(h, secret, []byte("sasl fake keys\x00"+purpose+"\x00"+user))
	}
	return Keys{
		Salt:       derive("salt")[:saltSize],
		StoredKey:  derive("stored key"),
		ServerKey:  derive("server key"),
		Iterations: DefaultIterations(h),
	}
}

// mac is HMAC(key, parts…) of RFC 5802 §2.2.
func mac(h crypto.Hash, key []byte, parts ...[]byte) []byte {
	m := hmac.New(h.New, key)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

// digest is H(data) of RFC 5802 §2.2.
func digest(h crypto.Hash, data []byte) []byte {
	d := h.New()
	d.Write(data)
	return d.Sum(nil)
}
