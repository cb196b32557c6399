package jid

import "testing"

func TestEscapeLocal(t *testing.T) {
	tests := []struct{ name, plain, escaped string }{
		// XEP-0106 §5.1.
		{"1", `space cadet`, `space\20cadet`},
		{"2", `call me "ishmael"`, `call\20me\20\22ishmael\22`},
		{"3", `at&t guy`, `at\26t\20guy`},
		{"4", `d'artagnan`, `d\27artagnan`},
		{"5", `/.fanboy`, `\2f.fanboy`},
		{"6", `::foo::`, `\3a\3afoo\3a\3a`},
		{"7", `<foo>`, `\3cfoo\3e`},
		{"8", `user@host`, `user\40host`},
		{"9", `c:\net`, `c\3a\net`},
		{"10", `c:\\net`, `c\3a\\net`},
		{"11", `c:\cool stuff`, `c\3a\cool\20stuff`},
		{"12", `c:\5commas`, `c\3a\5c5commas`},
		// XEP-0106 §4.2, §4.3, §5.2, §5.5, §5.7.
		{"both leading backslashes", `\3and\2is\5cool`, `\5c3and\2is\5c5cool`},
		{"partial sequence", `\2plus\2is\4`, `\2plus\2is\4`},
		{"not a sequence 1", `foo\bar`, `foo\bar`},
		{"not a sequence 2", `foob\41r`, `foob\41r`},
		{"mail", `here's_a_wild_&_/cr%zy/_address`, `here\27s_a_wild_\26_\2fcr%zy\2f_address`},
		{"IMPS", `here's_a_wild_&_/cr%zy/_address_for:<wv>("IMPS")`,
			`here\27s_a_wild_\26_\2fcr%zy\2f_address_for\3a\3cwv\3e(\22IMPS\22)`},
		{"IRC", `somenick!user"&'/:<>\3address`, `somenick!user\22\26\27\2f\3a\3c\3e\5c3address`},
		{"LDAP", `CN=D'Artagnan Saint-Andr\E9,O=Example & Company, Inc.,DC=example,DC=com`,
			`CN=D\27Artagnan\20Saint-Andr\E9,O=Example\20\26\20Company,\20Inc.,DC=example,DC=com`},
		{"nothing to do", `romeo`, `romeo`},
		{"empty", ``, ``},
		{"backslash last", `a\`, `a\`},
		{"escaped backslash", `\5c`, `\5c5c`},
		{"capital digits are no sequence", `\3A\5C`, `\3A\5C`},
		{"text like an escaped space first", `\20a`, `\5c20a`},
		{"not ASCII", `tréville@musketeers.example`, `tréville\40musketeers.example`},
		// §4.1 rule 6.
		{"spaces outside stay", ` a b `, ` a\20b `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := EscapeLocal(tt.plain); got != tt.escaped {
				t.Errorf("escaped: %s, want %s", got, tt.escaped)
			}
			if got := UnescapeLocal(tt.escaped); got != tt.plain {
				t.Errorf("unescaped: %s, want %s", got, tt.plain)
			}
		})
	}
	for _, s := range []string{`\20foo`, `foo\20`, `\20`} {
		if got := UnescapeLocal(s); got != s {
			t.Errorf("%s unescaped to %q, which an escaped local part cannot stand for", s, got)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{`d'artagnan`, `\5c20\`, ` \20 `, `\\5c\2`, "\xff\\3a", `\20`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := EscapeLocal(s)
		if got := UnescapeLocal(e); got != s {
			t.Fatalf("%q escapes to %q, which unescapes to %q", s, e, got)
		}
		for i := range len(e) {
			if i > 0 && i < len(e)-1 && e[i] == ' ' {
				t.Fatalf("%q escapes to %q with a space inside", s, e)
			}
			if e[i] != ' ' && e[i] > ' ' && e[i] < 0x7f && classes[e[i]]&inLocal == 0 {
				t.Fatalf("%q escapes to %q, which holds %q", s, e, e[i])
			}
		}
	})
}
