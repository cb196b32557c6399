package jid

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Confusable reports whether a and b may be mistaken for each other by a reader: their
// skeletons are equal, as written or in small letters. It is meant for texts of one kind
// (two local parts, two nicknames, two domains), for example before an account is
// registered whose name looks like an existing one. Equal texts are confusable.
//
// It is a warning system with a small table, not a proof. It knows the look-alikes of
// Latin letters and ASCII digits among Latin, Greek, Cyrillic, Armenian, fullwidth,
// mathematical and other compatibility characters, a few digits of other scripts, and the
// pairs rn/m and vv/w. It does not know look-alikes inside other scripts (Han, Arabic,
// Indic), accents that resemble each other, words, or fonts. The full
// data of Unicode is UTS #39.
func Confusable(a, b string) bool {
	return Skeleton(a) == Skeleton(b) ||
		Skeleton(strings.ToLower(a)) == Skeleton(strings.ToLower(b))
}

// Skeleton returns the text a reader may see in s: look-alikes are replaced by one
// representative, case is dropped after capital I has become l, invisible characters are
// left out. Two texts with the same skeleton are confusable, so it serves as
// a key for looking them up. It is not for display and may change between versions of
// this package: store it only where it can be computed anew. The limits are those of
// [Confusable].
func Skeleton(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 4)
	for _, r := range norm.NFKD.String(s) {
		if unicode.In(r, unicode.Cf, unicode.Variation_Selector) {
			continue
		}
		if p, ok := prototypes[r]; ok {
			b.WriteString(p)
			continue
		}
		r = unicode.ToLower(r)
		if p, ok := prototypes[r]; ok {
			b.WriteString(p)
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFD.String(b.String())
}

// plain reports whether s is its own skeleton at first sight.
func plain(s string) bool {
	for i := range len(s) {
		c := s[i]
		small := 'a' <= c && c <= 'z' && c != 'm' && c != 'w'
		if !small && !('2' <= c && c <= '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// looks lists the characters that look like a prototype, by script. Capitals are
// listed only where they look like something else than their small letter does.
// Compatibility characters (fullwidth, mathematical, superscript, ligatures, lunate
// sigma) are absent: NFKD has replaced them.
var looks = [...]struct{ prototype, latin, greek, cyrillic, armenian, other string }{
	{"a", "ɑ", "αΑ", "аА", "", ""},
	{"b", "ƅɓ", "Β", "ьЬВ", "", ""},
	{"c", "ƈ", "", "сС", "", ""},
	{"d", "ɗ", "", "ԁԀ", "ժ", ""},
	{"e", "", "Ε", "еЕҽє", "", ""},
	{"f", "ƒ", "ϝ", "", "ք", ""},
	{"g", "ɡɠɢ", "", "", "ց", ""},
	{"h", "ɦ", "Η", "һҺН", "հ", ""},
	{"i", "ıɩɪ", "ι", "і", "", ""},
	{"j", "ʝ", "ϳ", "јЈ", "յ", ""},
	{"k", "ƙ", "κΚ", "кКқҚҝ", "", ""},
	// Last the Hebrew vav and final nun and the Arabic alef, then Arabic ones.
	{"l", "1I|ǀ", "Ι", "ІӀӏ", "", "\u2223\u05d5\u05df\u0627\u0661\u06f1"},
	{"rn", "mɱ", "Μ", "мМ", "", ""},
	{"n", "ɲŋ", "Ν", "п", "ոռ", ""},
	// The zeros of many scripts, and the Arabic fives.
	{"o", "0", "οΟ", "оО", "օՕ", "\u06f5\u07c0\u0966\u09e6\u0a66\u0ae6\u0b66" +
		"\u0be6\u0c66\u0ce6\u0d66\u0e50\u0ed0\u1040\u0665"},
	{"p", "ƿ", "ρΡ", "рРҏ", "", ""},
	{"q", "ɋ", "", "ԛ", "զ", ""},
	{"r", "ɼɾ", "\u1d26", "г", "", ""},
	{"s", "ʂꜱ", "", "ѕЅ", "Տ", ""},
	{"t", "ƭ", "τΤ", "тТҭ", "", ""},
	{"u", "ʊᴜ", "υ", "", "ս", ""},
	{"v", "ᴠ", "ν", "ѵ", "", ""},
	{"vv", "wɯ", "ω", "ѡԝ", "ա", ""},
	{"x", "×", "χΧ", "хХҳ", "", ""},
	{"y", "ʏ", "γΥ", "уУүҮ", "", "ყ"},
	{"z", "ʐƶᴢ", "Ζ", "", "", ""},
	{"2", "ƨ", "", "", "շ", ""},
	{"3", "ȝʒ", "", "зҙӡ", "", ""},
	{"4", "", "", "чӌ", "", ""},
	{"6", "", "", "б", "", ""},
	{"8", "ȣ", "", "", "", "\u09ea"}, // Bengali four
	{"9", "", "", "", "", "\u09ed"},  // Bengali seven
	{"-", "", "", "", "", "\u2010\u2013\u2014\u2212"},
	{".", "", "", "", "", "\u00b7"},
	{"'", "", "", "", "\u055a", "\u02b9\u02bc\u2018\u2019\u2032\u05f3"},
	{",", "", "", "", "", "\u201a"},
	{":", "", "", "", "\u0589", "\u02d0\u2236\u05c3"},
	{"/", "", "", "", "", "\u2044\u2215"},
	{"!", "ǃ", "", "", "", ""},
}

var prototypes = func() map[rune]string {
	m := make(map[rune]string, 200)
	for _, l := range looks {
		for _, r := range l.latin + l.greek + l.cyrillic + l.armenian + l.other {
			m[r] = l.prototype
		}
	}
	return m
}()

// MixedScript reports whether s mixes letters of scripts that do not belong together,
// such as Latin and Cyrillic: the mark of most forged names. The combinations that Chinese,
// Japanese and Korean use with Latin are allowed (UTS #39 §5.2, "highly restrictive").
// Digits, punctuation and combining marks belong to every script. Script extensions
// (UAX #24) are not known: a character has one script or all of them.
func MixedScript(s string) bool {
	var seen []*unicode.RangeTable
	for _, r := range s {
		if !slices.ContainsFunc(seen, func(t *unicode.RangeTable) bool { return unicode.Is(t, r) }) {
			if t := script(r); t != nil {
				seen = append(seen, t)
			}
		}
		if len(seen) > 4 {
			return true
		}
	}
	return len(seen) > 1 && !slices.ContainsFunc(together[:], func(set []*unicode.RangeTable) bool {
		return !slices.ContainsFunc(seen, func(t *unicode.RangeTable) bool { return !slices.Contains(set, t) })
	})
}

// together lists the scripts that may be mixed.
var together = [...][]*unicode.RangeTable{
	{unicode.Latin, unicode.Han, unicode.Hiragana, unicode.Katakana},
	{unicode.Latin, unicode.Han, unicode.Bopomofo},
	{unicode.Latin, unicode.Han, unicode.Hangul},
}

// script returns the script of r, nil for characters of every script or of none.
func script(r rune) *unicode.RangeTable {
	if unicode.In(r, unicode.Common, unicode.Inherited) {
		return nil
	}
	for _, t := range unicode.Scripts {
		if unicode.Is(t, r) {
			return t
		}
	}
	return nil
}
