package jid

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func compareURI() cmp.Option {
	return cmp.Options{
		cmp.Comparer(func(a, b JID) bool { return a == b }),
		cmp.Comparer(func(a, b Bare) bool { return a == b }),
	}
}

func TestParseURI(t *testing.T) {
	support, guest := MustParse("support@example.com"), MustBare("guest@example.com")
	tests := []struct {
		name, in string
		want     URI
		out      string // "" = the same as in
	}{
		// RFC 5122 §2.
		{"address", "xmpp:node@example.com", URI{Target: MustParse("node@example.com")}, ""},
		{"authority alone", "xmpp://guest@example.com", URI{Authority: guest}, ""},
		{"target alone", "xmpp:guest@example.com", URI{Target: guest.JID()}, ""},
		{"both and action", "xmpp://guest@example.com/support@example.com?message",
			URI{Authority: guest, Target: support, Action: "message"}, ""},
		{"action", "xmpp:support@example.com?message", URI{Target: support, Action: "message"}, ""},
		{"resource", "xmpp:example-node@example.com/some-resource", URI{Target: MustParse("example-node@example.com/some-resource")}, ""},
		{"domain", "xmpp:example.com", URI{Target: MustParse("example.com")}, ""},
		{"pair", "xmpp:support@example.com?message;subject=Hello%20World",
			URI{Target: support, Action: "message", Params: []Param{{"subject", "Hello World"}}}, ""},
		{"nasty", "xmpp:nasty!%23$%25()*+,-.;=%3F%5B%5C%5D%5E_%60%7B%7C%7D~node@example.com",
			URI{Target: MustParse("nasty!#$%()*+,-.;=?[\\]^_`{|}~node@example.com")}, ""},
		{"repulsive", "xmpp:node@example.com/repulsive%20!%23%22$%25&'()*+,-.%2F:;%3C=%3E%3F%40%5B%5C%5D%5E_%60%7B%7C%7D~resource",
			URI{Target: MustParse("node@example.com/repulsive !#\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~resource")}, ""},
		{"Czech URI", "xmpp:ji%C5%99i@%C4%8Dechy.example/v%20Praze", URI{Target: MustParse("ji\u0159i@\u010dechy.example/v Praze")}, ""},
		{"Czech IRI", "xmpp:ji\u0159i@\u010dechy.example/v%20Praze", URI{Target: MustParse("ji\u0159i@\u010dechy.example/v Praze")},
			"xmpp:ji%C5%99i@%C4%8Dechy.example/v%20Praze"},

		{"scheme in capitals", "XMPP:Romeo@Montague.example", URI{Target: MustParse("romeo@montague.example")}, "xmpp:romeo@montague.example"},
		{"pairs without action", "xmpp:pubsub.example?;node=a;item=b",
			URI{Target: MustParse("pubsub.example"), Params: []Param{{"node", "a"}, {"item", "b"}}}, ""},
		{"encoded separators in a value", "xmpp:a.example?x;k=%3B%3D%26%23%3F+",
			URI{Target: MustParse("a.example"), Action: "x", Params: []Param{{"k", ";=&#?+"}}}, "xmpp:a.example?x;k=%3B%3D%26%23%3F%2B"},
		{"key without value", "xmpp:a.example?x;k;;y=z",
			URI{Target: MustParse("a.example"), Action: "x", Params: []Param{{"k", ""}, {"y", "z"}}}, "xmpp:a.example?x;k=;y=z"},
		{"empty query", "xmpp:a.example?", URI{Target: MustParse("a.example")}, "xmpp:a.example"},
		{"fragment", "xmpp:a.example?x#f?/%20", URI{Target: MustParse("a.example"), Action: "x", Fragment: "f?/ "}, ""},
		{"IP literal", "xmpp:a@[fe80::1%25en0]/r", URI{Target: MustParse("a@[fe80::1%25en0]/r")}, ""},
		{"plain separators in resource", "xmpp:room@muc.example/a/b@c", URI{Target: MustParse("room@muc.example/a/b@c")},
			"xmpp:room@muc.example/a%2Fb%40c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseURI(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got, compareURI()); d != "" {
				t.Error(d)
			}
			out := tt.out
			if out == "" {
				out = tt.in
			}
			if got.String() != out {
				t.Errorf("written as\n%s, want\n%s", got, out)
			}
		})
	}
}

func TestParseURIRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		want     Error
	}{
		{"empty", "", Error{PartURI, BadScheme}},
		{"other scheme", "mailto:romeo@montague.example", Error{PartURI, BadScheme}},
		{"no scheme", "romeo@montague.example", Error{PartURI, BadScheme}},
		{"nothing behind the scheme", "xmpp:", Error{PartDomain, Empty}},
		{"query alone", "xmpp:?join", Error{PartDomain, Empty}},
		{"encoded at sign in local part", "xmpp:a%40b@example.com", Error{PartLocal, Disallowed}},
		{"encoded at sign is no separator", "xmpp:a%40example.com", Error{PartDomain, Disallowed}},
		{"encoded slash is no separator", "xmpp:example.com%2Fa", Error{PartDomain, Disallowed}},
		{"empty local part", "xmpp:@example.com", Error{PartLocal, Empty}},
		{"empty resource", "xmpp:example.com/", Error{PartResource, Empty}},
		{"authority without local part", "xmpp://example.com", Error{PartLocal, Empty}},
		{"authority with empty local part", "xmpp://@example.com", Error{PartLocal, Empty}},
		{"authority with bad domain", "xmpp://a@b_c/d.example", Error{PartDomain, Disallowed}},
		{"slash behind authority", "xmpp://a@b.example/", Error{PartDomain, Empty}},
		{"port", "xmpp:a@b.example:5222", Error{PartDomain, Disallowed}},
		{"short escape", "xmpp:a@b.example/%2", Error{PartURI, BadEscape}},
		{"escape of other letters", "xmpp:%zz@b.example", Error{PartURI, BadEscape}},
		{"escape in action", "xmpp:b.example?%", Error{PartURI, BadEscape}},
		{"escape in key", "xmpp:b.example?x;%4=1", Error{PartURI, BadEscape}},
		{"escape in value", "xmpp:b.example?x;a=%4x", Error{PartURI, BadEscape}},
		{"escape in fragment", "xmpp:b.example#%", Error{PartURI, BadEscape}},
		{"escape in domain", "xmpp:%", Error{PartURI, BadEscape}},
		{"not UTF-8", "xmpp:b.example?x;a=%ff", Error{PartURI, NotUTF8}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if u, err := ParseURI(tt.in); err != tt.want {
				t.Errorf("got %+v, %v; want %v", u, err, tt.want)
			}
		})
	}
}

func TestURIParam(t *testing.T) {
	u, err := ParseURI("xmpp:room@muc.example?join;password=a;password=b")
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := u.Param("password"); v != "a" || !ok {
		t.Errorf("password %q, %v", v, ok)
	}
	if v, ok := u.Param("nick"); v != "" || ok {
		t.Errorf("nick %q, %v", v, ok)
	}
}

func TestIRI(t *testing.T) {
	u := URI{Target: MustParse("ji\u0159i@\u010dechy.example/v Praze"), Action: "message", Params: []Param{{"body", "čau lidi"}}}
	if got, want := u.IRI(), "xmpp:ji\u0159i@\u010dechy.example/v%20Praze?message;body=čau%20lidi"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzURI(f *testing.F) {
	for _, s := range []string{
		"xmpp:a@b.example/c?join;x=y;z#f", "xmpp://a@b.example/c@d.example?;=;", "XMPP:%C4%8Dechy.example/%2f%40",
		"xmpp:[::1%25a]", "xmpp:a.example?%3b;%3d=%3b#%23", "xmpp:\u010d.example",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ParseURI(s)
		if err != nil {
			return
		}
		for _, text := range []string{u.String(), u.IRI()} {
			v, err := ParseURI(text)
			if err != nil {
				t.Fatalf("%q is written as %q: %v", s, text, err)
			}
			if d := cmp.Diff(u, v, compareURI()); d != "" {
				t.Fatalf("%q is written as %q: %s", s, text, d)
			}
		}
		for i := range len(u.String()) {
			if c := u.String()[i]; c <= ' ' || c > '~' {
				t.Fatalf("%q is written as %q", s, u.String())
			}
		}
	})
}
