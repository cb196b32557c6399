package sasl

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/subtle"
	"slices"
	"strconv"
	"strings"
)

// ScramClientOptions are a user's credentials and what the client knows of the connection.
type ScramClientOptions struct {
	// Username is the authentication identity: in XMPP the localpart of the user's address (RFC 6120 §6.3.7).
	Username string
	// Authzid is the bare JID to act as; empty for the user's own.
	Authzid string
	// Password may be empty when Keys fit the server's salt and iteration count.
	Password string
	// Keys are the result of ScramClient.Keys of an earlier login with the same mechanism family (hash). They save
	// PBKDF2, and the password itself, while the server keeps salt and iteration count.
	Keys *ClientKeys
	// Bindings are the connection's channel bindings, strongest first (see Bindings). Empty means that this client
	// does without channel binding.
	Bindings []Binding
	// Offered are the mechanisms the server advertised; they are checked if the server signs them (XEP-0474).
	Offered []Mechanism
	// OfferedBindings are the binding types the server advertised by XEP-0440.
	OfferedBindings []BindingType
}

// ScramClient is the client's side of a SCRAM mechanism (RFC 5802 §5).
type ScramClient struct {
	mech    Mechanism
	hash    crypto.Hash
	options ScramClientOptions
	nonce   string
	header  string // GS2 header
	binding Binding
	// needHash: this login goes unbound only because the server's list has no binding type we know, which is fine
	// only if the server signs that list (XEP-0474#rules, new rule 6).
	needHash bool

	step     scramStep
	verified bool
	bare     string
	keys     ClientKeys
	verifier []byte // the server-final-message's expected signature
}

// NewScramClient returns the client's side of mech. It picks the channel binding: for a -PLUS mechanism the first of
// o.Bindings the server advertised. It fails with ErrInvalidMechanism for other mechanisms, ErrCredentials for a name or
// password that cannot be sent, ErrNeedPassword without password and keys, ErrNoBinding for a -PLUS mechanism without a
// binding in common, and ErrDowngrade when mech goes without channel binding though both sides could do it.
func NewScramClient(mech Mechanism, o ScramClientOptions) (*ScramClient, error) {
	h, ok := mech.Hash()
	if !ok || !mech.Scram() {
		return nil, ErrInvalidMechanism
	}
	if o.Username == "" || !isText(o.Username) || !isText(o.Authzid) {
		return nil, because(ErrCredentials, "user name or authorization identity")
	}
	if o.Password != "" {
		if _, ok := preparePassword(o.Password); !ok {
			return nil, because(ErrCredentials, "password has forbidden characters")
		}
	} else if o.Keys == nil {
		return nil, ErrNeedPassword
	}
	c := &ScramClient{mech: mech, hash: h, options: o, nonce: rand.Text()}
	flag, err := c.chooseBinding()
	if err != nil {
		return nil, err
	}
	c.header = flag + "," + gs2Authzid(o.Authzid) + ","
	return c, nil
}

func gs2Authzid(authzid string) string {
	if authzid == "" {
		return ""
	}
	return "a=" + escapeName(authzid)
}

// chooseBinding picks the binding and returns the gs2-cbind-flag: RFC 5802 §6 and XEP-0440#business-rules.
func (c *ScramClient) chooseBinding() (flag string, err error) {
	o := &c.options
	types := bindingTypes(o.Bindings)
	t, shared := commonBinding(types, o.OfferedBindings)
	if c.mech.Plus() {
		if !shared {
			return "", ErrNoBinding
		}
		c.binding, shared = findBinding(o.Bindings, t)
		if !shared {
			return "", because(ErrNoBinding, "binding without data")
		}
		return "p=" + string(t), nil
	}
	offered := len(o.OfferedBindings) > 0 || slices.ContainsFunc(o.Offered, Mechanism.Plus)
	switch {
	case len(o.Bindings) == 0:
		return "n", nil
	case !offered:
		return "y", nil
	case shared && slices.Contains(o.Offered, c.mech.withPlus()):
		return "", because(ErrDowngrade, "channel binding is possible and must be used")
	}
	// Rule 6 of XEP-0440 takes a list without tls-server-end-point for an attack, unless XEP-0474 proves it genuine.
	c.needHash = !shared && !slices.Contains(o.OfferedBindings, TLSServerEndPoint)
	return "n", nil
}

// Bound returns the channel binding type this login uses, empty for none.
func (c *ScramClient) Bound() BindingType { return c.binding.Type }

// Keys returns what can be stored for the next login. It is zero until Done has returned nil.
func (c *ScramClient) Keys() ClientKeys {
	if !c.verified {
		return ClientKeys{}
	}
	return c.keys
}

