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
		switch c := s[i]; {
		case c == 'm', c == 'w', c < 'a' || c > 'z':
			return false
		}
	}
	return true
}

// looks lists, for each representative, the characters that look like it. Capitals are
// listed only where they look like something else than their small letter does.
// Compatibility characters (fullwidth, mathematical, superscript, ligatures) are absent:
// NFKD has replaced them.
var looks = [...]struct{ prototype, alike string }{
	{"a", "аɑαⱥ" + "ΑА"},
	{"b", "ЬьъƄƅɓЪ" + "ВΒ"},
	{"c", "сϲƈ¢ⅽ" + "СϹ"},
	{"d", "ԁɗđⅾժ"},
	{"e", "еҽɛεєєе℮" + "ЕΕ"},
	{"f", "ƒſքϝ"},
	{"g", "ɡɢɠցǥ"},
	{"h", "һհɦћђ" + "НΗ"},
	{"i", "іıɩιӏɪ" + "Іѝ"},
	{"j", "јʝϳյ" + "Ј"},
	{"k", "кκƙқҝ" + "КΚ"},
	{"l", "1I|ǀℓ∣ӏӀΙІłƚⅼا١۱ןՆ"},
	{"rn", "mмΜМɱ"},
	{"n", "ոռηпɲŋπ" + "Ν"},
	{"o", "0оοσօøɵ" + "٥۵०০੦૦௦౦೦൦๐໐ဝ၀ہه०" + "ОΟՕ"},
	{"p", "рρƿ" + "РΡ"},
	{"q", "ԛզգ"},
	{"r", "гɾɼᴦ"},
	{"s", "ѕƽʂꜱ" + "ЅՏ5"},
	{"t", "тτƭŧ" + "ТΤ"},
	{"u", "υսʋцʊᴜ"},
	{"v", "νѵטᴠ"},
	{"vv", "wѡԝաɯω"},
	{"x", "хχ×ҳ" + "ХΧ"},
	{"y", "уүγʏўყ" + "УΥҮ"},
	{"z", "ʐƶᴢ" + "Ζ"},
	{"2", "ƨշ"},
	{"3", "зʒȝӡҙɜՅ"},
	{"4", "чӌ"},
	{"6", "б"},
	{"8", "ȣ৪"},
	{"9", "৭գ"},
	{"-", "‐‑‒–—−﹘"},
	{".", "·․‧・"},
	{"'", "ʼ’‘ʹ′׳՚"},
	{",", "‚٫"},
	{":", "։׃ː∶"},
	{"/", "∕⁄⧸"},
	{"!", "ǃ"},
}

var prototypes = func() map[rune]string {
	m := make(map[rune]string, 256)
	for _, l := range looks {
		for _, r := range l.alike {
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
