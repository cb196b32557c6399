package elem

import "github.com/stonechat-im/stonechat/xmlscan"

// DeclaredNS returns the default namespace that the element's own start tag declares; ok is false when it declares none.
// A stream header says so what its content is in (RFC 6120 §4.8.2).
func (e Elem) DeclaredNS() (ns string, ok bool) {
	if e.t == nil {
		return "", false
	}
	attrs := e.t.attrsOf(e.i)
	for i := range attrs {
		if a := &attrs[i]; a.NS == xmlscan.NSDecl && a.Prefix == 0 {
			return a.Value(e.t.raw), true
		}
	}
	return "", false
}

// Fits reports whether the element's bytes mean the same where the default namespace is outer and no prefix is declared:
// whether AppendTo would write them as they are. An absent element fits.
func (e Elem) Fits(outer string) bool {
	if e.t == nil {
		return true
	}
	if e.node().virtual {
		for c := e.First(); c.Ok(); c = c.Next() {
			if !c.Fits(outer) {
				return false
			}
		}
		return true
	}
	n := e.needs()
	return len(n.prefixes) == 0 && (!n.hasDef || e.t.space(n.def) == outer)
}
