package jid

// Part names the piece of an address that an [Error] is about.
type Part uint8

// The parts of an address.
const (
	PartLocal Part = iota + 1
	PartDomain
	PartResource
	PartURI // the frame of an xmpp: URI, outside the addresses in it
)

// String returns the name RFC 7622 has for the part, for example "localpart".
func (p Part) String() string {
	switch p {
	case PartLocal:
		return "localpart"
	case PartDomain:
		return "domainpart"
	case PartResource:
		return "resourcepart"
	case PartURI:
		return "URI"
	}
	return "address"
}

// Reason says what is wrong with a part.
type Reason uint8

// The reasons for which a part is refused.
const (
	Empty      Reason = iota + 1 // nothing there, or nothing left after mapping
	TooLong                      // over 1023 bytes, or over the limits of the DNS
	NotUTF8                      // the bytes are not UTF-8
	Disallowed                   // a character or sequence the profile of the part does not allow
	Unstable                     // four rounds of normalisation do not settle (RFC 8264 §7)
	Unexpected                   // the part is there and must not be: a resource in a bare address
	BadScheme                    // a URI that does not begin with "xmpp:"
	BadEscape                    // a percent sign without two hexadecimal digits
)

// String returns the reason in words.
func (r Reason) String() string {
	switch r {
	case Empty:
		return "is empty"
	case TooLong:
		return "is too long"
	case NotUTF8:
		return "is not UTF-8"
	case Disallowed:
		return "has something disallowed"
	case Unstable:
		return "does not normalise"
	case Unexpected:
		return "must be absent"
	case BadScheme:
		return "has a scheme other than xmpp"
	case BadEscape:
		return "has a malformed percent-encoding"
	}
	return "is invalid"
}

// Error is why an address is refused. It is comparable: to ask for one cause,
// use errors.Is(err, jid.Error{Part: jid.PartDomain, Reason: jid.Empty}). It does not
// quote the input, which may be hostile and long.
type Error struct {
	Part   Part
	Reason Reason
}

// Error returns for example "jid: domainpart is empty".
func (e Error) Error() string {
	return "jid: " + e.Part.String() + " " + e.Reason.String()
}
