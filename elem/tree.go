package elem

import (
	"unsafe"

	"github.com/stonechat-im/stonechat/xmlscan"
)

// Sizes of the tables inside a Tree; a typical stanza fits.
const (
	inlineNodes = 12
	inlineAttrs = 10
)

// node is one element. Nodes stand in document order, so the subtree of node
// i is i up to skip, and its attributes end where those of node i+1 begin.
type node struct {
	off     uint32 // '<' of the start tag
	body    uint32 // after the start tag
	bodyEnd uint32 // '<' of the end tag; body if the tag is empty
	end     uint32 // after the end tag
	skip    uint32 // node after the subtree; the parent while the element is open
	attr    uint32 // first attribute
	ns      xmlscan.NS
	nameLen uint16 // qualified name, at off+1
	prefix  uint16 // its prefix without the colon; 0 if none
	depth   uint16
	raw     bool // own text needs xmlscan.AppendText
	virtual bool // the parent of a fragment: no tags, no name
}

// Tree indexes one element, or a run of siblings, over its bytes. The bytes
// must not change while the Tree is in use. A Tree must not be copied: it
// points into itself.
type Tree struct {
	_     noCopy
	raw   []byte
	nodes []node
	attrs []xmlscan.Attr
	ctx   *xmlscan.Context
	// outer is the default namespace of the surroundings.
	outer string
	// prefixed says that some element has a prefix, or an attribute one other than xml.
	prefixed bool
	nodeArr  [inlineNodes]node
	attrArr  [inlineAttrs]xmlscan.Attr
}

// noCopy makes go vet report copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// Root returns the element, or the nameless parent of a fragment, or the
// absent Elem when the Tree is empty.
func (t *Tree) Root() Elem {
	if t == nil || len(t.nodes) == 0 {
		return Elem{}
	}
	return Elem{t, 0}
}

// Parse indexes b, one whole element in surroundings whose default namespace
// is outer; an XML declaration may precede it and white space may stand around
// it. Depth and attributes are limited as by xmlscan.DefaultLimits, the size
// is not. The Tree keeps b. Errors are *xmlscan.Error.
func Parse(b []byte, outer string) (*Tree, error) {
	t := new(Tree)
	if err := t.parse(b, outer, false); err != nil {
		return nil, err
	}
	return t, nil
}

// ParseFragment is like Parse for zero or more elements with nothing but
// white space between them. Root is their nameless parent.
func ParseFragment(b []byte, outer string) (*Tree, error) {
	t := new(Tree)
	if err := t.ParseFragmentInto(b, outer); err != nil {
		return nil, err
	}
	return t, nil
}

// ParseFragmentInto is ParseFragment into t, whose former content is
// forgotten. On error t is empty.
func (t *Tree) ParseFragmentInto(b []byte, outer string) error {
	return t.parse(b, outer, true)
}

func (t *Tree) parse(b []byte, outer string, fragment bool) error {
	s := scratches.Get().(*scratch)
	defer s.release()
	t.clear()
	if err := s.whole(b, fragment); err != nil {
		return err
	}
	t.fill(b, s)
	t.outer = outer
	return nil
}

func (t *Tree) clear() {
	t.raw, t.nodes, t.attrs, t.ctx, t.outer, t.prefixed = nil, nil, nil, nil, "", false
}

// fill takes the tables of s over; raw are the bytes they refer to.
func (t *Tree) fill(raw []byte, s *scratch) {
	t.raw = raw
	t.nodes = append(t.nodeArr[:0], s.nodes...)
	t.attrs = append(t.attrArr[:0], s.attrs...)
	t.prefixed = s.prefixed
	t.ctx, t.outer = s.ctx, s.ctx.Default
}

// str returns a view of n bytes at off.
func (t *Tree) str(off, n uint32) string {
	b := t.raw[off : off+n]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// space returns the namespace that ns stands for.
func (t *Tree) space(ns xmlscan.NS) string {
	switch {
	case ns >= 0:
		return t.attrs[ns].Value(t.raw)
	case ns == xmlscan.NSOuter:
		return t.outer
	}
	return t.ctx.URI(ns)
}

// attrsOf returns the attributes of node i, declarations included.
func (t *Tree) attrsOf(i int32) []xmlscan.Attr {
	first := t.nodes[i].attr
	if int(i)+1 < len(t.nodes) {
		return t.attrs[first:t.nodes[i+1].attr]
	}
	return t.attrs[first:]
}
