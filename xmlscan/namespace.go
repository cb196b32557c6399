package xmlscan

import (
	"bytes"
	"strings"
	"unsafe"
)

// NS says which namespace a name is in. A value from 0 on is the index in
// Attrs of the declaration that applies; others stand for what needs none.
type NS int32

// Namespaces without a declaration in the buffer. Values below NSDecl stand
// for prefixes of the Context, see Context.URI.
const (
	NSOuter NS = -1 // default namespace of the surroundings
	NSNone  NS = -2 // attribute without prefix
	NSXML   NS = -3 // prefix xml
	NSDecl  NS = -4 // the attribute is a namespace declaration
)

// Namespace names of the two prefixes that are always bound.
const (
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsSpace = "http://www.w3.org/2000/xmlns/"
)

// binding is a declaration in scope.
type binding struct {
	prefix uint32
	len    uint16 // 0 for the default namespace
	ns     NS     // index of the declaration
}

// Context is what an open stream lends to its elements: the namespaces of its
// header. Immutable, so scanners and trees share it.
type Context struct {
	// Default is the default namespace; "" is none.
	Default  string
	root     string // qualified name of the open stream element; "" if there is none
	prefixes []prefix
}

type prefix struct{ name, uri string }

// noContext is the empty one, for documents. Never written.
var noContext Context

// NewContext returns the surroundings of a fragment: a default namespace and
// no prefix.
func NewContext(def string) *Context { return &Context{Default: def} }

// URI returns the namespace that ns < 0 stands for.
func (c *Context) URI(ns NS) string {
	switch {
	case ns == NSOuter:
		return c.Default
	case ns == NSXML:
		return xmlSpace
	case ns == NSDecl:
		return xmlnsSpace
	case ns < NSDecl:
		return c.prefixes[NSDecl-1-ns].uri
	}
	return ""
}

// Prefix returns the prefix that ns < NSDecl stands for.
func (c *Context) Prefix(ns NS) string { return c.prefixes[NSDecl-1-ns].name }

// Open makes the element whose start tag was just found, at depth 1, the open
// stream: what follows are its children, at depth 0, until Close. The bytes
// of the tag are no longer needed. The Context holds copies of its names.
func (s *Scanner) Open(buf []byte) *Context {
	root := s.tag
	ctx := &Context{
		Default: strings.Clone(s.Space(buf, s.def)),
		root:    string(buf[root.name:][:root.len]),
	}
	for _, b := range s.binds {
		if b.len > 0 {
			name := string(buf[b.prefix:][:b.len])
			ctx.prefixes = append(ctx.prefixes, prefix{name, strings.Clone(s.Space(buf, b.ns))})
		}
	}
	s.ctx = ctx
	s.stack, s.binds, s.def = s.stack[:0], s.binds[:0], NSOuter
	s.phase, s.top = atTop, s.pos
	return ctx
}

// Space returns the namespace that ns stands for in the current top-level
// element. The string may share memory with buf.
func (s *Scanner) Space(buf []byte, ns NS) string {
	if ns < 0 {
		return s.ctx.URI(ns)
	}
	return s.attrs[ns].Value(buf)
}

// Value returns the value of a: a view of buf, or a new string if a is Raw.
func (a *Attr) Value(buf []byte) string {
	v := buf[a.Val:][:a.ValLen]
	if a.Raw {
		v = AppendValue(nil, v)
	}
	return unsafe.String(unsafe.SliceData(v), len(v))
}

// addAttr enters the attribute whose name ends at s.pos. XML §3.1: unique.
func (s *Scanner) addAttr(buf []byte) *Error {
	if len(s.attrs)-s.attr0 >= s.lim.MaxAttrs {
		return s.fail(TooBig, s.name, "attributes over MaxAttrs")
	}
	name := buf[s.name:s.pos]
	tag := s.attrs[s.attr0:]
	for i := range tag {
		a := &tag[i]
		if int(a.Len) == len(name) && bytes.Equal(buf[a.Name:][:a.Len], name) {
			return s.fail(NotWellFormed, s.name, "attribute twice")
		}
	}
	a := Attr{Name: uint32(s.name), Len: uint16(len(name)), Prefix: uint16(s.prefixLen()), NS: NSNone}
	switch {
	case a.Prefix > 0 && string(name[:a.Prefix]) == "xmlns", a.Prefix == 0 && string(name) == "xmlns":
		a.NS = NSDecl
	case a.Prefix > 0:
		s.prefixed++
	}
	s.attrs = append(s.attrs, a)
	return nil
}

