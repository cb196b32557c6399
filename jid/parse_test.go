package jid

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// RFC 7622 §3.5, table 1. The input is normalised where want differs.
func TestRFC7622Legal(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"1 bare", "juliet@example.com", "juliet@example.com"},
		{"2 full", "juliet@example.com/foo", "juliet@example.com/foo"},
		{"3 space in resource", "juliet@example.com/foo bar", "juliet@example.com/foo bar"},
		{"4 at sign in resource", "juliet@example.com/foo@bar", "juliet@example.com/foo@bar"},
		{"5 escaped space", `foo\20bar@example.com`, `foo\20bar@example.com`},
		{"6 another bare", "fussball@example.com", "fussball@example.com"},
		{"7 sharp s", "fu\u00dfball@example.com", "fu\u00dfball@example.com"},
		{"8 pi", "\u03c0@example.com", "\u03c0@example.com"},
		{"9 capital sigma", "\u03a3@example.com/foo", "\u03c3@example.com/foo"},
		{"10 sigma", "\u03c3@example.com/foo", "\u03c3@example.com/foo"},
		{"11 final sigma", "\u03c2@example.com/foo", "\u03c2@example.com/foo"},
		{"12 chess king", "king@example.com/\u265a", "king@example.com/\u265a"},
		{"13 domain", "example.com", "example.com"},
		{"14 domain and resource", "example.com/foobar", "example.com/foobar"},
		{"15 at sign behind slash", "a.example.com/b@example.net", "a.example.com/b@example.net"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j, err := Parse(tt.in)
			if err != nil || j.String() != tt.want {
				t.Errorf("got %q, %v; want %q", j, err, tt.want)
			}
		})
	}
	// The notes below the table.
	if MustParse("fussball@example.com") == MustParse("fu\u00dfball@example.com") {
		t.Error("6 equals 7")
	}
	if MustParse("\u03c3@example.com/foo") == MustParse("\u03c2@example.com/foo") {
		t.Error("10 equals 11")
	}
	if MustParse("\u03a6\u03a3@example.com").Local() != "\u03c6\u03c3" {
		t.Error("a final capital sigma got the special treatment PRECIS does not know")
	}
}

func TestParseRefuses(t *testing.T) {
	long := strings.Repeat("a", 1024)
	tests := []struct {
		name, in string
		want     Error
	}{
		// RFC 7622 §3.5, table 2.
		{"16 quotation marks", `"juliet"@example.com`, Error{PartLocal, Disallowed}},
		{"17 space in local part", "foo bar@example.com", Error{PartLocal, Disallowed}},
		{"18 leading space in resource", "juliet@example.com/ foo", Error{PartResource, Disallowed}},
		{"19 empty parts", "@example.com/", Error{PartResource, Empty}},
		{"20 roman numeral", "henry\u2163@example.com", Error{PartLocal, Disallowed}},
		{"21 chess king", "\u265a@example.com", Error{PartLocal, Disallowed}},
		{"22 no domain", "juliet@", Error{PartDomain, Empty}},
		{"23 resource alone", "/foobar", Error{PartDomain, Empty}},

		{"empty", "", Error{PartDomain, Empty}},
		{"separators alone", "@/", Error{PartResource, Empty}},
		{"empty local part", "@example.com", Error{PartLocal, Empty}},
		{"empty resource", "a@example.com/", Error{PartResource, Empty}},
		{"two at signs", "a@b@example.com", Error{PartDomain, Disallowed}},
		{"fullwidth at sign", "a\uff20b@example.com", Error{PartLocal, Disallowed}},
		{"fullwidth slash in domain", "a@b\uff0fc.example", Error{PartDomain, Disallowed}},
		{"control in local part", "a\x00b@example.com", Error{PartLocal, Disallowed}},
		{"control in resource", "a@example.com/\x7f", Error{PartResource, Disallowed}},
		{"line end in resource", "a@example.com/x\n", Error{PartResource, Disallowed}},
		{"leading non-ASCII space", "a@example.com/\u3000x", Error{PartResource, Disallowed}},
		{"ideographic space in local part", "a\u3000b@example.com", Error{PartLocal, Disallowed}},
		{"zero width space", "a\u200bb@example.com", Error{PartLocal, Disallowed}},
		{"bidi override in resource", "a@example.com/\u202ex", Error{PartResource, Disallowed}},
		{"private use", "a@example.com/\ue000", Error{PartResource, Disallowed}},
		{"noncharacter", "a@example.com/\ufffe", Error{PartResource, Disallowed}},
		{"not UTF-8 in local part", "a\xff@example.com", Error{PartLocal, NotUTF8}},
		{"not UTF-8 in domain", "a@\xc0\x80.example", Error{PartDomain, NotUTF8}},
		{"surrogate in resource", "a@b.example/\xed\xa0\x80", Error{PartResource, NotUTF8}},
		{"mixed directions in local part", "\u05d0a@example.com", Error{PartLocal, Disallowed}},
		{"digit ends right-to-left badly", "1\u05d0@example.com", Error{PartLocal, Disallowed}},
		{"local part too long", long + "@example.com", Error{PartLocal, TooLong}},
		{"resource too long", "a@example.com/" + long, Error{PartResource, TooLong}},
		{"local part far too long", strings.Repeat("é", 5000) + "@example.com", Error{PartLocal, TooLong}},
		{"local part too long in UTF-8", strings.Repeat("é", 512) + "@example.com", Error{PartLocal, TooLong}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if j, err := Parse(tt.in); err != tt.want || !j.IsZero() {
				t.Errorf("got %q, %v; want %v", j, err, tt.want)
			}
		})
	}
}

