package elem

import (
	"iter"
	"unsafe"

	"github.com/stonechat-im/stonechat/xmlscan"
)

// Name is an expanded name: a namespace, "" for none, and a local name.
type Name struct{ Space, Local string }

// Elem is an element of a Tree. The zero Elem is absent: it has no name, no
// content and no relatives. Strings are views of the Tree's bytes unless the
// source has references, CDATA or CR in that place.
type Elem struct {
	t *Tree
	i int32
}

func (e Elem) node() *node { return &e.t.nodes[e.i] }

// Ok reports whether the element is there.
func (e Elem) Ok() bool { return e.t != nil }

// Name returns the expanded name.
func (e Elem) Name() Name { return Name{e.Space(), e.Local()} }

// Space returns the namespace.
func (e Elem) Space() string {
	if e.t == nil || e.node().virtual {
		return ""
	}
	return e.t.space(e.node().ns)
}

// Local returns the name without prefix.
func (e Elem) Local() string {
	if e.t == nil || e.node().virtual {
		return ""
	}
	n := e.node()
	if n.prefix == 0 {
		return e.t.str(n.off+1, uint32(n.nameLen))
	}
	return e.t.str(n.off+2+uint32(n.prefix), uint32(n.nameLen-n.prefix-1))
}

// Prefix returns the prefix of the name as received, "" if there is none.
func (e Elem) Prefix() string {
	if e.t == nil {
		return ""
	}
	return e.t.str(e.node().off+1, uint32(e.node().prefix))
}

// Is reports whether the element is there and has this name.
func (e Elem) Is(space, local string) bool {
	return e.t != nil && e.Local() == local && !e.node().virtual && e.Space() == space
}

// Attr returns the attribute without prefix of that name, "" if there is none.
func (e Elem) Attr(local string) string {
	if e.t == nil {
		return ""
	}
	attrs := e.t.attrsOf(e.i)
	for i := range attrs {
		a := &attrs[i]
		if int(a.Len) == len(local) && a.NS == xmlscan.NSNone && e.t.str(a.Name, uint32(a.Len)) == local {
			return a.Value(e.t.raw)
		}
	}
	return ""
}

// LookupAttr returns the attribute of that expanded name; space "" means an
// attribute without prefix. Declarations are no attributes.
func (e Elem) LookupAttr(space, local string) (string, bool) {
	if e.t == nil {
		return "", false
	}
	attrs := e.t.attrsOf(e.i)
	for i := range attrs {
		a := &attrs[i]
		if a.NS != xmlscan.NSDecl && e.t.localName(a) == local && e.t.space(a.NS) == space {
			return a.Value(e.t.raw), true
		}
	}
	return "", false
}

func (t *Tree) localName(a *xmlscan.Attr) string {
	if a.Prefix == 0 {
		return t.str(a.Name, uint32(a.Len))
	}
	return t.str(a.Name+uint32(a.Prefix)+1, uint32(a.Len-a.Prefix-1))
}

// Attrs goes through the attributes in document order, without declarations.
func (e Elem) Attrs() iter.Seq2[Name, string] {
	return func(yield func(Name, string) bool) {
		if e.t == nil {
			return
		}
		attrs := e.t.attrsOf(e.i)
		for i := range attrs {
			a := &attrs[i]
			if a.NS == xmlscan.NSDecl {
				continue
			}
			if !yield(Name{e.t.space(a.NS), e.t.localName(a)}, a.Value(e.t.raw)) {
				return
			}
		}
	}
}

// Lang returns the element's own xml:lang, "" if it has none.
func (e Elem) Lang() string {
	if e.t == nil {
		return ""
	}
	attrs := e.t.attrsOf(e.i)
	for i := range attrs {
		if a := &attrs[i]; a.NS == xmlscan.NSXML && e.t.localName(a) == "lang" {
			return a.Value(e.t.raw)
		}
	}
	return ""
}

// First returns the first child.
func (e Elem) First() Elem {
	if e.t == nil || e.node().skip == uint32(e.i)+1 {
		return Elem{}
	}
	return Elem{e.t, e.i + 1}
}

// Next returns the next sibling.
func (e Elem) Next() Elem {
	if e.t == nil {
		return Elem{}
	}
	n := e.node()
	if int(n.skip) < len(e.t.nodes) && e.t.nodes[n.skip].depth == n.depth {
		return Elem{e.t, int32(n.skip)}
	}
	return Elem{}
}

// Children goes through the child elements.
func (e Elem) Children() iter.Seq[Elem] {
	return func(yield func(Elem) bool) {
		for c := e.First(); c.Ok(); c = c.Next() {
			if !yield(c) {
				return
			}
		}
	}
}

// Child returns the first child of that name.
func (e Elem) Child(space, local string) Elem {
	for c := e.First(); c.Ok(); c = c.Next() {
		if c.Is(space, local) {
			return c
		}
	}
	return Elem{}
}

// ChildText returns the text of the first child of that name.
func (e Elem) ChildText(space, local string) string { return e.Child(space, local).Text() }

// Text returns the element's own character data, with references and CDATA
// resolved, without that of its children.
func (e Elem) Text() string {
	if e.t == nil || e.node().virtual {
		return ""
	}
	n := e.node()
	first := e.First()
	if !first.Ok() && !n.raw {
		return e.t.str(n.body, n.bodyEnd-n.body)
	}
	var out []byte
	at := n.body
	for c := first; c.Ok(); c = c.Next() {
		out = e.appendText(out, at, c.node().off)
		at = c.node().end
	}
	out = e.appendText(out, at, n.bodyEnd)
	return unsafe.String(unsafe.SliceData(out), len(out))
}

// appendText appends the meaning of the character data from one offset to another.
func (e Elem) appendText(dst []byte, from, to uint32) []byte {
	if e.node().raw {
		return xmlscan.AppendText(dst, e.t.raw[from:to])
	}
	return append(dst, e.t.raw[from:to]...)
}

// Raw returns the element's bytes as received. They must not be changed.
func (e Elem) Raw() []byte {
	if e.t == nil {
		return nil
	}
	n := e.node()
	return e.t.raw[n.off:n.end:n.end]
}

// Inner returns the bytes between the tags as received. They must not be changed.
func (e Elem) Inner() []byte {
	if e.t == nil {
		return nil
	}
	n := e.node()
	return e.t.raw[n.body:n.bodyEnd:n.bodyEnd]
}