// Start returns the client-first-message.
func (c *ScramClient) Start() (initial []byte, hasInitial bool, err error) {
	if c.step != scramStart {
		return nil, false, because(ErrProtocol, "the exchange has started already")
	}
	c.step = scramFirst
	c.bare = "n=" + escapeName(c.options.Username) + ",r=" + c.nonce
	return []byte(c.header + c.bare), true, nil
}

// Next answers the server-first-message. A server that sends the server-final-message as a challenge of its own gets
// the empty response it waits for (RFC 4422 §5.2).
func (c *ScramClient) Next(challenge []byte) ([]byte, error) {
	step := c.step
	c.step = scramOver
	message := string(challenge)
	if !isText(message) {
		return nil, because(ErrProtocol, "not UTF-8 text")
	}
	switch step {
	case scramFirst:
		response, err := c.final(message)
		if err == nil {
			c.step = scramFinal
		}
		return response, err
	case scramFinal:
		if err := c.verify(message); err != nil {
			return nil, err
		}
		return []byte{}, nil
	}
	return nil, because(ErrProtocol, "a challenge out of turn")
}

// Done checks the server-final-message, unless it came as a challenge before.
func (c *ScramClient) Done(additional []byte) error {
	step := c.step
	c.step = scramOver
	switch {
	case step == scramFinal:
		return c.verify(string(additional))
	case c.verified && len(additional) == 0:
		return nil
	}
	c.verified = false
	return because(ErrServerSignature, "success out of turn")
}

// final reads the server-first-message and returns the client-final-message.
func (c *ScramClient) final(message string) ([]byte, error) {
	a := attributes{rest: message}
	nonce, okNonce := a.expect('r')
	salt64, okSalt := a.expect('s')
	count, okCount := a.expect('i')
	hash, okExt := a.extensions('h')
	salt, err := b64.DecodeString(salt64)
	if !okNonce || !okSalt || !okCount || !okExt || err != nil || !isNonce(nonce) {
		return nil, because(ErrProtocol, "server-first-message")
	}
	if len(nonce) <= len(c.nonce) || !strings.HasPrefix(nonce, c.nonce) {
		return nil, because(ErrProtocol, "the server did not extend the nonce")
	}
	if err := c.checkOffer(hash); err != nil {
		return nil, err
	}
	iterations, err := strconv.ParseUint(count, 10, 32)
	if err != nil || iterations < MinIterations || iterations > MaxIterations || count[0] == '0' {
		return nil, because(ErrIterations, strconv.Quote(count))
	}
	if err := c.deriveKeys(salt, int(iterations)); err != nil {
		return nil, err
	}
	withoutProof := "c=" + channelBinding(c.header, c.binding.Data) + ",r=" + nonce
	auth := []byte(c.bare + "," + message + "," + withoutProof)
	c.verifier = mac(c.hash, c.keys.ServerKey, auth)
	proof := mac(c.hash, digest(c.hash, c.keys.ClientKey), auth)
	subtle.XORBytes(proof, proof, c.keys.ClientKey) // ClientKey XOR ClientSignature (RFC 5802 §3)
	return b64.AppendEncode([]byte(withoutProof+",p="), proof), nil
}

// checkOffer compares the server's signed list with the one received (XEP-0474#verification).
func (c *ScramClient) checkOffer(hash string) error {
	o := &c.options
	switch {
	case hash != "" && len(o.Offered) > 0 && hash != offerHash(c.hash, o.Offered, o.OfferedBindings):
		return because(ErrDowngrade, "the signed list of mechanisms differs from the received one")
	case c.needHash && (hash == "" || len(o.Offered) == 0):
		return because(ErrDowngrade, "the server's binding types are unknown here and unsigned")
	}
	return nil
}

// deriveKeys takes the stored keys if they fit and the password if not.
func (c *ScramClient) deriveKeys(salt []byte, iterations int) (err error) {
	k := c.options.Keys
	if k != nil && k.Iterations == iterations && bytes.Equal(k.Salt, salt) &&
		len(k.ClientKey) == c.hash.Size() && len(k.ServerKey) == c.hash.Size() {
		c.keys = *k
		return nil
	}
	if c.options.Password == "" {
		return ErrNeedPassword
	}
	c.keys, err = deriveClient(c.hash, c.options.Password, salt, iterations)
	return err
}

// verify checks a server-final-message (RFC 5802 §5: the server's signature must match).
func (c *ScramClient) verify(message string) error {
	a := attributes{rest: message}
	name, value, ok := a.next()
	if ok && name == 'e' {
		return because(ErrNotAuthorized, "the server says "+strconv.Quote(value))
	}
	signature, err := b64.DecodeString(value)
	if _, okExt := a.extensions(0); !ok || !okExt || name != 'v' || err != nil || !isText(message) {
		return because(ErrServerSignature, "server-final-message")
	}
	if subtle.ConstantTimeCompare(signature, c.verifier) != 1 {
		return ErrServerSignature
	}
	c.verified = true
	return nil
}
