package jid

import "strings"

// escaped has the characters that are escaped (XEP-0106#escaping).
const escaped = ` "&'/:<>@\`

// escapes has, in the same order, the two digits behind the backslash of each sequence.
const escapes = "20" + "22" + "26" + "27" + "2f" + "3a" + "3c" + "3e" + "40" + "5c"

// EscapeLocal turns any text, for example an address from another network, into text
// without the characters a local part cannot hold (XEP-0106#bizrules-algorithm). The
// result still has to pass [PrepareLocal]: a space at the beginning or the end must not
// be escaped, stays, and is refused there. Fold the text to small letters first if it
// may hold backslashes: the sequence \3A is none, but \3a, which it becomes, is one.
func EscapeLocal(s string) string {
	if !strings.ContainsAny(s, escaped) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	for i := range len(s) {
		c := s[i]
		k := strings.IndexByte(escaped, c)
		switch {
		case k < 0,
			// XEP-0106 §4.1 rule 6: \20 must not be first or last.
			c == ' ' && (i == 0 || i == len(s)-1),
			// Rule 7: a backslash is escaped only where it would begin a sequence.
			c == '\\' && sequence(s[i:]) < 0:
			b.WriteByte(c)
		default:
			b.WriteByte('\\')
			b.WriteString(escapes[2*k : 2*k+2])
		}
	}
	return b.String()
}

// UnescapeLocal turns a local part into the text to show to a person
// (XEP-0106#unescaping). Never compare or send the result. What is not exactly one of the
// ten sequences stays, and so does \20 at the beginning or the end, where it is none.
func UnescapeLocal(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		k := sequence(s[i:])
		if k < 0 || escaped[k] == ' ' && (i == 0 || i+3 == len(s)) {
			b.WriteByte(s[i])
			continue
		}
		b.WriteByte(escaped[k])
		i += 2
	}
	return b.String()
}

// sequence returns which escape sequence s begins with, as an index into escaped, or -1.
func sequence(s string) int {
	if len(s) < 3 || s[0] != '\\' {
		return -1
	}
	for k := range len(escaped) {
		if s[1:3] == escapes[2*k:2*k+2] {
			return k
		}
	}
	return -1
}
