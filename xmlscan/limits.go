package xmlscan

import (
	"fmt"
	"math"
)

// Limits bound what one top-level element may cost. A zero field means the
// default of DefaultLimits.
type Limits struct {
	MaxBytes int // bytes of one top-level element or stream header; at most 1 GiB
	MaxDepth int // nested elements, the top-level element included; at most 65534
	MaxAttrs int // attributes of one element, declarations included; uniqueness costs their square
	MaxNames int // namespace declarations in scope at once
	MaxTag   int // bytes of one tag, from '<' to '>'; at most 65535
}

// DefaultLimits returns the limits that stand in for zero fields: 256 KiB per
// element (RFC 6120 §13.12 asks for no less than 10000 bytes), depth 100,
// 64 attributes, 64 declarations in scope, 65535 bytes per tag.
func DefaultLimits() Limits {
	return Limits{MaxBytes: 256 << 10, MaxDepth: 100, MaxAttrs: 64, MaxNames: 64, MaxTag: math.MaxUint16}
}

// maxDepth keeps a depth, and one more for a virtual parent, within 16 bits.
const maxDepth = math.MaxUint16 - 1

func (l Limits) filled() Limits {
	def := DefaultLimits()
	fill := func(v *int, d, most int) {
		if *v <= 0 {
			*v = d
		}
		*v = min(*v, most)
	}
	fill(&l.MaxBytes, def.MaxBytes, 1<<30) // sums of offsets fit 32 bits
	fill(&l.MaxDepth, def.MaxDepth, maxDepth)
	fill(&l.MaxAttrs, def.MaxAttrs, math.MaxUint16)
	fill(&l.MaxNames, def.MaxNames, math.MaxUint16)
	fill(&l.MaxTag, def.MaxTag, math.MaxUint16) // names and values have 16-bit lengths
	return l
}

// Kind says which stream error (RFC 6120 §4.9.3) an Error calls for.
type Kind uint8

// The kinds of error. A prefix that XMPP forbids although XML allows it
// (bad-namespace-prefix) is for the stream layer to judge.
const (
	NotWellFormed Kind = iota + 1 // not-well-formed: breaks XML or Namespaces in XML
	Restricted                    // restricted-xml: comment, PI, DTD, entity (RFC 6120 §11.1)
	Encoding                      // unsupported-encoding: not UTF-8 (RFC 6120 §11.6)
	TooBig                        // policy-violation: over one of the Limits
	BadFormat                     // bad-format: character data between first-level elements (RFC 6120 §11.7)
)

// String returns the name of the stream error condition (RFC 6120 §4.9.3).
func (k Kind) String() string {
	switch k {
	case NotWellFormed:
		return "not-well-formed"
	case Restricted:
		return "restricted-xml"
	case Encoding:
		return "unsupported-encoding"
	case TooBig:
		return "policy-violation"
	case BadFormat:
		return "bad-format"
	}
	return "undefined-condition"
}

// Error is the reason why input was refused. A stream cannot go on after it.
type Error struct {
	Kind   Kind
	Offset int    // byte offset in the buffer given to the call that failed
	Reason string // for logs; constant text, never part of the input
}

func (e *Error) Error() string {
	return fmt.Sprintf("xml: %s at byte %d: %s", e.Kind, e.Offset, e.Reason)
}
