package jid

import "strings"

// Parse reads an address and brings it to normal form. What is already in normal form and
// ASCII does not allocate and shares memory with s. Errors are of type [Error].
func Parse(s string) (JID, error) {
	// RFC 7622 §3.2: first cut the resource, then the local part, and both before any
	// mapping, which can produce '@' and '/' from other characters (§3.1).
	domain, resource, local := s, "", ""
	if i := strings.IndexByte(domain, '/'); i >= 0 {
		if domain, resource = s[:i], s[i+1:]; resource == "" {
			return JID{}, Error{PartResource, Empty}
		}
	}
	if i := strings.IndexByte(domain, '@'); i >= 0 {
		if local, domain = domain[:i], domain[i+1:]; local == "" {
			return JID{}, Error{PartLocal, Empty}
		}
	}
	return build(s, local, domain, resource)
}

// ParseBare reads an address that has no resource.
func ParseBare(s string) (Bare, error) {
	if strings.IndexByte(s, '/') >= 0 {
		return Bare{}, Error{PartResource, Unexpected}
	}
	j, err := Parse(s)
	return Bare{j}, err
}

// ParseFull reads an address that has a resource.
func ParseFull(s string) (Full, error) {
	j, err := Parse(s)
	if err == nil && j.slash == 0 {
		return Full{}, Error{PartResource, Empty}
	}
	return Full{j}, err
}

// MustParse is [Parse] for addresses known to be valid. It panics on an error.
func MustParse(s string) JID { return must(Parse(s)) }

// MustBare is [ParseBare] for addresses known to be valid. It panics on an error.
func MustBare(s string) Bare { return must(ParseBare(s)) }

// MustFull is [ParseFull] for addresses known to be valid. It panics on an error.
func MustFull(s string) Full { return must(ParseFull(s)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// New makes an address of its parts, each brought to normal form. An empty local or
// resource part is left out.
func New(local, domain, resource string) (JID, error) {
	return build("", local, domain, resource)
}

// NewBare makes a bare address of its parts. An empty local part is left out.
func NewBare(local, domain string) (Bare, error) {
	j, err := build("", local, domain, "")
	return Bare{j}, err
}

// Domain makes the address of a domain.
func Domain(domain string) (Bare, error) {
	j, err := build(domain, "", domain, "")
	return Bare{j}, err
}

// build assembles an address. src is the string the parts were cut from, used as it is
// when no part needs a change; "" when there is none. An empty local or resource is
// absent.
func build(src, local, domain, resource string) (JID, error) {
	var l, r form
	if local != "" {
		var err error
		if local, l, err = localForm(local); err != nil {
			return JID{}, err
		}
	}
	domain, d, err := domainForm(domain)
	if err != nil {
		return JID{}, err
	}
	if resource != "" {
		if resource, r, err = resourceForm(resource); err != nil {
			return JID{}, err
		}
	}
	var j JID
	n := len(domain)
	if local != "" {
		j.at = uint16(len(local))
		n += len(local) + 1
	}
	if resource != "" {
		j.slash = uint16(n)
		n += len(resource) + 1
	}
	if src != "" && l == normal && d == normal && r == normal {
		j.s = src
		return j, nil
	}
	var b strings.Builder
	b.Grow(n)
	if local != "" {
		write(&b, local, l)
		b.WriteByte('@')
	}
	write(&b, domain, d)
	if resource != "" {
		b.WriteByte('/')
		b.WriteString(resource)
	}
	j.s = b.String()
	return j, nil
}

// write appends a part, with its capitals made small if it still needs that.
func write(b *strings.Builder, s string, f form) {
	if f != capital {
		b.WriteString(s)
		return
	}
	for i := range len(s) {
		c := s[i]
		if classes[c]&isCapital != 0 {
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
}