// RFC 7622 §3.3.1 and every other ASCII character: the whole repertoire of the local part.
func TestLocalASCII(t *testing.T) {
	for c := byte(0); c < utf8.RuneSelf; c++ {
		want := c > ' ' && c < 0x7f && !strings.ContainsRune(`"&'/:<>@`, rune(c))
		got, err := PrepareLocal("x" + string(rune(c)))
		if (err == nil) != want {
			t.Errorf("%q: %v", c, err)
		}
		if err == nil && got != strings.ToLower("x"+string(rune(c))) {
			t.Errorf("%q becomes %q", c, got)
		}
		_, err = PrepareResource("x" + string(rune(c)))
		if (err == nil) != (c >= ' ' && c < 0x7f) {
			t.Errorf("%q in a resource: %v", c, err)
		}
	}
}

func TestLimits(t *testing.T) {
	l, r := strings.Repeat("L", 1023), strings.Repeat("R", 1023)
	d := strings.Repeat(strings.Repeat("d", 49)+".", 5) + "abc" // 253
	j, err := Parse(l + "@" + d + "/" + r)
	if err != nil || j.Local() != strings.ToLower(l) || j.Domain() != d || j.Resource() != r {
		t.Errorf("the longest ASCII address: %v", err)
	}
	// Mapping makes it short enough: 1023 letters of 3 bytes become 1 byte each.
	j, err = Parse(strings.Repeat("ａ", 1023) + "@b.example")
	if err != nil || j.Local() != strings.Repeat("a", 1023) {
		t.Errorf("the longest fullwidth local part: %v", err)
	}
}

