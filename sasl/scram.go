package sasl

import (
	"crypto"
	"encoding/base64"
	"slices"
	"strings"
)

// b64 is the base64 of RFC 5802 §2.1: canonical, no whitespace.
var b64 = base64.StdEncoding.Strict()

// gs2 is the GS2 header that opens a client-first-message (RFC 5802 §7) and an OAUTHBEARER message.
type gs2 struct {
	flag    byte // 'n', 'y' or 'p'
	binding BindingType
	authzid string
	raw     string // the header as received, with its last comma
}

// parseGS2 splits a GS2 header from the rest of message.
func parseGS2(message string) (h gs2, rest string, ok bool) {
	flag, rest, ok := strings.Cut(message, ",")
	if !ok || flag == "" {
		return gs2{}, "", false
	}
	h.flag = flag[0]
	switch {
	case flag == "n", flag == "y":
	case strings.HasPrefix(flag, "p=") && isBindingName(flag[2:]):
		h.binding = BindingType(flag[2:])
	default:
		return gs2{}, "", false
	}
	authzid, rest, ok := strings.Cut(rest, ",")
	if !ok {
		return gs2{}, "", false
	}
	if authzid != "" {
		if !strings.HasPrefix(authzid, "a=") {
			return gs2{}, "", false
		}
		if h.authzid, ok = unescapeName(authzid[2:]); !ok {
			return gs2{}, "", false
		}
	}
	h.raw = message[:len(message)-len(rest)]
	return h, rest, true
}

// isBindingName is the cb-name production of RFC 5802 §7.
func isBindingName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !isAlpha(c) && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return s != ""
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// escapeName writes a name as saslname: RFC 5802 §5.1, attribute n.
func escapeName(name string) string {
	if !strings.ContainsAny(name, "=,") {
		return name
	}
	return strings.NewReplacer("=", "=3D", ",", "=2C").Replace(name)
}

// unescapeName reads a saslname. A comma, or a '=' that opens neither =2C nor =3D, makes ok false.
func unescapeName(s string) (name string, ok bool) {
	if s == "" || !isText(s) || strings.IndexByte(s, ',') >= 0 {
		return "", false
	}
	if strings.IndexByte(s, '=') < 0 {
		return s, true
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "=")
		b.WriteString(before)
		switch {
		case !found:
			return b.String(), true
		case strings.HasPrefix(after, "2C"):
			b.WriteByte(',')
		case strings.HasPrefix(after, "3D"):
			b.WriteByte('=')
		default:
			return "", false
		}
		s = after[2:]
	}
}

// attributes reads the attr-val list of a SCRAM message (RFC 5802 §7) from left to right.
type attributes struct {
	rest string
	end  bool // nothing is left
}

// next takes one attribute off the list.
func (a *attributes) next() (name byte, value string, ok bool) {
	if a.end {
		return 0, "", false
	}
	attr, rest, more := strings.Cut(a.rest, ",")
	a.rest, a.end = rest, !more
	if len(attr) < 3 || !isAlpha(attr[0]) || attr[1] != '=' {
		return 0, "", false
	}
	return attr[0], attr[2:], true
}

// expect takes the attribute that must come now: the order is fixed (RFC 5802 §5.1).
func (a *attributes) expect(name byte) (value string, ok bool) {
	got, value, ok := a.next()
	return value, ok && got == name
}

// extensions reads what is left and returns the value of the extension named wanted, empty if it is absent. Unknown
// extensions are ignored. The attributes RFC 5802 defines, among them the mandatory extension m, have no place there.
func (a *attributes) extensions(wanted byte) (value string, ok bool) {
	for !a.end {
		name, v, ok := a.next()
		if !ok || strings.IndexByte("anmrcsipve", name) >= 0 {
			return "", false
		}
		if name == wanted {
			if value != "" {
				return "", false
			}
			value = v
		}
	}
	return value, true
}

// isNonce is the printable production of RFC 5802 §7.
func isNonce(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x21 || c > 0x7e || c == ',' {
			return false
		}
	}
	return s != ""
}

// channelBinding is the value of attribute c: base64 of the GS2 header and the binding's data.
func channelBinding(header string, data []byte) string {
	return b64.EncodeToString(append([]byte(header), data...))
}

// offerHash is the value of attribute h, which signs what the server offered (XEP-0474#hash). types are the binding
// types advertised by XEP-0440, none if it was not used.
func offerHash(h crypto.Hash, mechanisms []Mechanism, types []BindingType) string {
	s := appendSorted(make([]byte, 0, 256), mechanisms)
	if len(types) > 0 {
		s = appendSorted(append(s, 0x1f), types)
	}
	return b64.EncodeToString(digest(h, s))
}

// appendSorted appends the names in the order of their octets (i;octet), joined by 0x1e.
func appendSorted[S ~string](to []byte, names []S) []byte {
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	for i, name := range sorted {
		if i > 0 {
			to = append(to, 0x1e)
		}
		to = append(to, name...)
	}
	return to
}
