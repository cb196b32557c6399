package elem

import (
	"sync"

	"github.com/stonechat-im/stonechat/xmlscan"
)

// scratch is what it takes to build a tree. Pooled: only an element in
// progress holds one.
type scratch struct {
	scan     xmlscan.Scanner
	ctx      *xmlscan.Context
	tok      xmlscan.Token
	nodes    []node
	attrs    []xmlscan.Attr // the scanner's
	open     int32          // innermost open node, or -1
	prefixed bool
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// Tables that grew past these sizes are left to the garbage collector.
const (
	keepNodes = 1024
	keepAttrs = 2048
)

func (s *scratch) release() {
	if cap(s.nodes) > keepNodes || cap(s.attrs) > keepAttrs {
		return
	}
	s.attrs, s.ctx = nil, nil
	scratches.Put(s)
}

// begin makes s ready for one element.
func (s *scratch) begin(ctx *xmlscan.Context, lim xmlscan.Limits) {
	s.scan.Reset(ctx, lim)
	if ctx == nil {
		ctx = siblings
	}
	s.ctx = ctx
	s.nodes, s.attrs = s.nodes[:0], nil
	s.open, s.prefixed = -1, false
}

// next scans on until a top-level event: Start of an element at the top when
// header is set, Empty or End of a complete element, Decl, Close, or More.
func (s *scratch) next(buf []byte, header bool) (xmlscan.Type, error) {
	for {
		if err := s.scan.Next(buf, &s.tok); err != nil {
			return xmlscan.More, err
		}
		switch typ := s.tok.Type; typ {
		case xmlscan.Start, xmlscan.Empty:
			s.start()
			if s.open < 0 || header {
				s.attrs = s.scan.Attrs()
				return typ, nil
			}
		case xmlscan.End:
			s.end()
			if s.open < 0 {
				s.attrs = s.scan.Attrs()
				return typ, nil
			}
		case xmlscan.Text:
			if s.tok.Raw {
				s.nodes[s.open].raw = true
			}
		default:
			return typ, nil
		}
	}
}

// start enters the element of the tag just scanned.
func (s *scratch) start() {
	t := &s.tok
	i := int32(len(s.nodes))
	n := node{
		off: t.Off, body: t.End, bodyEnd: t.End, end: t.End,
		skip: uint32(i + 1), attr: t.Attr, ns: t.NS, nameLen: t.NameLen, prefix: t.Prefix,
	}
	if s.open >= 0 {
		n.depth = s.nodes[s.open].depth + 1
	}
	s.prefixed = s.prefixed || t.Foreign
	if t.Type == xmlscan.Start {
		n.skip = uint32(s.open) // the parent, until the end
		s.open = i
	}
	s.nodes = append(s.nodes, n)
}

// end closes the innermost element.
func (s *scratch) end() {
	n := &s.nodes[s.open]
	n.bodyEnd, n.end = s.tok.Off, s.tok.End
	parent := int32(n.skip)
	n.skip = uint32(len(s.nodes))
	s.open = parent
}

// siblings is the context of fragments: none, but past the place where an XML
// declaration may stand.
var siblings = xmlscan.NewContext("")

// whole builds the tree of all of b.
func (s *scratch) whole(b []byte, fragment bool) error {
	lim := xmlscan.Limits{MaxBytes: len(b)}
	if fragment {
		s.begin(siblings, lim)
		s.scan.Keep()
		s.nodes = append(s.nodes, node{bodyEnd: uint32(len(b)), end: uint32(len(b)), virtual: true})
		s.open = 0
	} else {
		s.begin(nil, lim)
	}
	elements := 0
	for {
		typ, err := s.next(b, false)
		switch {
		case err != nil:
			return err
		case typ == xmlscan.Decl:
			continue
		case typ != xmlscan.More:
			if elements++; elements > 1 {
				return wrong(b, "more than one element")
			}
			continue
		case !s.scan.Idle():
			return wrong(b, "element incomplete")
		case !fragment && elements == 0:
			return wrong(b, "no element")
		}
		break
	}
	if fragment {
		s.nodes[0].skip = uint32(len(s.nodes))
		s.attrs = s.scan.Attrs()
	}
	return nil
}

func wrong(b []byte, reason string) error {
	return &xmlscan.Error{Kind: xmlscan.NotWellFormed, Offset: len(b), Reason: reason}
}
