package xmlscan

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

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

// Eight bytes at a time: every byte 1, and every top bit.
const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// textRun returns the first place from p on that needs a look in character
// data: an ASCII control, '&', '<', '>', or a byte from 0x80 on. The lowest
// bit that a test of eight bytes sets is exact, those above it may not be.
func textRun(b []byte, p int) int {
	for p+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[p:])
		amp := x ^ '&'*ones
		angle := (x | 2*ones) ^ '>'*ones // '<' and '>' differ by 2
		m := ((x-0x20*ones)&^x | (amp-ones)&^amp | (angle-ones)&^angle | x) & tops
		if m != 0 {
			return p + bits.TrailingZeros64(m)>>3
		}
		p += 8
	}
	for p < len(b) && class[b[p]]&textStop == 0 {
		p++
	}
	return p
}

// valueRun is textRun for an attribute value within this quote.
func valueRun(b []byte, p int, quote byte) int {
	// One bit tells '&' from either quote.
	bit, with := uint64(1*ones), uint64('\''*ones)
	if quote == '"' {
		bit, with = 4*ones, '&'*ones
	}
	for p+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[p:])
		stop := (x | bit) ^ with
		angle := x ^ '<'*ones
		m := ((x-0x20*ones)&^x | (stop-ones)&^stop | (angle-ones)&^angle | x) & tops
		if m != 0 {
			return p + bits.TrailingZeros64(m)>>3
		}
		p += 8
	}
	for p < len(b) && class[b[p]]&valueStop == 0 {
		p++
	}
	return p
}

// wideRun skips characters of two and three bytes from p on, as far as they
// are plainly right; multibyte judges the rest.
func wideRun(b []byte, p int) int {
	for p+2 < len(b) {
		c := b[p]
		switch {
		case b[p+1]&0xC0 != 0x80:
			return p
		case c >= 0xC2 && c <= 0xDF:
			p += 2
		case c > 0xE0 && c < 0xED && b[p+2]&0xC0 == 0x80:
			p += 3
		default:
			return p
		}
	}
	return p
}

// Results of multibyte besides a length.
const (
	cutRune = 0  // the bytes end within a character
	badUTF8 = -1 // not UTF-8
	badChar = -2 // not a Char (XML §2.2)
)

// multibyte checks the character at b[0] >= 0x80 and returns its length.
func multibyte(b []byte) int {
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
