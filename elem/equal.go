package elem

import "bytes"

// Equal reports whether two elements mean the same: equal expanded names,
// attributes in any order, and equal text and children in order. Prefixes and
// the way of escaping do not matter; white space does. Absent elements equal
// each other only.
func (e Elem) Equal(o Elem) bool {
	if e.t == nil || o.t == nil {
		return e.t == o.t
	}
	if e.Local() != o.Local() || e.Space() != o.Space() || !e.sameAttrs(o) {
		return false
	}
	en, on := e.node(), o.node()
	ea, oa := en.body, on.body
	ec, oc := e.First(), o.First()
	for ec.Ok() && oc.Ok() {
		if !e.sameText(ea, ec.node().off, o, oa, oc.node().off) || !ec.Equal(oc) {
			return false
		}
		ea, oa = ec.node().end, oc.node().end
		ec, oc = ec.Next(), oc.Next()
	}
	return !ec.Ok() && !oc.Ok() && e.sameText(ea, en.bodyEnd, o, oa, on.bodyEnd)
}

func (e Elem) sameText(from, to uint32, o Elem, ofrom, oto uint32) bool {
	if !e.node().raw && !o.node().raw {
		return bytes.Equal(e.t.raw[from:to], o.t.raw[ofrom:oto])
	}
	return bytes.Equal(e.appendText(nil, from, to), o.appendText(nil, ofrom, oto))
}

// sameAttrs compares as sets: names are unique within an element.
func (e Elem) sameAttrs(o Elem) bool {
	count := 0
	for name, v := range e.Attrs() {
		if w, ok := o.LookupAttr(name.Space, name.Local); !ok || v != w {
			return false
		}
		count++
	}
	for range o.Attrs() {
		count--
	}
	return count == 0
}
