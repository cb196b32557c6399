package xmlscan

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// trace scans buf, shown to the scanner in the pieces that cuts say, and
// renders the tokens. An error ends the trace with its kind.
func trace(s *Scanner, buf []byte, cuts ...int) []string {
	var out []string
	var t Token
	for _, end := range append(cuts, len(buf)) {
		// Moved on every call: the scanner must hold no bytes.
		view := bytes.Clone(buf[:end])
		for {
			if err := s.Next(view, &t); err != nil {
				var e *Error
				if !errors.As(err, &e) {
					return append(out, "not an *Error")
				}
				return append(out, e.Kind.String()+": "+e.Reason)
			}
			if t.Type == More {
				break
			}
			out = append(out, render(s, view, &t))
		}
	}
	if !s.Idle() || s.Depth() > 0 {
		out = append(out, "unfinished")
	}
	return out
}

func render(s *Scanner, buf []byte, t *Token) string {
	src := buf[t.Off:t.End]
	switch t.Type {
	case Text:
		if t.Raw {
			src = AppendText(nil, src)
		}
		return fmt.Sprintf("text %q", src)
	case End:
		return "end"
	case Close:
		return "close"
	case Decl:
		return "decl"
	}
	name := string(buf[t.Off+1:][:t.NameLen])
	out := fmt.Sprintf("start {%s}%s", s.Space(buf, t.NS), name)
	if t.Type == Empty {
		out = "empty" + strings.TrimPrefix(out, "start")
	}
	for _, a := range s.Attrs()[t.Attr:] {
		out += fmt.Sprintf(" {%s}%s=%q", s.Space(buf, a.NS), buf[a.Name:][:a.Len], a.Value(buf))
	}
	return out
}

func scanDoc(doc string, lim Limits, cuts ...int) []string {
	var s Scanner
	s.Reset(nil, lim)
	return trace(&s, []byte(doc), cuts...)
}

// everyCut checks that the trace does not depend on how doc is cut.
func everyCut(t *testing.T, doc string, lim Limits, want []string) {
	t.Helper()
	drip := make([]int, 0, len(doc))
	for i := range len(doc) {
		if diff := cmp.Diff(want, scanDoc(doc, lim, i)); diff != "" {
			t.Fatalf("%q cut at %d: %s", doc, i, diff)
		}
		drip = append(drip, i)
	}
	if diff := cmp.Diff(want, scanDoc(doc, lim, drip...)); diff != "" {
		t.Fatalf("%q byte by byte: %s", doc, diff)
	}
}

