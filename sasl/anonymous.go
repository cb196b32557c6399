package sasl

import (
	"crypto/rand"
	"fmt"
	"unicode/utf8"
)

// NewAnonymousServer returns the server's side of ANONYMOUS (RFC 4505). Every login gets a new random UUID as Authcid,
// to become the localpart of a temporary address (XEP-0175#recommendations). Trace data is checked and dropped: at most
// 255 characters. Offering ANONYMOUS must be a decision of the operator.
func NewAnonymousServer() Exchange {
	return &oneStep{
		optional: true, // XEP-0175#flow: <auth/> without data is answered with success
		verify: func(message []byte) (Identity, []byte, error) {
			if !isText(string(message)) || utf8.RuneCount(message) > 255 {
				return Identity{}, nil, because(ErrMalformed, "trace data")
			}
			return Identity{Authcid: newUUID(), Mechanism: Anonymous}, nil, nil
		},
	}
}

// NewAnonymousClient returns the client's side of ANONYMOUS. It sends no trace data (XEP-0175#recommendations).
func NewAnonymousClient() Client { return &oneMessage{message: []byte{}} }

// newUUID returns a random UUID: RFC 9562 §5.4, version 4.
func newUUID() string {
	var u [16]byte
	rand.Read(u[:])
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
