package sasl

import (
	"encoding/json"
	"errors"
	"strings"
)

// OAuthFailure is the reason a server gives for refusing a bearer token (RFC 7628 §3.2.2). A verify function returns
// one to have it sent; its condition is not-authorized.
type OAuthFailure struct {
	Status              string `json:"status"`                         // "invalid_token", "invalid_request", "insufficient_scope"
	Scope               string `json:"scope,omitempty"`                // the scope a token needs
	OpenIDConfiguration string `json:"openid-configuration,omitempty"` // https URL of the provider's metadata
}

func (f *OAuthFailure) Error() string { return "sasl: bearer token refused: " + f.Status }

// Unwrap returns ErrNotAuthorized.
func (f *OAuthFailure) Unwrap() error { return ErrNotAuthorized }

// NewOAuthBearerServer returns the server's side of OAUTHBEARER (RFC 7628). verify checks a bearer token and returns the
// user it stands for. An *OAuthFailure is told to the client as it is, and ErrNotAuthorized or ErrCredentialsExpired as
// status invalid_token; other errors end the exchange at once.
func NewOAuthBearerServer(verify func(token string) (user string, err error)) Exchange {
	return &oauthServer{step: oneStep{verify: func(message []byte) (Identity, []byte, error) {
		header, token, ok := parseOAuth(string(message))
		if !ok {
			return Identity{}, nil, because(ErrMalformed, "OAUTHBEARER message")
		}
		if header.flag == 'p' {
			return Identity{}, nil, because(ErrNotAuthorized, "OAUTHBEARER has no channel binding")
		}
		user, err := verify(token)
		if err != nil {
			return Identity{}, nil, err
		}
		if user == "" {
			return Identity{}, nil, errors.New("sasl: verify returned no user")
		}
		return Identity{Authcid: user, Authzid: header.authzid, Mechanism: OAuthBearer}, nil, nil
	}}}
}

// oauthServer adds to oneStep the error message in front of a failure (RFC 7628 §3.2.3).
type oauthServer struct {
	step    oneStep
	refused error
}

func (x *oauthServer) Identity() Identity { return x.step.id }

func (x *oauthServer) Next(response []byte) ([]byte, bool, error) {
	if err := x.refused; err != nil {
		// Whatever the client answers to the error message, the exchange fails now.
		x.refused = nil
		return nil, false, err
	}
	challenge, done, err := x.step.Next(response)
	failure, told := errors.AsType[*OAuthFailure](err)
	if !told {
		if !errors.Is(err, ErrNotAuthorized) && !errors.Is(err, ErrCredentialsExpired) {
			return challenge, done, err
		}
		failure = &OAuthFailure{Status: "invalid_token"}
	}
	message, jsonErr := json.Marshal(failure)
	if jsonErr != nil {
		return nil, false, jsonErr
	}
	x.refused = err
	return message, false, nil
}

// parseOAuth reads the client's message: RFC 7628 §3.1. Keys other than auth (host, port, extensions) are ignored.
func parseOAuth(message string) (header gs2, token string, ok bool) {
	header, rest, ok := parseGS2(message)
	if !ok || !strings.HasPrefix(rest, "\x01") || !strings.HasSuffix(rest, "\x01\x01") || len(rest) < 3 {
		return gs2{}, "", false
	}
	for pair := range strings.SplitSeq(rest[1:len(rest)-2], "\x01") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || !isOAuthPair(key, value) {
			return gs2{}, "", false
		}
		if key != "auth" {
			continue
		}
		scheme, t, ok := strings.Cut(value, " ")
		if !ok || token != "" || !strings.EqualFold(scheme, "Bearer") || !isBearerToken(t) {
			return gs2{}, "", false
		}
		token = t
	}
	return header, token, token != ""
}

// isOAuthPair is the kvpair production: key = 1*ALPHA, value = *(VCHAR / SP / HTAB / CR / LF).
func isOAuthPair(key, value string) bool {
	for i := range len(key) {
		if !isAlpha(key[i]) {
			return false
		}
	}
	for i := range len(value) {
		if c := value[i]; c > 0x7e || c < ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return key != ""
}

// isBearerToken is the b64token production of RFC 6750 §2.1.
func isBearerToken(s string) bool {
	s = strings.TrimRight(s, "=")
	for i := range len(s) {
		if c := s[i]; !isAlpha(c) && (c < '0' || c > '9') && strings.IndexByte("-._~+/", c) < 0 {
			return false
		}
	}
	return s != ""
}

// OAuthBearerClient is the client's side of OAUTHBEARER (RFC 7628).
type OAuthBearerClient struct {
	oneMessage
	failure *OAuthFailure
}

// NewOAuthBearerClient returns the client's side of OAUTHBEARER. authzid is the bare JID of the user, or empty. The
// error is ErrCredentials for a token that is not of the form of RFC 6750 §2.1.
func NewOAuthBearerClient(authzid, token string) (*OAuthBearerClient, error) {
	if !isText(authzid) || !isBearerToken(token) {
		return nil, because(ErrCredentials, "OAUTHBEARER")
	}
	message := "n," + gs2Authzid(authzid) + ",\x01auth=Bearer " + token + "\x01\x01"
	return &OAuthBearerClient{oneMessage: oneMessage{message: []byte(message), send: true}}, nil
}

// Next takes the server's error message and returns the answer RFC 7628 §3.2.3 asks for; the server then reports
// failure.
func (c *OAuthBearerClient) Next(challenge []byte) ([]byte, error) {
	if c.failure != nil {
		return nil, because(ErrProtocol, "a challenge out of turn")
	}
	c.failure = new(OAuthFailure)
	if err := json.Unmarshal(challenge, c.failure); err != nil {
		return nil, because(ErrProtocol, "not an OAUTHBEARER error message")
	}
	return []byte{0x01}, nil
}

// Done reports success out of turn, after an error message, as ErrProtocol.
func (c *OAuthBearerClient) Done(additional []byte) error {
	if c.failure != nil {
		return because(ErrProtocol, "success after an error message")
	}
	return c.oneMessage.Done(additional)
}

// Failure returns why the server refused the token, nil if it did not say.
func (c *OAuthBearerClient) Failure() *OAuthFailure { return c.failure }
