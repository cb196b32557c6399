package xmlscan

import "unicode/utf8"

// Classes of ASCII bytes. Bytes from 0x80 on stop text and values, so that
// the loops over plain ASCII test one table entry per byte.
const (
	nameStart uint8 = 1 << iota // may begin a name; ':' apart
	nameByte                    // may stand in a name; ':' apart
	space                       // white space (XML §2.3)
	textStop                    // needs a look in character data
	valueStop                   // needs a look in an attribute value
)

var class = classes()

func classes() (t [256]uint8) {
	for c := range 256 {
		b := byte(c)
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '_':
			t[c] = nameStart | nameByte
		case b >= '0' && b <= '9', b == '-', b == '.':
			t[c] = nameByte
		case b >= utf8.RuneSelf:
			t[c] = textStop | valueStop
		case b < 0x20 && b != '\t' && b != '\n':
			t[c] = textStop | valueStop
		}
	}
	for _, b := range " \t\r\n" {
		t[b] |= space
	}
	for _, b := range "<&>" {
		t[b] |= textStop
	}
	for _, b := range "<&'\"\t\n" {
		t[b] |= valueStop
	}
	return t
}

// Results of multibyte besides a length.
const (
	cutRune = 0  // the bytes end within a character
	badUTF8 = -1 // not UTF-8
	badChar = -2 // not a Char (XML §2.2)
)

// multibyte checks the character at b[0] >= 0x80 and returns its length.
func multibyte(b []byte) int {
	c := b[0]
	if c >= 0xC2 && c <= 0xDF && len(b) > 1 { // two bytes: all are Chars
		if b[1]&0xC0 == 0x80 {
			return 2
		}
		return badUTF8
	}
	if c > 0xE0 && c < 0xED && len(b) > 2 { // three bytes, no special case
		if b[1]&0xC0 == 0x80 && b[2]&0xC0 == 0x80 {
			return 3
		}
		return badUTF8
	}
	r, n := utf8.DecodeRune(b)
	switch {
	case r == utf8.RuneError && n == 1:
		if !utf8.FullRune(b) {
			return cutRune
		}
		return badUTF8
	case r == 0xFFFE || r == 0xFFFF:
		return badChar
	}
	return n
}

// isChar reports whether r matches the Char production (XML §2.2).
func isChar(r rune) bool {
	return r >= 0x20 && r <= 0xD7FF || r == '\t' || r == '\n' || r == '\r' ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// isNameStart reports whether r >= 0x80 may begin a name (XML §2.3).
func isNameStart(r rune) bool {
	switch {
	case r < 0x370:
		return r >= 0xC0 && r <= 0x2FF && r != 0xD7 && r != 0xF7
	case r < 0x2000:
		return r != 0x37E
	case r < 0x3001:
		return r == 0x200C || r == 0x200D || r >= 0x2070 && r <= 0x218F || r >= 0x2C00 && r <= 0x2FEF
	case r < 0x10000:
		return r <= 0xD7FF || r >= 0xF900 && r <= 0xFDCF || r >= 0xFDF0 && r <= 0xFFFD
	}
	return r <= 0xEFFFF
}

// isNameRune reports whether r >= 0x80 may stand in a name (XML §2.3).
func isNameRune(r rune) bool {
	return isNameStart(r) || r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}
