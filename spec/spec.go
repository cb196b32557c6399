// Package spec is the metadata type with which code says what specification it carries out. The compliance table, the
// DOAP file and service answers are generated from these values.
package spec

import "fmt"

// Status says how much of a specification is there.
type Status uint8

const (
	Partial  Status = iota // some of it; Note says what is missing
	Complete               // all that applies to a server or client, proved by transcripts
)

func (s Status) String() string {
	if s == Complete {
		return "complete"
	}
	return "partial"
}

// Spec names one specification and what we do of it. Either RFC or XEP is set.
type Spec struct {
	RFC     int    // number of an RFC
	XEP     int    // number of an XMPP Extension Protocol
	Version string // version of the XEP that was read
	Status  Status
	Since   string // version of Stonechat that had it first
	Note    string // what is missing, or worth knowing
}

// Name is the usual short name: "RFC 6120", "XEP-0191".
func (s Spec) Name() string {
	if s.RFC != 0 {
		return fmt.Sprintf("RFC %d", s.RFC)
	}
	return fmt.Sprintf("XEP-%04d", s.XEP)
}
