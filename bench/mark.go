package bench

import (
	"bytes"
	"encoding/hex"
)

// A mark is "sb" and the run's tag, then lane, number and time in hexadecimal of fixed width:
//
//	sb0123abcd-00000007-0000002a-00000000075bcd15
//
// It stands in an id attribute, or in text where servers may drop ids, and is found by its bytes.
const (
	tagLen    = 10
	laneAt    = tagLen + 1
	numberAt  = laneAt + 9
	timeAt    = numberAt + 9
	markLen   = timeAt + 16
	hexDigits = "0123456789abcdef"
)

// mark is one, read.
type mark struct {
	lane, number uint32
	time         int64 // nanoseconds since the run began
}

// putHex writes v over all of b.
func putHex(b []byte, v uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = hexDigits[v&15]
		v >>= 4
	}
}

// getHex reads all of b; ok is false when something else than hexadecimal digits is in it.
func getHex(b []byte) (v uint64, ok bool) {
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return 0, false
		}
		v = v<<4 | uint64(c)
	}
	return v, true
}

// blankMark returns a mark of a lane, with number and time still zero.
func blankMark(tag string, lane uint32) string {
	b := make([]byte, markLen)
	copy(b, tag)
	putHex(b[laneAt:numberAt-1], uint64(lane))
	putHex(b[numberAt:timeAt-1], 0)
	putHex(b[timeAt:], 0)
	b[laneAt-1], b[numberAt-1], b[timeAt-1] = '-', '-', '-'
	return string(b)
}

// findMark finds a run's mark in an element.
func findMark(element, tag []byte) (m mark, ok bool) {
	i := bytes.Index(element, tag)
	if i < 0 || len(element)-i < markLen {
		return m, false
	}
	b := element[i : i+markLen]
	lane, ok1 := getHex(b[laneAt : numberAt-1])
	number, ok2 := getHex(b[numberAt : timeAt-1])
	time, ok3 := getHex(b[timeAt:])
	return mark{uint32(lane), uint32(number), int64(time)}, ok1 && ok2 && ok3
}

// newTag is the beginning of all marks of a run.
func newTag(random [4]byte) string { return "sb" + hex.EncodeToString(random[:]) }
