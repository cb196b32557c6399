package sasl

import "slices"

// NewExternalServer returns the server's side of EXTERNAL (RFC 4422 Appendix A) for a peer whose certificate was verified
// already. identities are the prepared identities it proves: bare JIDs of registered accounts for a client, domains for
// a server. prepare brings the authorization identity into the same form; nil leaves it as it is.
//
// XEP-0178#c2s: with no identity the answer is ErrNotAuthorized. An authorization identity must be among the
// identities, and may be absent only if there is just one; otherwise the answer is ErrInvalidAuthzid.
func NewExternalServer(identities []string, prepare func(authzid string) (string, error)) Exchange {
	return &oneStep{verify: func(message []byte) (Identity, []byte, error) {
		asked := string(message)
		switch {
		case !isText(asked):
			return Identity{}, nil, because(ErrMalformed, "EXTERNAL message")
		case len(identities) == 0:
			return Identity{}, nil, because(ErrNotAuthorized, "the certificate names nobody known here")
		case asked == "" && len(identities) == 1:
			return Identity{Authcid: identities[0], Mechanism: External}, nil, nil
		case asked == "":
			return Identity{}, nil, because(ErrInvalidAuthzid, "the certificate names several identities")
		}
		id := asked
		if prepare != nil {
			var err error
			if id, err = prepare(asked); err != nil {
				return Identity{}, nil, because(ErrInvalidAuthzid, "not an address")
			}
		}
		if !slices.Contains(identities, id) {
			return Identity{}, nil, because(ErrInvalidAuthzid, "the certificate does not name it")
		}
		return Identity{Authcid: id, Authzid: asked, Mechanism: External}, nil, nil
	}}
}

// NewExternalClient returns the client's side of EXTERNAL. authzid is the bare JID (or domain) to act as; empty unless
// the certificate names several or none (XEP-0178#c2s).
func NewExternalClient(authzid string) (Client, error) {
	if !isText(authzid) {
		return nil, because(ErrCredentials, "authorization identity")
	}
	return &oneMessage{message: []byte(authzid), send: true}, nil
}
