package config

import (
	"strings"
	"unicode"
)

// KeyOf is the key of a struct field: its name in snake_case, where a run of capitals is one word: ClientTLS → client_tls,
// TLSPort → tls_port, MaxJIDs → max_jids.
func KeyOf(field string) string {
	r := []rune(field)
	var b strings.Builder
	for i, c := range r {
		if i > 0 && unicode.IsUpper(c) && (!unicode.IsUpper(r[i-1]) || startsWord(r[i+1:])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// startsWord says whether a capital followed by rest starts a word within a run of capitals. The s of a plural does not.
func startsWord(rest []rune) bool {
	if len(rest) == 0 || !unicode.IsLower(rest[0]) {
		return false
	}
	plural := rest[0] == 's' && (len(rest) == 1 || unicode.IsUpper(rest[1]))
	return !plural
}

// nearest is the known word that a misspelt one is most likely to mean; "" when none is near.
func nearest(word string, known []string) string {
	best, found := len(word)/3+1, ""
	for _, k := range known {
		if d := distance(strings.ToLower(word), k); d <= best && (found == "" || d < best) {
			best, found = d, k
		}
	}
	return found
}

// distance counts the letters to insert, delete, replace or swap with their neighbour to turn a into b.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

// maybe is the end of a message about an unknown word.
func maybe(word string, known []string) string {
	if n := nearest(word, known); n != "" {
		return "; did you mean " + n + "?"
	}
	return ""
}
