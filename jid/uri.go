package jid

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// URI is an xmpp: URI or IRI (RFC 5122):
// xmpp://authority/target?action;key=value;...#fragment. Texts are decoded.
type URI struct {
	Authority Bare    // account to act as, not whom to talk to; rarely present (§2.3)
	Target    JID     // whom the URI is about; zero only when there is an Authority
	Action    string  // query type, such as "join" or "message"; "" = none (§2.5)
	Params    []Param // pairs of the query, in order
	Fragment  string  // §2.6
}

// Param is one key=value pair of a [URI].
type Param struct{ Key, Value string }

// Param returns the value of the first pair with the given key.
func (u URI) Param(key string) (value string, ok bool) {
	i := slices.IndexFunc(u.Params, func(p Param) bool { return p.Key == key })
	if i < 0 {
		return "", false
	}
	return u.Params[i].Value, true
}

// ParseURI reads an xmpp: URI or IRI and brings its addresses to normal form. Characters
// that should be percent-encoded but cannot be mistaken are let through. Errors are of
// type [Error]. What to do with an unknown action or key: ignore it (RFC 5122 §2.5).
func ParseURI(s string) (URI, error) {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || !strings.EqualFold(scheme, "xmpp") {
		return URI{}, Error{PartURI, BadScheme}
	}
	var u URI
	var err error
	rest, fragment, _ := strings.Cut(rest, "#")
	if u.Fragment, err = unpercent(fragment); err != nil {
		return URI{}, err
	}
	path, query, _ := strings.Cut(rest, "?")
	if u.Action, u.Params, err = parseQuery(query); err != nil {
		return URI{}, err
	}
	hasPath := true
	if auth, ok := strings.CutPrefix(path, "//"); ok {
		auth, path, hasPath = strings.Cut(auth, "/")
		// §2.2: iauthxmpp = inodeid "@" ihost
		if strings.IndexByte(auth, '@') < 0 {
			return URI{}, Error{PartLocal, Empty}
		}
		a, err := parsePath(auth)
		if err != nil {
			return URI{}, err
		}
		u.Authority = Bare{a}
	}
	if hasPath {
		if u.Target, err = parsePath(path); err != nil {
			return URI{}, err
		}
	}
	return u, nil
}

// parsePath reads [local@]host[/resource]. The cuts come before the decoding: an encoded
// '@' or '/' is no separator (RFC 5122 §2.7.2).
func parsePath(s string) (JID, error) {
	rest, resource, hasResource := strings.Cut(s, "/")
	local, domain, hasLocal := strings.Cut(rest, "@")
	if !hasLocal {
		local, domain = "", rest
	}
	var err error
	if local, err = unpercent(local); err != nil {
		return JID{}, err
	}
	// The zone of an IP literal is introduced by "%25" in a JID too (RFC 6874).
	if !strings.HasPrefix(domain, "[") {
		if domain, err = unpercent(domain); err != nil {
			return JID{}, err
		}
	}
	if resource, err = unpercent(resource); err != nil {
		return JID{}, err
	}
	switch {
	case hasLocal && local == "":
		return JID{}, Error{PartLocal, Empty}
	case hasResource && resource == "":
		return JID{}, Error{PartResource, Empty}
	}
	return New(local, domain, resource)
}

// parseQuery reads action;key=value;... Pairs without a key and a value are skipped.
func parseQuery(s string) (action string, params []Param, err error) {
	raw, rest, more := strings.Cut(s, ";")
	if action, err = unpercent(raw); err != nil {
		return "", nil, err
	}
	for more {
		raw, rest, more = strings.Cut(rest, ";")
		if raw == "" {
			continue
		}
		var p Param
		key, value, _ := strings.Cut(raw, "=")
		if p.Key, err = unpercent(key); err != nil {
			return "", nil, err
		}
		if p.Value, err = unpercent(value); err != nil {
			return "", nil, err
		}
		params = append(params, p)
	}
	return action, params, nil
}

// String returns the URI in ASCII: everything else is percent-encoded UTF-8.
func (u URI) String() string { return u.format(false) }

// IRI returns the URI as an IRI, for people to read: characters beyond ASCII stand for
// themselves (RFC 5122 §2.7.1).
func (u URI) IRI() string { return u.format(true) }

// The characters that stand for themselves besides the unreserved ones (RFC 5122 §3.3;
// for the fragment RFC 3986 §3.5).
const (
	localAllow    = "!$()*+,;="
	resourceAllow = "!$&'()*+,:;="
	fragmentAllow = "!$&'()*+,;=:@/?"
)

func (u URI) format(iri bool) string {
	b := []byte("xmpp:")
	if !u.Authority.IsZero() {
		b = append(b, "//"...)
		b = appendPath(b, u.Authority.bare, iri)
		if !u.Target.IsZero() {
			b = append(b, '/')
		}
	}
	b = appendPath(b, u.Target, iri)
	if u.Action != "" || len(u.Params) > 0 {
		b = append(b, '?')
		b = appendPercent(b, u.Action, "", iri)
		for _, p := range u.Params {
			b = append(b, ';')
			b = appendPercent(b, p.Key, "", iri)
			b = append(b, '=')
			b = appendPercent(b, p.Value, "", iri)
		}
	}
	if u.Fragment != "" {
		b = append(b, '#')
		b = appendPercent(b, u.Fragment, fragmentAllow, iri)
	}
	return string(b)
}

func appendPath(b []byte, j JID, iri bool) []byte {
	if local := j.Local(); local != "" {
		b = appendPercent(b, local, localAllow, iri)
		b = append(b, '@')
	}
	if domain := j.Domain(); strings.HasPrefix(domain, "[") {
		b = append(b, domain...)
	} else {
		b = appendPercent(b, domain, "", iri)
	}
	if resource := j.Resource(); resource != "" {
		b = append(b, '/')
		b = appendPercent(b, resource, resourceAllow, iri)
	}
	return b
}

// appendPercent appends s with all but the unreserved and the allowed characters
// percent-encoded; in an IRI also the characters beyond ASCII stay.
func appendPercent(b []byte, s, allow string, iri bool) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if unreserved(c) || iri && c >= utf8.RuneSelf || strings.IndexByte(allow, c) >= 0 {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

// unpercent decodes percent-encoding. The result is UTF-8.
func unpercent(s string) (string, error) {
	if strings.IndexByte(s, '%') >= 0 {
		b := make([]byte, 0, len(s))
		for i := 0; i < len(s); i++ {
			c := s[i]
			if c == '%' {
				if i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
					return "", Error{PartURI, BadEscape}
				}
				c = byte(unhex(s[i+1])<<4 | unhex(s[i+2]))
				i += 2
			}
			b = append(b, c)
		}
		s = string(b)
	}
	if !utf8.ValidString(s) {
		return "", Error{PartURI, NotUTF8}
	}
	return s, nil
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