func TestDomains(t *testing.T) {
	label63, label64 := strings.Repeat("a", 63), strings.Repeat("a", 64)
	refused := Error{PartDomain, Disallowed}
	tests := []struct {
		name, in, want string
		err            error
	}{
		{"unqualified", "localhost", "localhost", nil},
		{"IPv4", "192.0.2.1", "192.0.2.1", nil},
		{"IPv6", "[2001:db8::1]", "[2001:db8::1]", nil},
		{"IPv6 with IPv4", "[::FFFF:192.0.2.1]", "[::ffff:192.0.2.1]", nil},
		{"IPv6 with zone", "[fe80::1%25en0]", "[fe80::1%25en0]", nil},
		{"zone keeps case", "[FE80::1%25En0]", "[fe80::1%25En0]", nil},
		{"zone with bare percent", "[fe80::1%en0]", "", refused},
		{"empty zone", "[fe80::1%25]", "", refused},
		{"zone with a slash", "[fe80::1%25a/b]", "", refused},
		{"zone too long", "[fe80::1%25" + strings.Repeat("a", 1012) + "]", "", Error{PartDomain, TooLong}},
		{"IPv4 in brackets", "[192.0.2.1]", "", refused},
		{"future literal", "[v1.x]", "", refused},
		{"open bracket", "[::1", "", refused},
		{"IPv6 without brackets", "2001:db8::1", "", refused},
		{"port", "capulet.example:5222", "", refused},
		{"final dot", "capulet.example.", "capulet.example", nil},
		{"final fullwidth dot", "capulet.example．", "capulet.example", nil},
		{"two final dots", "capulet.example..", "", refused},
		{"dot alone", ".", "", Error{PartDomain, Empty}},
		{"leading dot", ".example", "", refused},
		{"empty label", "capulet..example", "", refused},
		{"leading hyphen", "-a.example", "", refused},
		{"trailing hyphen", "a-.example", "", refused},
		{"hyphens inside", "a-b--c.example", "a-b--c.example", nil},
		{"reserved label", "ab--c.example", "", refused},
		{"reserved label of four", "ab--.example", "", refused},
		{"underscore", "a_b.example", "", refused},
		{"space", "a b.example", "", refused},
		{"longest label", label63 + ".example", label63 + ".example", nil},
		{"label too long", label64 + ".example", "", Error{PartDomain, TooLong}},
		{"longest name", strings.Repeat("ab.", 84) + "c", strings.Repeat("ab.", 84) + "c", nil},
		{"name too long", strings.Repeat("ab.", 84) + "cd", "", Error{PartDomain, TooLong}},
		{"name far too long", strings.Repeat("ab.", 2000) + "c", "", Error{PartDomain, TooLong}},
		{"U-label too long for the DNS", strings.Repeat("ü", 63) + ".example", "", Error{PartDomain, TooLong}},
		{"U-label of many characters", strings.Repeat("ü", 64) + ".example", "", Error{PartDomain, TooLong}},
		{"U-labels too long together", strings.Repeat("büch.", 30) + "example", "", Error{PartDomain, TooLong}},
		{"U-label", "bücher.example", "bücher.example", nil},
		{"A-label", "xn--bcher-kva.example", "bücher.example", nil},
		{"sharp s stays", "straße.example", "straße.example", nil},
		{"final sigma stays", "βόλος.example", "βόλος.example", nil},
		{"fullwidth", "ｃａｐｕｌｅｔ.example", "capulet.example", nil},
		{"broken A-label", "xn--a.example", "", refused},
		{"empty A-label", "xn--.example", "", refused},
		{"A-label of ASCII", "xn--abc-.example", "", refused},
		{"A-label of a capital", "xn--8ba.example", "", refused},
		{"symbol", "♥.example", "", refused},
		{"A-label of a symbol", "xn--g6h.example", "", refused},
		{"emoji", "😀.example", "", refused},
		{"middle dot between l", "l·l.example", "l·l.example", nil},
		{"middle dot elsewhere", "a·b.example", "", refused},
		{"joiner without virama", "a\u200db.example", "", refused},
		{"joiner behind virama", "\u0915\u094d\u200d\u0937.example", "\u0915\u094d\u200d\u0937.example", nil},
		{"leading combining mark", "\u0301a.example", "", refused},
		{"Hebrew", "\u05d0\u05d1.example", "\u05d0\u05d1.example", nil},
		{"bidi broken", "\u05d0a.example", "", refused},
		{"bidi broken in other label", "\u05d0\u05d1.1a", "", refused},
		{"soft hyphen is dropped", "cap\u00adulet.example", "capulet.example", nil},
		{"unassigned", "\U000e0fff.example", "", refused},
		{"replacement character", "\ufffd.example", "", refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := PrepareDomain(tt.in)
			if got != tt.want || err != tt.err {
				t.Errorf("got %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
			b, err := Domain(tt.in)
			if b.String() != tt.want || err != tt.err {
				t.Errorf("Domain gives %q, %v", b, err)
			}
		})
	}
}

// RFC 8265 §3.6 and §4.3 as far as they apply to parts of addresses.
func TestPrepare(t *testing.T) {
	tests := []struct {
		name, in, local, resource string // "" = refused
	}{
		{"kelvin sign", "\u212a", "k", "K"},
		{"ligature", "\ufb01", "", "\ufb01"},
		{"infinity", "∞", "", "∞"},
		{"fullwidth", "ＡＢ", "ab", "ＡＢ"},
		{"halfwidth kana", "\uff76", "\u30ab", "\uff76"},
		{"combining sequence", "e\u0301", "é", "é"},
		{"Cherokee", "\u13a0", "\uab70", "\u13a0"},
		{"dotted capital I", "\u0130", "i\u0307", "\u0130"},
		{"soft hyphen", "a\u00adb", "", ""},
		{"Hebrew", "\u05d0\u05d1", "\u05d0\u05d1", "\u05d0\u05d1"},
		{"mixed directions", "a\u05d0", "", "a\u05d0"},
		{"geresh behind Hebrew", "\u05d0\u05f3", "\u05d0\u05f3", "\u05d0\u05f3"},
		{"geresh elsewhere", "\u05f3", "", ""},
		{"both Arabic digits", "\u0627\u0661\u06f1", "", ""},
		{"conjoining jamo", "\u1100\u1161", "\uac00", "\uac00"},
		{"old jamo", "\u1113\u1161", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := PrepareLocal(tt.in); got != tt.local || (err == nil) != (got != "") {
				t.Errorf("local part %q, %v; want %q", got, err, tt.local)
			}
			if got, err := PrepareResource(tt.in); got != tt.resource || (err == nil) != (got != "") {
				t.Errorf("resource %q, %v; want %q", got, err, tt.resource)
			}
		})
	}
}