func TestAccepts(t *testing.T) {
	rows := []struct {
		name, in string
		want     []string
	}{
		{"empty tag", `<a/>`, []string{"empty {}a"}},
		{"white space in tags", "<a \t b = \"1\"\n><c\r/></a \n>", []string{`start {}a {}b="1"`, "empty {}c", "end"}},
		{"white space around", "\n <a/> \t", []string{"empty {}a"}},
		{"declaration", `<?xml version="1.0" encoding='utf-8' standalone="no" ?><a/>`, []string{"decl", "empty {}a"}},
		{"declaration alone", "<?xml\tversion = '1.0'?>\n<a/>", []string{"decl", "empty {}a"}},
		{"text", "<a>x>]]y</a>", []string{"start {}a", `text "x>]]y"`, "end"}},
		{"references", `<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1f600;</a>`, []string{"start {}a", `text "<>&\"'A😀"`, "end"}},
		{"references in values", `<a b='&lt;&#10;&apos;'/>`, []string{`empty {}a {}b="<\n'"`}},
		{"line ends", "<a b='1\r\n2\t3'>4\r\n5\r6&#13;</a>", []string{`start {}a {}b="1 2 3"`, `text "4\n5\n6\r"`, "end"}},
		{"CDATA", "<a>1<![CDATA[<&>]]]]>2<![CDATA[]]></a>", []string{"start {}a", `text "1"`, `text "<&>]]"`, `text "2"`, `text ""`, "end"}},
		{"CDATA line ends", "<a><![CDATA[1\r\n2\r]]></a>", []string{"start {}a", `text "1\n2\n"`, "end"}},
		{"wide characters", "<a>é€😀\uFFFD\u0085\u007f</a>", []string{"start {}a", `text "é€😀` + "\uFFFD" + `\u0085\x7f"`, "end"}},
		{"wide names", "<élan ñ='1' a·b='2'/>", []string{`empty {}élan {}ñ="1" {}a·b="2"`}},
		{"zero width space in text", "<a>\uFEFF</a>", []string{"start {}a", `text "\ufeff"`, "end"}},
		{"default namespace", `<a xmlns='u'><b/><c xmlns=''/></a>`, []string{`start {u}a {` + xmlnsSpace + `}xmlns="u"`, "empty {u}b", `empty {}c {` + xmlnsSpace + `}xmlns=""`, "end"}},
		{"prefix", `<p:a q='1' p:q='2' xmlns:p='u&amp;v'><p:b/></p:a>`, []string{`start {u&v}p:a {}q="1" {u&v}p:q="2" {` + xmlnsSpace + `}xmlns:p="u&v"`, "empty {u&v}p:b", "end"}},
		{"prefix hidden", `<p:a xmlns:p='u'><p:b xmlns:p='v'/><p:c/></p:a>`, []string{`start {u}p:a {` + xmlnsSpace + `}xmlns:p="u"`, `empty {v}p:b {` + xmlnsSpace + `}xmlns:p="v"`, "empty {u}p:c", "end"}},
		{"xml prefix", `<a xml:lang='en'/>`, []string{`empty {}a {` + xmlSpace + `}xml:lang="en"`}},
		{"xml prefix declared", `<a xmlns:xml='` + xmlSpace + `'/>`, []string{`empty {}a {` + xmlnsSpace + `}xmlns:xml="` + xmlSpace + `"`}},
		{"siblings", `<a/><b></b>`, []string{"empty {}a", "start {}b", "end"}},
		{"other quote in value", `<a b="'" c='"'/>`, []string{`empty {}a {}b="'" {}c="\""`}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if diff := cmp.Diff(r.want, scanDoc(r.in, Limits{})); diff != "" {
				t.Fatal(diff)
			}
			everyCut(t, r.in, Limits{}, r.want)
		})
	}
}

// refusal is a document and the error it must give at every cut.
type refusal struct {
	name, in string
	kind     Kind
}

func refuses(t *testing.T, rows []refusal) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			got := scanDoc(r.in, Limits{})
			if last := got[len(got)-1]; !strings.HasPrefix(last, r.kind.String()+":") {
				t.Fatalf("got %q, want %s", got, r.kind)
			}
			everyCut(t, r.in, Limits{}, got)
		})
	}
}

