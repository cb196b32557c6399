package elem

import (
	"github.com/stonechat-im/stonechat/xmlscan"
)

// needs is what the bytes of an element take from outside of it.
type needs struct {
	def      xmlscan.NS
	hasDef   bool         // an unprefixed element name uses the outer default namespace
	prefixes []xmlscan.NS // bindings of the prefixes used
}

// needs goes through the subtree of e. Attributes stand in document order, so
// a declaration is outside of e if its index is below that of e's first.
func (e Elem) needs() (out needs) {
	n := e.node()
	own := xmlscan.NS(n.attr)
	if !e.t.prefixed {
		// Without prefixes an own declaration settles it, and without one the
		// element's own name shows what it takes from outside.
		if !n.virtual {
			out.def, out.hasDef = n.ns, n.ns < own
		}
		return out
	}
	for i := uint32(e.i); i < n.skip; i++ {
		d := &e.t.nodes[i]
		switch {
		case d.virtual || d.ns >= own:
		case d.prefix == 0:
			out.def, out.hasDef = d.ns, true
		default:
			out.prefix(d.ns)
		}
		for _, a := range e.t.attrsOf(int32(i)) {
			if a.Prefix > 0 && a.NS < own {
				out.prefix(a.NS)
			}
		}
	}
	return out
}

func (n *needs) prefix(ns xmlscan.NS) {
	if ns == xmlscan.NSXML || ns == xmlscan.NSDecl {
		return
	}
	for _, have := range n.prefixes {
		if have == ns {
			return
		}
	}
	n.prefixes = append(n.prefixes, ns)
}

// SelfContained reports whether the element's bytes mean the same anywhere:
// they use no prefix declared outside of it, and no inherited default
// namespace. An absent element does.
func (e Elem) SelfContained() bool {
	if e.t == nil {
		return true
	}
	if e.node().virtual {
		for c := e.First(); c.Ok(); c = c.Next() {
			if !c.SelfContained() {
				return false
			}
		}
		return true
	}
	n := e.needs()
	return !n.hasDef && len(n.prefixes) == 0
}

// AppendTo appends the element to dst so that it means the same where the
// default namespace is outer and no prefix is declared. The bytes are those
// received; declarations that it inherited are added to its start tag when
// they are needed there. Signatures and the like below the start tag survive.
// Of a fragment it appends all elements, without what stands between them.
func (e Elem) AppendTo(dst []byte, outer string) []byte {
	if e.t == nil {
		return dst
	}
	n := e.node()
	if n.virtual {
		for c := e.First(); c.Ok(); c = c.Next() {
			dst = c.AppendTo(dst, outer)
		}
		return dst
	}
	need := e.needs()
	nameEnd := n.off + 1 + uint32(n.nameLen)
	dst = append(dst, e.t.raw[n.off:nameEnd]...)
	if need.hasDef {
		if space := e.t.space(need.def); space != outer {
			dst = appendDecl(dst, "", space)
		}
	}
	for _, ns := range need.prefixes {
		dst = appendDecl(dst, e.t.prefixOf(ns), e.t.space(ns))
	}
	return append(dst, e.t.raw[nameEnd:n.end]...)
}

// prefixOf returns the prefix that the declaration ns binds.
func (t *Tree) prefixOf(ns xmlscan.NS) string {
	if ns < 0 {
		return t.ctx.Prefix(ns)
	}
	return t.localName(&t.attrs[ns])
}

func appendDecl(dst []byte, prefix, uri string) []byte {
	dst = append(dst, " xmlns"...)
	if prefix != "" {
		dst = append(append(dst, ':'), prefix...)
	}
	dst = append(dst, "='"...)
	return append(AppendAttr(dst, uri), '\'')
}
