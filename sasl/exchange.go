package sasl

// Exchange is the server's side of one login attempt.
type Exchange interface {
	// Next takes the client's next response and returns the next challenge. With done set the client is authenticated
	// and the challenge, if not nil, is the additional data with success. After an error the exchange is dead: every
	// further call fails. See the package comment for nil against empty. The error's condition comes from Condition.
	Next(response []byte) (challenge []byte, done bool, err error)
	// Identity tells who authenticated. It is the zero Identity until Next has returned done.
	Identity() Identity
}

// Identity is the outcome of an Exchange.
type Identity struct {
	// Authcid is the user that authenticated: for PLAIN, SCRAM and HT the user name of the mechanism, prepared with
	// UsernameCaseMapped (RFC 8265 §3.3); for OAUTHBEARER what verify returned; for EXTERNAL the identity of the
	// certificate; for ANONYMOUS a fresh UUID.
	Authcid string
	// Authzid is the identity the client asks to act as, exactly as received; empty when it asked for none. It is
	// not checked except by EXTERNAL: the caller must refuse one that Authcid may not assume with ErrInvalidAuthzid
	// (RFC 6120 §6.3.8).
	Authzid string
	// Mechanism is the mechanism used.
	Mechanism Mechanism
	// Bound is the channel binding that tied the login to its TLS connection, empty for none.
	Bound BindingType
	// Token is the ID of the token that matched; HT only.
	Token string
}

// Client is the client's side of one login attempt.
type Client interface {
	// Start returns the initial response. With hasInitial unset the mechanism starts without one.
	Start() (initial []byte, hasInitial bool, err error)
	// Next answers a challenge of the server.
	Next(challenge []byte) (response []byte, err error)
	// Done is called when the server reports success, with its additional data or nil. Only when it returns nil is the
	// server known to be the right one, for mechanisms that can tell; on an error the stream must be closed.
	Done(additional []byte) error
}

// oneStep is the server's side of the mechanisms in which the client says everything in one message.
type oneStep struct {
	verify   func(message []byte) (id Identity, additional []byte, err error)
	optional bool // an absent message counts as an empty one
	asked    bool
	over     bool
	id       Identity
}

func (x *oneStep) Next(response []byte) ([]byte, bool, error) {
	if x.over {
		return nil, false, because(ErrMalformed, "the exchange is over")
	}
	if response == nil && !x.asked && !x.optional {
		// RFC 4422 §5.1: the client did not send its first message along, so an empty challenge asks for it.
		x.asked = true
		return []byte{}, false, nil
	}
	x.over = true
	id, additional, err := x.verify(response)
	if err != nil {
		return nil, false, err
	}
	x.id = id
	return additional, true, nil
}

func (x *oneStep) Identity() Identity { return x.id }
