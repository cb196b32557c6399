package sasl

import "strings"

// NewPlainServer returns the server's side of PLAIN (RFC 4616). verify checks the password of the prepared user; the
// password is as received, Keys.VerifyPassword prepares it. It returns ErrNotAuthorized for a wrong password and for an
// unknown user alike, after the same amount of work (see FakeKeys). authzid is also part of the Identity.
func NewPlainServer(verify func(authzid, user, password string) error) Exchange {
	return &oneStep{verify: func(message []byte) (Identity, []byte, error) {
		// RFC 4616 §2: [authzid] NUL authcid NUL passwd, UTF-8, and nothing after.
		fields := strings.Split(string(message), "\x00")
		if len(fields) != 3 || fields[1] == "" || fields[2] == "" || !isText(strings.Join(fields, "")) {
			return Identity{}, nil, because(ErrMalformed, "PLAIN message")
		}
		user, ok := prepareUser(fields[1])
		if !ok {
			return Identity{}, nil, because(ErrNotAuthorized, "user name is not allowed")
		}
		if err := verify(fields[0], user, fields[2]); err != nil {
			return Identity{}, nil, err
		}
		return Identity{Authcid: user, Authzid: fields[0], Mechanism: Plain}, nil, nil
	}}
}

// NewPlainClient returns the client's side of PLAIN (RFC 4616). authzid is empty for the user's own identity. The password
// is prepared with OpaqueString; ErrCredentials means that it or a name cannot be sent.
func NewPlainClient(authzid, user, password string) (Client, error) {
	prepared, ok := preparePassword(password)
	if !ok || user == "" || !isText(user) || !isText(authzid) || !isText(prepared) {
		return nil, because(ErrCredentials, "PLAIN")
	}
	return &oneMessage{message: []byte(authzid + "\x00" + user + "\x00" + prepared), send: true}, nil
}

// oneMessage is the client's side of the mechanisms in which the client says everything in one message and the server
// has nothing to prove.
type oneMessage struct {
	message []byte
	send    bool // as initial response
	sent    bool
}

func (c *oneMessage) Start() ([]byte, bool, error) {
	if !c.send {
		return nil, false, nil
	}
	c.sent = true
	return c.message, true, nil
}

func (c *oneMessage) Next(challenge []byte) ([]byte, error) {
	if len(challenge) > 0 || c.sent {
		return nil, because(ErrProtocol, "a challenge out of turn")
	}
	c.sent = true
	return c.message, nil
}

func (c *oneMessage) Done(additional []byte) error {
	if len(additional) > 0 {
		return because(ErrProtocol, "additional data where the mechanism has none")
	}
	return nil
}
