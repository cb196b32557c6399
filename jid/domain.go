package jid

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
)

// Limits of the DNS (RFC 1034 §3.1), for the form in A-labels and without the final dot.
const (
	maxLabel = 63
	maxName  = 253
)

// idn maps case, width and normal form (RFC 5895) and checks IDNA2008 as UTS #46 does:
// hyphens, joiners, the Bidi Rule, the lengths of the DNS.
var idn = idna.New(
	idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true), idna.Transitional(false))

// uLabel is the derived property of RFC 5892, which is stricter than UTS #46 on symbols
// and has the CONTEXTO rules. On text that idn has mapped, the IdentifierClass of PRECIS
// allows exactly the same characters beyond ASCII (RFC 8264 §4.2).
var uLabel = precis.NewIdentifier()

// PrepareDomain brings a domain to normal form: IDNA2008 with A-labels turned into
// U-labels, in lower case and without a final dot (RFC 7622 §3.2), within the limits of
// the DNS; an IPv4 address; or an IPv6 address in brackets, in the form of RFC 5952.
func PrepareDomain(s string) (string, error) {
	s, f, err := domainForm(s)
	if f == capital {
		s = strings.ToLower(s)
	}
	return s, err
}

func domainForm(s string) (string, form, error) {
	name, dot := strings.CutSuffix(s, ".")
	if f, ok := asciiDomain(name); ok {
		if dot && f == normal {
			f = mapped
		}
		return name, f, nil
	}
	t, err := domainSlow(s)
	return t, mapped, err
}

// asciiDomain reports whether s consists of NR-LDH labels and is within the limits, so
// that at most its capitals need work.
func asciiDomain(s string) (f form, ok bool) {
	capitals, ok := scan(s, inDomain)
	if !ok || len(s) > maxName {
		return normal, false
	}
	if capitals {
		f = capital
	}
	start := 0
	for i := range len(s) {
		if s[i] == '.' {
			if !isLDH(s[start:i]) {
				return normal, false
			}
			start = i + 1
		}
	}
	return f, isLDH(s[start:])
}

// isLDH reports whether a label of the right characters is an NR-LDH label.
func isLDH(label string) bool {
	n := len(label)
	// RFC 5890 §2.3.1: "--" in third place marks an A-label or one reserved for the future.
	return n > 0 && n <= maxLabel && label[0] != '-' && label[n-1] != '-' &&
		!(n > 3 && label[2] == '-' && label[3] == '-')
}

// domainSlow prepares what asciiDomain does not know.
func domainSlow(s string) (string, error) {
	switch {
	case len(s) > maxPart: // more than any 253 characters of the DNS stand for
		return "", Error{PartDomain, TooLong}
	case !utf8.ValidString(s):
		return "", Error{PartDomain, NotUTF8}
	case strings.HasPrefix(s, "["):
		return ipLiteral(s)
	}
	// RFC 7622 §3.2: the final dot goes before any other step. IDNA knows four dots.
	if r, n := utf8.DecodeLastRuneInString(s); strings.ContainsRune(".。．｡", r) {
		s = s[:len(s)-n]
	}
	if s == "" {
		return "", Error{PartDomain, Empty}
	}
	u, err := idn.ToUnicode(s)
	switch {
	case err != nil:
		return "", Error{PartDomain, Disallowed}
	case tooLong(u):
		return "", Error{PartDomain, TooLong}
	case !isULabels(u):
		return "", Error{PartDomain, Disallowed}
	}
	return u, nil
}

// tooLong reports whether a mapped domain is over the limits of the DNS. Counting
// characters first keeps long labels from punycode, which is quadratic.
func tooLong(u string) bool {
	if utf8.RuneCountInString(u) > maxName {
		return true
	}
	for label := range strings.SplitSeq(u, ".") {
		if utf8.RuneCountInString(label) > maxLabel {
			return true
		}
	}
	_, err := idn.ToASCII(u)
	return err != nil
}

// isULabels reports whether every label of a mapped domain is an NR-LDH label or a
// U-label by RFC 5892.
func isULabels(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		for i := range len(label) {
			if label[i] < utf8.RuneSelf && classes[label[i]]&(inDomain|isCapital) != inDomain {
				return false
			}
		}
		if t, err := uLabel.String(label); err != nil || t != label || label == "" {
			return false
		}
	}
	return true
}

// ipLiteral prepares an IPv6 address in brackets. A zone (RFC 6874) stays as written; the
// literals "reserved for future use" by RFC 3986 §3.2.2 are refused.
func ipLiteral(s string) (string, error) {
	refused := Error{PartDomain, Disallowed}
	body, ok := strings.CutSuffix(s[1:], "]")
	if !ok {
		return "", refused
	}
	body, zone, hasZone := strings.Cut(body, "%25")
	ip, err := netip.ParseAddr(body)
	if err != nil || !ip.Is6() || ip.Zone() != "" {
		return "", refused
	}
	if !hasZone {
		return "[" + ip.String() + "]", nil
	}
	for i := range len(zone) {
		if !unreserved(zone[i]) {
			return "", refused
		}
	}
	switch n := len(ip.String()) + len("[%25]") + len(zone); {
	case zone == "":
		return "", refused
	case n > maxPart:
		return "", Error{PartDomain, TooLong}
	}
	return "[" + ip.String() + "%25" + zone + "]", nil
}

// unreserved reports whether RFC 3986 §2.3 allows c anywhere in a URI.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}
