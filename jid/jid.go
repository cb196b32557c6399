package jid

import "strings"

// JID is any address: bare or full. The zero value is no address.
type JID struct {
	s     string // normal form
	at    uint16 // index of the '@' behind the local part; 0 = no local part
	slash uint16 // index of the '/' before the resource; 0 = no resource
}

// Bare is an address without a resource: an account, a room, a server. The zero value is
// no address. A Bare without local part is a domain address.
type Bare struct{ bare JID }

// Full is an address with a resource: one session of an account, one occupant of a room.
// The zero value is no address.
type Full struct{ full JID }

// The field names of Bare and Full differ on purpose: with equal ones the language would
// allow to convert one type into the other.

// Local returns the local part, "" when there is none.
func (j JID) Local() string { return j.s[:j.at] }

// Domain returns the domain part in U-labels, or the IP literal.
func (j JID) Domain() string {
	s := j.s
	if j.slash != 0 {
		s = s[:j.slash]
	}
	if j.at != 0 {
		s = s[j.at+1:]
	}
	return s
}

// Resource returns the resource part, "" when there is none.
func (j JID) Resource() string {
	if j.slash == 0 {
		return ""
	}
	return j.s[j.slash+1:]
}

// Bare returns the address without its resource.
func (j JID) Bare() Bare {
	if j.slash == 0 {
		return Bare{j}
	}
	return Bare{JID{s: j.s[:j.slash], at: j.at}}
}

// Full returns the address as a Full; false when it has no resource.
func (j JID) Full() (Full, bool) {
	if j.slash == 0 {
		return Full{}, false
	}
	return Full{j}, true
}

// IsBare reports whether j is an address without resource.
func (j JID) IsBare() bool { return j.s != "" && j.slash == 0 }

// IsFull reports whether j has a resource.
func (j JID) IsFull() bool { return j.slash != 0 }

// IsZero reports whether j is the zero value.
func (j JID) IsZero() bool { return j.s == "" }

// String returns the normal form, "" for the zero value.
func (j JID) String() string { return j.s }

// Clone returns j with memory of its own, for values kept longer than their input.
func (j JID) Clone() JID {
	j.s = strings.Clone(j.s)
	return j
}

// WithResource returns j with r in place of its resource. Errors are as for
// [PrepareResource]; a zero j has no domain to hold the resource, which is an error too.
func (j JID) WithResource(r string) (JID, error) {
	f, err := j.Bare().WithResource(r)
	return f.full, err
}

// Compare orders addresses by the bytes of their normal form: the order of
// strings.Compare and of a binary collation in SQL. It fits slices.SortFunc as
// jid.JID.Compare.
func (j JID) Compare(k JID) int { return strings.Compare(j.s, k.s) }

// Local returns the local part, "" when there is none.
func (b Bare) Local() string { return b.bare.Local() }

// Domain returns the domain part in U-labels, or the IP literal.
func (b Bare) Domain() string { return b.bare.s[b.domainAt():] }

func (b Bare) domainAt() int {
	if b.bare.at == 0 {
		return 0
	}
	return int(b.bare.at) + 1
}

// JID returns b as the general type.
func (b Bare) JID() JID { return b.bare }

// String returns the normal form, "" for the zero value.
func (b Bare) String() string { return b.bare.s }

// IsZero reports whether b is the zero value.
func (b Bare) IsZero() bool { return b.bare.s == "" }

// IsDomain reports whether b is a domain alone, without local part.
func (b Bare) IsDomain() bool { return b.bare.s != "" && b.bare.at == 0 }

// DomainBare returns the address of b's domain.
func (b Bare) DomainBare() Bare { return Bare{JID{s: b.Domain()}} }

// WithResource returns the full address of resource r at b. Errors are as for
// [PrepareResource]; a zero b has no domain to hold the resource, which is an error too.
func (b Bare) WithResource(r string) (Full, error) {
	if b.IsZero() {
		return Full{}, Error{PartDomain, Empty}
	}
	r, err := PrepareResource(r)
	if err != nil {
		return Full{}, err
	}
	s := b.bare.s
	return Full{JID{s: s + "/" + r, at: b.bare.at, slash: uint16(len(s))}}, nil
}

// Clone returns b with memory of its own, for values kept longer than their input.
func (b Bare) Clone() Bare { return Bare{b.bare.Clone()} }

// Compare orders bare addresses as [JID.Compare] does.
func (b Bare) Compare(c Bare) int { return b.bare.Compare(c.bare) }

// Local returns the local part, "" when there is none.
func (f Full) Local() string { return f.full.Local() }

// Domain returns the domain part in U-labels, or the IP literal.
func (f Full) Domain() string { return f.full.Domain() }

// Resource returns the resource part; only the zero value has none.
func (f Full) Resource() string { return f.full.Resource() }

// Bare returns the address without its resource.
func (f Full) Bare() Bare { return f.full.Bare() }

// JID returns f as the general type.
func (f Full) JID() JID { return f.full }

// String returns the normal form, "" for the zero value.
func (f Full) String() string { return f.full.s }

// IsZero reports whether f is the zero value.
func (f Full) IsZero() bool { return f.full.s == "" }

// Clone returns f with memory of its own, for values kept longer than their input.
func (f Full) Clone() Full { return Full{f.full.Clone()} }

// Compare orders full addresses as [JID.Compare] does.
func (f Full) Compare(g Full) int { return f.full.Compare(g.full) }
