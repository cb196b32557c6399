package sasl

import (
	"crypto"
	"crypto/subtle"
	"strings"
)

// Token is a FAST token (XEP-0484) that a server accepts from one client.
type Token struct {
	// ID is the server's own name for the token; Identity.Token returns it.
	ID string
	// Secret is the token as it was sent to the client; its UTF-8 octets are the HMAC key.
	Secret string
}

// NewHTServer returns the server's side of an HT mechanism (draft-schmaus-kitten-sasl-ht-09 §3). tokens gets the prepared
// user name and returns the tokens that are valid for that user, this client and this mechanism, and not expired
// (XEP-0484#fast-auth: a token is bound to its mechanism); none for an unknown user. bindings are the connection's
// channel bindings. The 0-RTT replay count and rotation are the caller's.
//
// NewHTServer fails with ErrInvalidMechanism when mech is not HT or needs a binding that is not in bindings.
func NewHTServer(mech Mechanism, tokens func(user string) ([]Token, error), bindings []Binding) (Exchange, error) {
	h, data, err := htBinding(mech, bindings)
	if err != nil {
		return nil, err
	}
	t, _ := mech.TokenBinding()
	return &oneStep{verify: func(message []byte) (Identity, []byte, error) {
		name, hashed, ok := strings.Cut(string(message), "\x00")
		if !ok || len(hashed) != h.Size() {
			return Identity{}, nil, because(ErrMalformed, "HT message")
		}
		user, ok := prepareUser(name)
		if !ok {
			return Identity{}, nil, because(ErrNotAuthorized, "user name is not allowed")
		}
		valid, err := tokens(user)
		if err != nil {
			return Identity{}, nil, err
		}
		match, ok := findToken(h, valid, data, []byte(hashed))
		if !ok {
			return Identity{}, nil, because(ErrNotAuthorized, "no token matches")
		}
		id := Identity{Authcid: user, Mechanism: mech, Bound: t, Token: match.ID}
		return id, mac(h, []byte(match.Secret), []byte("Responder"), data), nil
	}}, nil
}

// findToken returns the token that hashed was made of. It looks at all of them, each in constant time (XEP-0484#security).
func findToken(h crypto.Hash, valid []Token, data, hashed []byte) (match Token, ok bool) {
	for _, t := range valid {
		want := mac(h, []byte(t.Secret), []byte("Initiator"), data)
		if subtle.ConstantTimeCompare(want, hashed) == 1 && t.Secret != "" {
			match, ok = t, true
		}
	}
	return match, ok
}

// htBinding returns the hash of an HT mechanism and the data of its binding, nil for HT-SHA-256-NONE.
func htBinding(mech Mechanism, bindings []Binding) (crypto.Hash, []byte, error) {
	t, ok := mech.TokenBinding()
	if !ok {
		return 0, nil, ErrInvalidMechanism
	}
	h, _ := mech.Hash()
	if t == "" {
		return h, nil, nil
	}
	b, ok := findBinding(bindings, t)
	if !ok {
		return 0, nil, because(ErrInvalidMechanism, "the connection has no "+string(t))
	}
	return h, b.Data, nil
}

// htClient is the client's side of an HT mechanism.
type htClient struct {
	oneMessage
	responder []byte // what the server must answer
}

// NewHTClient returns the client's side of an HT mechanism for a user and the FAST token the server gave. bindings are the
// connection's channel bindings. It fails with ErrInvalidMechanism when mech is not HT or needs a binding that is not
// there, and with ErrCredentials for a name or token that cannot be used.
func NewHTClient(mech Mechanism, user, token string, bindings []Binding) (Client, error) {
	h, data, err := htBinding(mech, bindings)
	if err != nil {
		return nil, err
	}
	if user == "" || !isText(user) || token == "" {
		return nil, because(ErrCredentials, "HT")
	}
	key := []byte(token)
	message := append([]byte(user+"\x00"), mac(h, key, []byte("Initiator"), data)...)
	return &htClient{
		oneMessage: oneMessage{message: message, send: true},
		responder:  mac(h, key, []byte("Responder"), data),
	}, nil
}

// Done checks that the server knows the token too.
func (c *htClient) Done(additional []byte) error {
	if subtle.ConstantTimeCompare(additional, c.responder) != 1 {
		return ErrServerSignature
	}
	return nil
}
