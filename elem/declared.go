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
