package xmlscan

import (
	"bytes"
	"unicode/utf8"
)

// maxRef bounds a reference from '&' to ';'. The longest useful one is
// "&#x10FFFF;"; the rest is room for leading zeros.
const maxRef = 16

// reference reads the reference at b[0] == '&'. n is its length, or 0 when b
// ends within it; bad is 0 or the kind of error.
func reference(b []byte) (r rune, n int, bad Kind) {
	view := b[:min(len(b), maxRef)]
	semi := bytes.IndexByte(view, ';')
	if len(b) > 1 && b[1] == '#' {
		if semi >= 0 {
			return charRef(view[2:semi], semi+1)
		}
		return 0, 0, unfinished(view[2:], len(b), refByte, TooBig)
	}
	if semi < 0 {
		return 0, 0, unfinished(view[1:], len(b), entityByte, Restricted)
	}
	switch string(view[1:semi]) { // XML §4.6
	case "lt":
		return '<', 4, 0
	case "gt":
		return '>', 4, 0
	case "amp":
		return '&', 5, 0
	case "quot":
		return '"', 6, 0
	case "apos":
		return '\'', 6, 0
	}
	if semi == 1 || entityEnd(view[1:semi]) {
		return 0, 0, NotWellFormed
	}
	return 0, 0, Restricted // RFC 6120 §11.1: an entity that is not predefined
}

// unfinished judges a reference whose ';' is not among the first maxRef bytes:
// an error as soon as a byte cannot belong to it, else over when it is too long.
func unfinished(body []byte, have int, ok func(byte) bool, over Kind) Kind {
	for _, c := range body {
		if !ok(c) {
			return NotWellFormed
		}
	}
	if have >= maxRef {
		return over
	}
	return 0
}

func refByte(c byte) bool {
	return c == 'x' || c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func entityByte(c byte) bool {
	return class[c]&nameByte != 0 || c == ':' || c >= utf8.RuneSelf
}

// entityEnd reports whether a byte of body cannot stand in an entity's name.
func entityEnd(body []byte) bool {
	for _, c := range body {
		if !entityByte(c) {
			return true
		}
	}
	return false
}

// charRef reads the digits of a character reference (XML §4.1); n is the
// length of the whole reference.
func charRef(digits []byte, n int) (rune, int, Kind) {
	base := rune(10)
	if len(digits) > 0 && digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	if len(digits) == 0 {
		return 0, 0, NotWellFormed
	}
	var r rune
	for _, c := range digits {
		d := rune(16)
		switch {
		case c >= '0' && c <= '9':
			d = rune(c - '0')
		case c >= 'a' && c <= 'f':
			d = rune(c-'a') + 10
		case c >= 'A' && c <= 'F':
			d = rune(c-'A') + 10
		}
		if d >= base {
			return 0, 0, NotWellFormed
		}
		if r = r*base + d; r > utf8.MaxRune {
			return 0, 0, NotWellFormed
		}
	}
	if !isChar(r) {
		return 0, 0, NotWellFormed
	}
	return r, n, 0
}

const (
	cdataOpen  = "<![CDATA["
	cdataClose = "]]>"
)

// AppendText appends to dst what scanned character data means: references and
// CDATA sections resolved, line ends normalised (XML §2.11). src must have
// been accepted by a Scanner.
func AppendText(dst, src []byte) []byte {
	for len(src) > 0 {
		i := bytes.IndexAny(src, "&<\r")
		if i < 0 {
			break
		}
		dst, src = append(dst, src[:i]...), src[i:]
		switch src[0] {
		case '&':
			dst, src = appendReference(dst, src)
		case '\r':
			dst, src = append(dst, '\n'), afterCR(src)
		case '<':
			body := src[len(cdataOpen):]
			end := bytes.Index(body, []byte(cdataClose))
			dst, src = appendLines(dst, body[:end]), body[end+len(cdataClose):]
		}
	}
	return append(dst, src...)
}

// AppendValue appends to dst what a scanned attribute value means: references
// resolved, literal white space turned into spaces (XML §3.3.3). src must have
// been accepted by a Scanner.
func AppendValue(dst, src []byte) []byte {
	for len(src) > 0 {
		i := bytes.IndexAny(src, "&\t\n\r")
		if i < 0 {
			break
		}
		dst, src = append(dst, src[:i]...), src[i:]
		switch src[0] {
		case '&':
			dst, src = appendReference(dst, src)
		case '\r':
			dst, src = append(dst, ' '), afterCR(src)
		default:
			dst, src = append(dst, ' '), src[1:]
		}
	}
	return append(dst, src...)
}

func appendReference(dst, src []byte) (_, rest []byte) {
	r, n, _ := reference(src)
	return utf8.AppendRune(dst, r), src[n:]
}

// afterCR skips a CR and the LF that may follow it (XML §2.11).
func afterCR(src []byte) []byte {
	if len(src) > 1 && src[1] == '\n' {
		return src[2:]
	}
	return src[1:]
}

func appendLines(dst, src []byte) []byte {
	for {
		i := bytes.IndexByte(src, '\r')
		if i < 0 {
			return append(dst, src...)
		}
		dst = append(append(dst, src[:i]...), '\n')
		src = afterCR(src[i:])
	}
}