func TestNick(t *testing.T) {
	tests := []struct {
		name, in, want string
		err            error
	}{
		{"plain", "Romeo", "Romeo", nil},
		{"trimmed and joined", "  Romeo \u00a0 M.  ", "Romeo M.", nil},
		{"one space", "Foo Bar", "Foo Bar", nil},
		{"compatibility", "Richard \u2163", "Richard IV", nil},
		{"symbol", "∞", "∞", nil},
		{"hook symbol", "ϔ", "Ϋ", nil},
		{"separators", "user@host/x", "user@host/x", nil},
		{"empty", "", "", Error{PartResource, Empty}},
		{"spaces alone", "   ", "", Error{PartResource, Empty}},
		{"wide spaces alone", "\u3000\u00a0", "", Error{PartResource, Empty}},
		{"control", "a\tb", "", Error{PartResource, Disallowed}},
		{"override", "a\u202eb", "", Error{PartResource, Disallowed}},
		{"not UTF-8", "a\xff", "", Error{PartResource, NotUTF8}},
		{"too long", strings.Repeat("a", 1024), "", Error{PartResource, TooLong}},
		{"grows far too long", strings.Repeat("\ufdfa", 1360), "", Error{PartResource, TooLong}},
		{"mathematical letters shrink", strings.Repeat("\U0001d41a", 1023), strings.Repeat("a", 1023), nil},
		{"grows too long", strings.Repeat("\ufdfa", 50), "", Error{PartResource, TooLong}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Nick(tt.in)
			if got != tt.want || err != tt.err {
				t.Errorf("got %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"romeo@montague.example/orchard", "USER@Example.Com", "a@[fe80::1%25x]/y", "fu\u00dfball@b\u00fccher.example",
		"\u03a3@xn--bcher-kva.example/\u265a", "\uff21@\uff42\u3002example./\u3000x", "\u05d0\u05d1@\u05d0.example", "@/", "",
		"a\u0345\u0301@b.example", "\u0130@\u0130.example/\u0130", "a@b.example/\u1e9e\u0344",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		j, err := Parse(s)
		if err != nil {
			if e, ok := err.(Error); !ok || e.Part == 0 || e.Reason == 0 || !j.IsZero() {
				t.Fatalf("%q: error %#v, value %q", s, err, j)
			}
			return
		}
		k, err := Parse(j.String())
		if err != nil || k != j {
			t.Fatalf("%q gives %q, which gives %q, %v", s, j, k, err)
		}
		for _, p := range []string{j.Local(), j.Domain(), j.Resource()} {
			if len(p) > maxPart || !utf8.ValidString(p) {
				t.Fatalf("%q has the part %q", s, p)
			}
		}
		if j.Domain() == "" || len(j.String()) > 3071 {
			t.Fatalf("%q gives %q", s, j)
		}
		n, err := New(j.Local(), j.Domain(), j.Resource())
		if err != nil || n != j {
			t.Fatalf("%q: New of the parts of %q gives %q, %v", s, j, n, err)
		}
		if got := string(appendParts(j)); got != j.String() {
			t.Fatalf("%q: the parts join to %q", j, got)
		}
	})
}

func appendParts(j JID) []byte {
	var b []byte
	if j.Local() != "" {
		b = append(append(b, j.Local()...), '@')
	}
	b = append(b, j.Domain()...)
	if j.Resource() != "" {
		b = append(append(b, '/'), j.Resource()...)
	}
	return b
}

func FuzzNick(f *testing.F) {
	for _, s := range []string{"Romeo", " a  b ", "Richard \u2163", "\u03d4", "\ufdfa", "\u3000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		nick, err := Nick(s)
		if err != nil {
			return
		}
		if again, err := Nick(nick); err != nil || again != nick {
			t.Fatalf("%q gives %q, which gives %q, %v", s, nick, again, err)
		}
		if _, err := MustBare("room@muc.example").WithResource(nick); err != nil {
			t.Fatalf("%q: %v", nick, err)
		}
	})
}
