package jid

import (
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestConfusable(t *testing.T) {
	tests := []struct {
		name, a, b string
		want       bool
	}{
		{"same", "juliet", "juliet", true},
		{"digit one", "ju1iet", "juliet", true}, // RFC 7622 §7.3.2
		{"digit zero", "r0meo", "romeo", true},
		{"Cyrillic", "rоmео", "romeo", true},
		{"all Cyrillic", "асе", "ace", true},
		{"Greek", "rοmeο", "romeo", true},
		{"Armenian", "rօmeօ", "romeo", true},
		{"fullwidth", "ｒｏｍｅｏ", "romeo", true},
		{"mathematical", "𝐫𝐨𝐦𝐞𝐨", "romeo", true},
		{"capital I for l", "Iago", "lago", true},
		{"case", "Romeo", "romeo", true},
		{"case of a look-alike", "ROMEО", "romeo", true},
		{"rn", "rorneo", "romeo", true},
		{"vv", "vvest", "west", true},
		{"invisible", "ro\u00admeo", "romeo", true},
		{"zero width", "ro\u200bmeo", "romeo", true},
		{"composed and not", "e\u0301a", "éa", true},
		{"Arabic fives", "\u0665", "o", true},
		{"domain", "сapulet.example", "capulet.example", true},

		{"different", "romeo", "juliet", false},
		{"one letter", "tybalt", "tybald", false},
		{"accent", "rémi", "remi", false},
		{"other number", "user2", "user3", false},
		{"i and l", "mail", "mall", false},
		{"Cyrillic words", "привет", "пока", false},
		{"empty", "", "a", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if Confusable(tt.a, tt.b) != tt.want || Confusable(tt.b, tt.a) != tt.want {
				t.Errorf("%q and %q: want %v; skeletons %q, %q", tt.a, tt.b, tt.want, Skeleton(tt.a), Skeleton(tt.b))
			}
		})
	}
}

// Every entry is reached, stands once, and leads to a text that is its own skeleton.
func TestLooks(t *testing.T) {
	n := 0
	for _, l := range looks {
		if got := Skeleton(l.prototype); got != l.prototype {
			t.Errorf("prototype %q has the skeleton %q", l.prototype, got)
		}
		for _, r := range l.latin + l.greek + l.cyrillic + l.armenian + l.other {
			n++
			if got := Skeleton(string(r)); got != l.prototype {
				t.Errorf("%U leads to %q, want %q", r, got, l.prototype)
			}
			if norm.NFKD.String(string(r)) != string(r) {
				t.Errorf("%U is decomposed before it is looked up", r)
			}
		}
	}
	if n != len(prototypes) {
		t.Errorf("%d entries for %d characters", n, len(prototypes))
	}
}

func TestMixedScript(t *testing.T) {
	tests := []struct {
		name, in string
		want     bool
	}{
		{"Latin", "romeo", false},
		{"Cyrillic", "ромео", false},
		{"digits and marks", "romeo-2.3_\u0301", false},
		{"Latin and Cyrillic", "rоmeo", true},
		{"Latin and Greek", "rοmeo", true},
		{"Latin and Armenian", "rօmeo", true},
		{"Japanese", "東京タワーのromeo", false},
		{"Korean", "서울漢字seoul", false},
		{"Chinese", "ㄅㄆ漢字abc", false},
		{"Hangul and kana", "서울タワー", true},
		{"Japanese and Cyrillic", "東京ж", true},
		{"Thai and Lao", "กກ", true},
		{"emoji", "romeo😀", false},
		{"empty", "", false},
		{"not UTF-8", "a\xff", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := MixedScript(tt.in); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func FuzzSkeleton(f *testing.F) {
	for _, s := range []string{"romeo", "ROMEО", "İ", "mw1", "\u1e9e\u0345", "a\u00ad\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		k := Skeleton(s)
		if got := Skeleton(k); got != k {
			t.Fatalf("%q has the skeleton %q, which has %q", s, k, got)
		}
		if !Confusable(s, k) {
			t.Fatalf("%q is not confusable with its skeleton", s)
		}
		MixedScript(s)
	})
}