func TestRefusesText(t *testing.T) {
	refuses(t, []refusal{
		{"comment", `<a><!-- x --></a>`, Restricted},
		{"processing instruction", `<a><?php x?></a>`, Restricted},
		{"processing instruction first", `<?php x?>`, Restricted},
		{"late declaration", ` <?xml version='1.0'?><a/>`, Restricted},
		{"second declaration", `<?xml version='1.0'?><?xml version='1.0'?>`, Restricted},
		{"document type", `<!DOCTYPE a><a/>`, Restricted},
		{"entity", `<a>&nbsp;</a>`, Restricted},
		{"entity in value", `<a b='&lol9;'/>`, Restricted},
		{"endless entity", `<a>&` + strings.Repeat("a", 50), Restricted},
		{"standalone", `<?xml version='1.0' standalone='yes'?>`, Restricted},
		{"version 1.1", `<?xml version='1.1'?>`, NotWellFormed},
		{"declaration order", `<?xml encoding='UTF-8' version='1.0'?>`, NotWellFormed},
		{"declaration with junk", `<?xml version='1.0' x='y'?>`, NotWellFormed},
		{"endless declaration", `<?xml ` + strings.Repeat(" ", 500), TooBig},
		{"other encoding", `<?xml version='1.0' encoding='UTF-16'?>`, Encoding},
		{"UTF-16 mark", "\xff\xfe<\x00", NotWellFormed},
		{"byte order mark", "\uFEFF<a/>", NotWellFormed},
		{"not UTF-8 in text", "<a>\xff</a>", Encoding},
		{"overlong", "<a>\xc0\x80</a>", Encoding},
		{"surrogate", "<a>\xed\xa0\x80</a>", Encoding},
		{"beyond Unicode", "<a>\xf4\x90\x80\x80</a>", Encoding},
		{"cut character", "<a>\xe2\x82</a>", Encoding},
		{"not UTF-8 in value", "<a b='\xe2\x82'/>", Encoding},
		{"not UTF-8 in name", "<a\xff/>", Encoding},
		{"control character", "<a>\x01</a>", NotWellFormed},
		{"control in value", "<a b='\x00'/>", NotWellFormed},
		{"noncharacter", "<a>\uFFFE</a>", NotWellFormed},
		{"control by reference", "<a>&#8;</a>", NotWellFormed},
		{"surrogate by reference", "<a>&#xD800;</a>", NotWellFormed},
		{"reference beyond Unicode", "<a>&#x110000;</a>", NotWellFormed},
		{"empty reference", "<a>&#;</a>", NotWellFormed},
		{"bare ampersand", "<a>a & b</a>", NotWellFormed},
		{"endless character reference", "<a>&#x" + strings.Repeat("0", 50), TooBig},
		{"]]> in text", "<a>x]]></a>", NotWellFormed},
		{"text outside", "x<a/>", NotWellFormed},
		{"CDATA outside", "<![CDATA[x]]>", NotWellFormed},
		{"malformed CDATA", "<a><![CDATX[", NotWellFormed},
	})
}

func TestRefusesTags(t *testing.T) {
	refuses(t, []refusal{
		{"'<' in value", "<a b='<'/>", NotWellFormed},
		{"unquoted value", "<a b=1/>", NotWellFormed},
		{"no value", "<a b/>", NotWellFormed},
		{"no space between attributes", "<a b='1'c='2'/>", NotWellFormed},
		{"attribute twice", "<a b='1' b='2'/>", NotWellFormed},
		{"attribute twice by namespace", "<a xmlns:p='u' xmlns:q='&#117;' p:b='1' q:b='2'/>", NotWellFormed},
		{"declaration twice", "<a xmlns:p='u' xmlns:p='u'/>", NotWellFormed},
		{"end tag mismatch", "<a></b>", NotWellFormed},
		{"end tag shorter", "<ab></a>", NotWellFormed},
		{"end tag longer", "<a></ab>", NotWellFormed},
		{"end tag with attribute", "<a></a b='1'>", NotWellFormed},
		{"end tag alone", "</a>", NotWellFormed},
		{"name with digit first", "<1a/>", NotWellFormed},
		{"space before name", "< a/>", NotWellFormed},
		{"two colons", "<a:b:c xmlns:a='u'/>", NotWellFormed},
		{"colon first", "<:a/>", NotWellFormed},
		{"colon last", "<a: xmlns:a='u'/>", NotWellFormed},
		{"digit after colon", "<a:1 xmlns:a='u'/>", NotWellFormed},
		{"sign in name", "<a×/>", NotWellFormed},
		{"slash in tag", "<a / >", NotWellFormed},
		{"undeclared prefix", "<foo:a/>", NotWellFormed},
		{"undeclared prefix of attribute", "<a foo:b='1'/>", NotWellFormed},
		{"prefix out of scope", "<a><p:b xmlns:p='u'/><p:c/></a>", NotWellFormed},
		{"prefix bound to nothing", "<a xmlns:p=''/>", NotWellFormed},
		{"xml rebound", "<a xmlns:xml='u'/>", NotWellFormed},
		{"xml namespace with other prefix", "<a xmlns:p='" + xmlSpace + "'/>", NotWellFormed},
		{"xml namespace as default", "<a xmlns='" + xmlSpace + "'/>", NotWellFormed},
		{"xmlns declared", "<a xmlns:xmlns='u'/>", NotWellFormed},
		{"xmlns namespace bound", "<a xmlns:p='" + xmlnsSpace + "'/>", NotWellFormed},
		{"xmlns as element prefix", "<xmlns:a/>", NotWellFormed},
	})
}

