package jid

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/bidirule"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// maxPart is the most bytes a part has in normal form (RFC 7622 §3.1).
const maxPart = 1023

// maxRaw is the most bytes of a part that are looked at. Mapping shrinks text to a quarter
// at most (mathematical letters in nicknames), so more cannot come out valid.
const maxRaw = 4 * maxPart

// form says what a part still needs.
type form uint8

const (
	normal  form = iota // nothing: it is as it came
	capital             // ASCII letters to be made small
	mapped              // nothing, but it is no longer what came
)

// class holds what an ASCII character may do, one bit per role.
type class uint8

const (
	inLocal    class = 1 << iota // allowed in a local part
	inDomain                     // allowed in a domain: the characters of labels, and the dot
	inResource                   // allowed in a resource
	isCapital                    // must become small in local part and domain
)

var classes = func() (t [256]class) {
	for c := byte(' '); c <= '~'; c++ {
		t[c] = inResource
		// The ASCII of the IdentifierClass is "!" to "~" (RFC 8264 §9.11), without the
		// characters RFC 7622 §3.3.1 excludes.
		if c != ' ' && strings.IndexByte(`"&'/:<>@`, c) < 0 {
			t[c] |= inLocal
		}
		switch {
		case 'A' <= c && c <= 'Z':
			t[c] |= inDomain | isCapital
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '.':
			t[c] |= inDomain
		}
	}
	return t
}()

// scan reports whether s is ASCII that is allowed in the given role, and whether it has
// capitals. Non-ASCII characters have no class.
func scan(s string, role class) (capitals, ok bool) {
	any, all := class(0), role
	for i := range len(s) {
		c := classes[s[i]]
		any |= c
		all &= c
	}
	return any&isCapital != 0, all != 0
}

// PrepareLocal brings a local part to normal form: UsernameCaseMapped (RFC 8265 §3.3)
// without the characters RFC 7622 §3.3.1 excludes, 1 to 1023 bytes.
func PrepareLocal(s string) (string, error) {
	s, f, err := localForm(s)
	if f == capital {
		s = strings.ToLower(s)
	}
	return s, err
}

// userProfile is UsernameCaseMapped (RFC 8265 §3.3) without its directionality rule, which x/text would apply to every string;
// the profile wants it for strings with right-to-left characters alone (§3.3.1 rule 5).
var userProfile = precis.NewIdentifier(precis.FoldWidth, precis.LowerCase(), precis.Norm(norm.NFC))

func localForm(s string) (string, form, error) {
	if capitals, ok := scan(s, inLocal); ok && s != "" && len(s) <= maxPart {
		if capitals {
			return s, capital, nil
		}
		return s, normal, nil
	}
	s, err := enforce(PartLocal, userProfile, s)
	if err != nil {
		return "", normal, err
	}
	if bidirule.DirectionString(s) == bidi.RightToLeft && !bidirule.ValidString(s) {
		return "", normal, Error{PartLocal, Disallowed}
	}
	for i := range len(s) {
		// Width mapping can produce the excluded characters.
		if s[i] < utf8.RuneSelf && classes[s[i]]&inLocal == 0 {
			return "", normal, Error{PartLocal, Disallowed}
		}
	}
	return s, mapped, nil
}

// PrepareResource brings a resource to normal form: OpaqueString (RFC 8265 §4.2), 1 to
// 1023 bytes. Case is kept. A leading space is refused (RFC 7622 §3.5, example 18).
func PrepareResource(s string) (string, error) {
	s, _, err := resourceForm(s)
	return s, err
}

func resourceForm(s string) (string, form, error) {
	f := normal
	if _, ok := scan(s, inResource); !ok || s == "" || len(s) > maxPart {
		var err error
		if s, err = enforce(PartResource, precis.OpaqueString, s); err != nil {
			return "", normal, err
		}
		f = mapped
	}
	if s[0] == ' ' {
		return "", normal, Error{PartResource, Disallowed}
	}
	return s, f, nil
}

// Nick brings the nickname of a room occupant to normal form: the Nickname profile
// (RFC 8266 §2.3), which trims and joins spaces and maps compatibility characters, and
// the rules for resources, since the nickname is the resource of the occupant's address.
// Case is kept. Errors name the resource part.
func Nick(s string) (string, error) {
	if _, ok := scan(s, inResource); ok && s != "" && len(s) <= maxPart &&
		s[0] != ' ' && s[len(s)-1] != ' ' && !strings.Contains(s, "  ") {
		return s, nil
	}
	// NFKC can make text eleven times longer; what is too long then is not worth the rounds.
	if len(s) > maxRaw || len(norm.NFKC.String(s)) > maxRaw {
		return "", Error{PartResource, TooLong}
	}
	s, err := enforce(PartResource, precis.Nickname, s)
	if err != nil {
		return "", err
	}
	nick, err := PrepareResource(s)
	if err == nil && nick != s {
		return "", Error{PartResource, Unstable}
	}
	return nick, err
}

// enforce applies a PRECIS profile and the length limits.
func enforce(part Part, p *precis.Profile, s string) (string, error) {
	switch {
	case s == "":
		return "", Error{part, Empty}
	case len(s) > maxRaw:
		return "", Error{part, TooLong}
	case !utf8.ValidString(s):
		return "", Error{part, NotUTF8}
	}
	// RFC 8264 §7: the rules may not be idempotent; they get three more rounds to settle.
	for range 4 {
		t, err := p.String(s)
		switch {
		case t == "" && (err == nil || isSpace(s)):
			return "", Error{part, Empty}
		case err != nil:
			return "", Error{part, Disallowed}
		case t == s && len(t) > maxPart:
			return "", Error{part, TooLong}
		case t == s:
			return t, nil
		}
		s = t
	}
	return "", Error{part, Unstable}
}

// isSpace reports whether s is nothing but spaces, which the Nickname profile trims away.
func isSpace(s string) bool { return strings.TrimSpace(s) == "" }
