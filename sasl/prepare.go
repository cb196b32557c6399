package sasl

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/bidirule"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// userProfile is UsernameCaseMapped (RFC 8265 §3.3) without its directionality rule, which x/text would apply to
// every string; the profile wants it for strings with right-to-left characters alone.
var userProfile = precis.NewIdentifier(precis.FoldWidth, precis.LowerCase(), precis.Norm(norm.NFC))

// prepareUser applies UsernameCaseMapped (RFC 8265 §3.3), the profile of an XMPP localpart, which replaces the SASLprep
// of RFC 5802 §5.1 and RFC 4616 §2. ok is false for a name the profile refuses.
func prepareUser(name string) (prepared string, ok bool) {
	if name == "" || !utf8.ValidString(name) {
		return "", false
	}
	plain := true
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c >= 0x7f || 'A' <= c && c <= 'Z' {
			plain = false
			break
		}
	}
	if plain {
		return name, true
	}
	// RFC 8265 §5: apply the rules until the result is stable, three more times at most.
	for range 4 {
		prepared, err := userProfile.String(name)
		if err != nil || prepared == "" {
			return "", false
		}
		if prepared == name {
			return name, bidirule.DirectionString(name) != bidi.RightToLeft || bidirule.ValidString(name)
		}
		name = prepared
	}
	return "", false
}

// preparePassword applies OpaqueString (RFC 8265 §4.2), which replaces SASLprep: printable ASCII stays as it is, other
// spaces become SPACE, the rest goes to NFC. ok is false for an empty password and for one with forbidden characters.
// The two differ only for compatibility characters (RFC 8265 §6.2), where SASLprep would apply NFKC.
func preparePassword(password string) (prepared string, ok bool) {
	if password == "" || !utf8.ValidString(password) {
		return "", false
	}
	plain := true
	for i := range len(password) {
		if c := password[i]; c < ' ' || c >= 0x7f {
			plain = false
			break
		}
	}
	if plain {
		return password, true
	}
	prepared, err := precis.OpaqueString.String(password)
	return prepared, err == nil && prepared != ""
}

// isText reports whether s is UTF-8 without NUL, which every message and field here must be.
func isText(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}