func TestLimits(t *testing.T) {
	many := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	rows := []struct {
		name     string
		lim      Limits
		fits, in string // the second is one over
	}{
		{"bytes", Limits{MaxBytes: 10}, " <a>123</a> <a>123</a>", " <a>1234</a>"},
		{"endless text", Limits{MaxBytes: 10}, "", "<a>" + strings.Repeat("x", 50)},
		{"endless name", Limits{MaxTag: 20}, "<" + strings.Repeat("n", 18) + ">", "<" + strings.Repeat("n", 50)},
		{"endless value", Limits{MaxTag: 20}, "<a b='12345678901'/>", "<a b='123456789012'/>"},
		{"endless space in tag", Limits{MaxTag: 20}, "<a" + strings.Repeat(" ", 16) + "/>", "<a" + strings.Repeat(" ", 50)},
		{"endless space in end tag", Limits{MaxTag: 20}, "", "<a></a" + strings.Repeat(" ", 50)},
		{"depth", Limits{MaxDepth: 3}, "<a><a><a/></a></a>", "<a><a><a><a/>"},
		{"attributes", Limits{MaxAttrs: 3}, "<a" + many(" a%d=''", 3) + "/>", "<a" + many(" a%d=''", 4) + "/>"},
		{"declarations", Limits{MaxNames: 3}, "<a xmlns='u'><b xmlns:c='d' xmlns:e='d'/><b xmlns:c='d' xmlns:e='d'/></a>", "<a xmlns='u'><b xmlns:c='d' xmlns:e='d' xmlns:f='d'/>"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			got := scanDoc(r.fits, r.lim)
			if strings.Contains(strings.Join(got, "\n"), "policy-violation") {
				t.Errorf("refused what fits: %q", got)
			}
			everyCut(t, r.fits, r.lim, got)
			got = scanDoc(r.in, r.lim)
			if len(got) == 0 || !strings.HasPrefix(got[len(got)-1], "policy-violation") {
				t.Fatalf("accepted one over: %q", got)
			}
			everyCut(t, r.in, r.lim, got)
		})
	}
}

func TestStream(t *testing.T) {
	const head = `<s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams'>`
	rows := []struct {
		name, in string
		want     []string
	}{
		{"elements", ` <presence/><s:features/></s:stream>`, []string{"empty {jabber:client}presence", "empty {http://etherx.jabber.org/streams}s:features", "close"}},
		{"text", `x`, []string{"bad-format: text between first-level elements"}},
		{"CDATA", `<![CDATA[x]]>`, []string{"bad-format: text between first-level elements"}},
		{"wrong end", `</stream>`, []string{"not-well-formed: end tag does not match"}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var s Scanner
			s.Reset(nil, Limits{})
			var tok Token
			if err := s.Next([]byte(head), &tok); err != nil || tok.Type != Start {
				t.Fatal(tok.Type, err)
			}
			s.Open([]byte(head))
			s.Drop(len(head))
			if diff := cmp.Diff(r.want, trace(&s, []byte(r.in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestErrorOffset pins where errors are reported, and that they stay.
func TestErrorOffset(t *testing.T) {
	var s Scanner
	s.Reset(nil, Limits{})
	var tok Token
	in := []byte("<a><b>\x01</b></a>")
	for tok.Type != More || s.err == nil {
		if s.Next(in, &tok) != nil {
			break
		}
	}
	err := s.Next([]byte("<fine/>"), &tok)
	var e *Error
	if !errors.As(err, &e) || e.Offset != 6 || e.Kind != NotWellFormed {
		t.Errorf("got %v, want not-well-formed at byte 6", err)
	}
}