// declare brings declaration i into scope. Namespaces in XML §2.2, §3.
func (s *Scanner) declare(buf []byte, i int) *Error {
	a := &s.attrs[i]
	if len(s.binds) >= s.lim.MaxNames {
		return s.fail(TooBig, int(a.Name), "declarations over MaxNames")
	}
	b := binding{ns: NS(i)}
	if a.Prefix > 0 {
		b.prefix, b.len = a.Name+uint32(len("xmlns:")), a.Len-uint16(len("xmlns:"))
	} else {
		s.def = NS(i)
	}
	uri := a.Value(buf)
	name := buf[b.prefix:][:b.len]
	switch {
	case string(name) == "xmlns", (string(name) == "xml") != (uri == xmlSpace), uri == xmlnsSpace:
		return s.fail(NotWellFormed, int(a.Name), "reserved prefix or namespace")
	case b.len > 0 && uri == "":
		return s.fail(NotWellFormed, int(a.Name), "prefix bound to nothing")
	}
	s.binds = append(s.binds, b)
	return nil
}

// resolve finds the namespaces of the tag at hand, which has prefixes. It
// returns that of the element, and whether it or an attribute has a foreign prefix.
func (s *Scanner) resolve(buf []byte) (ns NS, foreign bool, err *Error) {
	ns = s.def
	if s.prefix > 0 {
		if ns, err = s.lookup(buf, int(s.tag.name), s.prefix); err != nil {
			return 0, false, err
		}
		foreign = true
	}
	if s.prefixed == 0 {
		return ns, foreign, nil
	}
	tag := s.attrs[s.attr0:]
	for i := range tag {
		a := &tag[i]
		if a.Prefix == 0 || a.NS == NSDecl {
			continue
		}
		if a.NS, err = s.lookup(buf, int(a.Name), int(a.Prefix)); err != nil {
			return 0, false, err
		}
		foreign = foreign || a.NS != NSXML
		// Two prefixes may stand for one namespace: Namespaces in XML §6.3.
		for j := range tag[:i] {
			if b := &tag[j]; b.Prefix > 0 && b.NS != NSDecl && s.sameName(buf, a, b) {
				return 0, false, s.fail(NotWellFormed, int(a.Name), "attribute twice")
			}
		}
	}
	return ns, foreign, nil
}

// lookup finds the namespace of the prefix at off.
func (s *Scanner) lookup(buf []byte, off, n int) (NS, *Error) {
	name := buf[off : off+n]
	if string(name) == "xml" {
		return NSXML, nil
	}
	for i := len(s.binds) - 1; i >= 0; i-- {
		b := &s.binds[i]
		if int(b.len) == n && bytes.Equal(buf[b.prefix:][:n], name) {
			return b.ns, nil
		}
	}
	for i := range s.ctx.prefixes {
		if s.ctx.prefixes[i].name == string(name) {
			return NSDecl - 1 - NS(i), nil
		}
	}
	return 0, s.fail(NotWellFormed, off, "undeclared prefix")
}

// sameName compares the expanded names of two attributes with prefixes.
func (s *Scanner) sameName(buf []byte, a, b *Attr) bool {
	la, lb := a.Len-a.Prefix, b.Len-b.Prefix
	return la == lb && bytes.Equal(buf[a.Name+uint32(a.Prefix):][:la], buf[b.Name+uint32(b.Prefix):][:lb]) &&
		(a.NS == b.NS || s.Space(buf, a.NS) == s.Space(buf, b.NS))
}
