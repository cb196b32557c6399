package sasl

import (
	"crypto"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ScramServerOptions says what the server advertised on the stream. Both fields are part of the protection against
// downgrades, so they must be exactly what the client was sent.
type ScramServerOptions struct {
	// Bindings are the connection's channel bindings whose types were advertised (XEP-0440). Empty means that the
	// server offered no -PLUS mechanism here.
	Bindings []Binding
	// Offered are all mechanisms advertised in the protocol the client uses (SASL or SASL2). If set, the exchange
	// carries their hash (XEP-0474).
	Offered []Mechanism
	// SawPlus says that the client has tried a -PLUS mechanism on this stream and failed with ErrBindingType. It knows then
	// that we offer them, so that its flag 'y' is no sign of a downgrade, only of a client that has no other binding.
	SawPlus bool
}

// ErrBindingType is the reason for a failure when a client uses a -PLUS mechanism with a channel binding that the
// connection does not have, such as tls-unique on TLS 1.3.
var ErrBindingType = errors.New("unsupported channel binding type")

// scramServer runs one SCRAM exchange (RFC 5802 §5) for the server.
type scramServer struct {
	mech    Mechanism
	hash    crypto.Hash
	lookup  func(user string) (Keys, error)
	options ScramServerOptions
	nonce   string // the server's part

	step      scramStep
	pending   Identity // becomes id with success
	id        Identity
	keys      Keys
	fullNonce string
	cbind     string // the value attribute c must have
	auth      []byte // AuthMessage as far as it is known
}

type scramStep int

const (
	scramStart scramStep = iota
	scramFirst
	scramFinal
	scramOver
)

// NewScramServer returns the server's side of a SCRAM mechanism. lookup gets the prepared user name and returns the keys
// for the mechanism's hash. For a user who does not exist it must return FakeKeys, not an error, so that the client
// cannot tell; an error ends the exchange with its Condition. NewScramServer fails with ErrInvalidMechanism when mech is
// not SCRAM or is a -PLUS mechanism without a binding in o.
//
// It never computes PBKDF2, so a login costs a few HMACs.
func NewScramServer(mech Mechanism, lookup func(user string) (Keys, error), o ScramServerOptions) (Exchange, error) {
	h, ok := mech.Hash()
	if !ok || !mech.Scram() || mech.Plus() && len(o.Bindings) == 0 {
		return nil, ErrInvalidMechanism
	}
	return &scramServer{mech: mech, hash: h, lookup: lookup, options: o, nonce: rand.Text()}, nil
}

func (s *scramServer) Identity() Identity { return s.id }

func (s *scramServer) Next(response []byte) ([]byte, bool, error) {
	step := s.step
	s.step = scramOver // stays so unless the step succeeds
	message := string(response)
	if !isText(message) {
		return nil, false, because(ErrMalformed, "not UTF-8 text")
	}
	switch step {
	case scramStart:
		if response == nil {
			s.step = scramFirst
			return []byte{}, false, nil
		}
		return s.first(message)
	case scramFirst:
		return s.first(message)
	case scramFinal:
		return s.final(message)
	}
	return nil, false, because(ErrMalformed, "the exchange is over")
}

// first reads the client-first-message and answers with the server-first-message.
func (s *scramServer) first(message string) ([]byte, bool, error) {
	header, bare, ok := parseGS2(message)
	if !ok {
		return nil, false, because(ErrMalformed, "GS2 header")
	}
	data, err := s.checkBinding(header)
	if err != nil {
		return nil, false, err
	}
	a := attributes{rest: bare}
	escaped, okName := a.expect('n')
	nonce, okNonce := a.expect('r')
	_, okExt := a.extensions(0)
	name, okEscape := unescapeName(escaped)
	if !okName || !okNonce || !okExt || !okEscape || !isNonce(nonce) {
		return nil, false, because(ErrMalformed, "client-first-message")
	}
	user, ok := prepareUser(name)
	if !ok {
		return nil, false, because(ErrNotAuthorized, "user name is not allowed")
	}
	if s.keys, err = s.lookup(user); err != nil {
		return nil, false, err
	}
	if !s.keys.fit(s.hash) {
		return nil, false, errors.New("sasl: lookup returned keys that do not fit " + string(s.mech))
	}
	s.pending = Identity{Authcid: user, Authzid: header.authzid, Mechanism: s.mech, Bound: header.binding}
	s.fullNonce = nonce + s.nonce
	s.cbind = channelBinding(header.raw, data)
	challenge := s.serverFirst()
	s.auth = slices.Concat([]byte(bare), []byte{','}, challenge)
	s.step = scramFinal
	return challenge, false, nil
}

// checkBinding applies RFC 5802 §6 to the client's flag and returns the data of the binding in use.
func (s *scramServer) checkBinding(h gs2) ([]byte, error) {
	switch {
	case h.flag == 'p' && !s.mech.Plus():
		return nil, because(ErrNotAuthorized, "channel binding without a -PLUS mechanism")
	case h.flag != 'p' && s.mech.Plus():
		return nil, because(ErrNotAuthorized, "-PLUS mechanism without channel binding")
	case h.flag == 'y' && s.offersBinding() && !s.options.SawPlus:
		return nil, because(ErrNotAuthorized, "the client did not see the -PLUS mechanisms: downgrade attack")
	case h.flag != 'p':
		return nil, nil
	}
	b, ok := findBinding(s.options.Bindings, h.binding)
	if !ok {
		return nil, fmt.Errorf("%w: %w", ErrNotAuthorized, ErrBindingType)
	}
	return b.Data, nil
}

func (s *scramServer) offersBinding() bool {
	return len(s.options.Bindings) > 0 || slices.ContainsFunc(s.options.Offered, Mechanism.Plus)
}

func (s *scramServer) serverFirst() []byte {
	m := make([]byte, 0, 192)
	m = append(append(m, "r="...), s.fullNonce...)
	m = b64.AppendEncode(append(m, ",s="...), s.keys.Salt)
	m = strconv.AppendInt(append(m, ",i="...), int64(s.keys.Iterations), 10)
	if len(s.options.Offered) > 0 {
		m = append(append(m, ",h="...), offerHash(s.hash, s.options.Offered, bindingTypes(s.options.Bindings))...)
	}
	return m
}

// final checks the client-final-message and answers with the server-final-message.
func (s *scramServer) final(message string) ([]byte, bool, error) {
	cut := strings.LastIndex(message, ",p=")
	if cut < 0 {
		return nil, false, because(ErrMalformed, "client-final-message has no proof")
	}
	withoutProof := message[:cut]
	proof, err := b64.DecodeString(message[cut+3:])
	a := attributes{rest: withoutProof}
	cbind, okBind := a.expect('c')
	nonce, okNonce := a.expect('r')
	if _, ok := a.extensions(0); !ok || !okBind || !okNonce || err != nil || len(proof) != s.hash.Size() {
		return nil, false, because(ErrMalformed, "client-final-message")
	}
	if subtle.ConstantTimeCompare([]byte(nonce), []byte(s.fullNonce)) != 1 {
		return nil, false, because(ErrNotAuthorized, "nonce differs")
	}
	if subtle.ConstantTimeCompare([]byte(cbind), []byte(s.cbind)) != 1 {
		return nil, false, because(ErrNotAuthorized, "channel binding differs")
	}
	s.auth = append(append(s.auth, ','), withoutProof...)
	clientKey := proof // ClientProof XOR ClientSignature (RFC 5802 §3)
	subtle.XORBytes(clientKey, proof, mac(s.hash, s.keys.StoredKey, s.auth))
	if subtle.ConstantTimeCompare(digest(s.hash, clientKey), s.keys.StoredKey) != 1 {
		return nil, false, because(ErrNotAuthorized, "proof is wrong")
	}
	s.id = s.pending
	return b64.AppendEncode([]byte("v="), mac(s.hash, s.keys.ServerKey, s.auth)), true, nil
}

// fit reports whether k can be keys of hash h.
func (k Keys) fit(h crypto.Hash) bool {
	return len(k.Salt) > 0 && k.Iterations > 0 && len(k.StoredKey) == h.Size() && len(k.ServerKey) == h.Size()
}
