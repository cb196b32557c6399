package elem

import (
	"strconv"
	"unicode/utf8"
)

// inlineDepth is how many open elements a Writer tracks without allocation.
const inlineDepth = 8

// Writer appends XML to a byte slice and declares a default namespace where
// it changes; it never uses prefixes but xml. Whatever the values, the output
// is well-formed: what XML cannot hold becomes U+FFFD. Names, and that an
// attribute comes once, are the caller's duty. Calls out of order panic. The
// zero Writer writes into a new slice without outer namespace.
type Writer struct {
	buf   []byte
	outer string
	tag   bool // the start tag still takes attributes
	depth int
	stack [inlineDepth]level
	more  []level // beyond inlineDepth
}

// level is an open element.
type level struct{ space, local string }

// NewWriter returns a Writer that appends to dst, where the default namespace
// is outer.
func NewWriter(dst []byte, outer string) *Writer {
	w := new(Writer)
	w.Reset(dst, outer)
	return w
}

// Reset makes w append to dst, where the default namespace is outer.
func (w *Writer) Reset(dst []byte, outer string) {
	w.buf, w.outer, w.tag, w.depth, w.more = dst, outer, false, 0, w.more[:0]
}

// Bytes returns the slice written to so far.
func (w *Writer) Bytes() []byte { return w.buf }

// space returns the default namespace at hand.
func (w *Writer) space() string {
	switch {
	case w.depth == 0:
		return w.outer
	case w.depth <= inlineDepth:
		return w.stack[w.depth-1].space
	}
	return w.more[w.depth-inlineDepth-1].space
}

// Start opens an element; space "" is no namespace.
func (w *Writer) Start(space, local string) {
	w.closeTag()
	w.buf = append(append(w.buf, '<'), local...)
	if space != w.space() {
		w.buf = appendDecl(w.buf, "", space)
	}
	if w.depth < inlineDepth {
		w.stack[w.depth] = level{space, local}
	} else {
		w.more = append(w.more, level{space, local})
	}
	w.depth++
	w.tag = true
}

// Attr writes an attribute of the element just started.
func (w *Writer) Attr(local, value string) {
	if !w.tag {
		panic("elem: attribute outside of a start tag")
	}
	w.buf = append(append(append(w.buf, ' '), local...), "='"...)
	w.buf = append(AppendAttr(w.buf, value), '\'')
}

// OptAttr is Attr unless value is empty.
func (w *Writer) OptAttr(local, value string) {
	if value != "" {
		w.Attr(local, value)
	}
}

// IntAttr writes an attribute with a decimal value.
func (w *Writer) IntAttr(local string, v int64) {
	var digits [20]byte
	w.Attr(local, string(strconv.AppendInt(digits[:0], v, 10)))
}

// Lang writes xml:lang unless v is empty.
func (w *Writer) Lang(v string) { w.OptAttr("xml:lang", v) }

// Text writes character data.
func (w *Writer) Text(s string) {
	if s != "" {
		w.closeTag()
		w.buf = AppendText(w.buf, s)
	}
}

// End closes the innermost element.
func (w *Writer) End() {
	if w.depth == 0 {
		panic("elem: End without Start")
	}
	w.depth--
	var top level
	if w.depth < inlineDepth {
		top = w.stack[w.depth]
	} else {
		top = w.more[len(w.more)-1]
		w.more = w.more[:len(w.more)-1]
	}
	if w.tag {
		w.buf = append(w.buf, "/>"...)
		w.tag = false
		return
	}
	w.buf = append(append(append(w.buf, "</"...), top.local...), '>')
}

// Elem writes an element with text and no attributes.
func (w *Writer) Elem(space, local, text string) {
	w.Start(space, local)
	w.Text(text)
	w.End()
}

// Copy writes e with Elem.AppendTo.
func (w *Writer) Copy(e Elem) {
	if e.Ok() {
		w.closeTag()
		w.buf = e.AppendTo(w.buf, w.space())
	}
}

// Raw writes b as it is: elements that the caller knows to mean the same here.
func (w *Writer) Raw(b []byte) {
	if len(b) > 0 {
		w.closeTag()
		w.buf = append(w.buf, b...)
	}
}

func (w *Writer) closeTag() {
	if w.tag {
		w.buf = append(w.buf, '>')
		w.tag = false
	}
}

// Declaration appends the XML declaration (RFC 6120 §11.5).
func Declaration(dst []byte) []byte { return append(dst, "<?xml version='1.0'?>"...) }

// How AppendText and AppendAttr treat an ASCII byte.
const (
	plain = iota
	both
	attrOnly
)

var special = func() (t [utf8.RuneSelf]uint8) {
	for c := range 0x20 {
		t[c] = both
	}
	for _, c := range "&<>" {
		t[c] = both
	}
	for _, c := range "'\"\t\n" {
		t[c] = attrOnly
	}
	return t
}()

// AppendText appends s to dst as character data. What XML cannot hold
// (controls, bytes that are not UTF-8) becomes U+FFFD.
func AppendText(dst []byte, s string) []byte { return appendEscaped(dst, s, both) }

// AppendAttr appends s to dst as an attribute value within quotes of either
// kind. What XML cannot hold becomes U+FFFD.
func AppendAttr(dst []byte, s string) []byte { return appendEscaped(dst, s, attrOnly) }

// appendEscaped escapes the bytes of classes up to upTo.
func appendEscaped(dst []byte, s string, upTo uint8) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		n := 1
		var repl string
		if c >= utf8.RuneSelf {
			var r rune
			r, n = utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 || r == 0xFFFE || r == 0xFFFF {
				repl = "\uFFFD"
			}
		} else if k := special[c]; k != plain && k <= upTo {
			repl = escape(c)
		}
		if repl != "" {
			dst = append(append(dst, s[from:i]...), repl...)
			from = i + n
		}
		i += n
	}
	return append(dst, s[from:]...)
}

func escape(c byte) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '\'':
		return "&apos;"
	case '"':
		return "&quot;"
	case '\t':
		return "&#9;"
	case '\n':
		return "&#10;"
	case '\r': // a literal one would become LF (XML §2.11)
		return "&#13;"
	}
	return "\uFFFD"
}
