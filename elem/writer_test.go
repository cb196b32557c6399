package elem

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWriter(t *testing.T) {
	embedded := mustParse(t, `<s xmlns='c' xmlns:p='u'><p:e/><plain/></s>`, "").Root()
	rows := []struct {
		name, outer string
		write       func(w *Writer)
		want        string
	}{
		{"empty", "", func(w *Writer) { w.Start("", "a"); w.End() }, `<a/>`},
		{"outer namespace", "c", func(w *Writer) { w.Start("c", "a"); w.End() }, `<a/>`},
		{"own namespace", "c", func(w *Writer) { w.Start("d", "a"); w.Elem("d", "b", ""); w.End() }, `<a xmlns='d'><b/></a>`},
		{"no namespace", "c", func(w *Writer) { w.Elem("", "a", "x") }, `<a xmlns=''>x</a>`},
		{"back to the outer", "c", func(w *Writer) { w.Start("d", "a"); w.Elem("c", "b", ""); w.End(); w.Elem("c", "e", "") },
			`<a xmlns='d'><b xmlns='c'/></a><e/>`},
		{"namespace escaped", "", func(w *Writer) { w.Elem("a'&", "a", "") }, `<a xmlns='a&apos;&amp;'/>`},
		{"attributes", "", func(w *Writer) {
			w.Start("", "a")
			w.Attr("b", "")
			w.OptAttr("c", "")
			w.OptAttr("d", "<\"'&>\t\n\r")
			w.IntAttr("e", -9223372036854775808)
			w.Lang("")
			w.Lang("en")
			w.End()
		}, `<a b='' d='&lt;&quot;&apos;&amp;&gt;&#9;&#10;&#13;' e='-9223372036854775808' xml:lang='en'/>`},
		{"text", "", func(w *Writer) { w.Elem("", "a", "<\"'&>\t\n\r]]>é") }, "<a>&lt;\"'&amp;&gt;\t\n&#13;]]&gt;é</a>"},
		{"empty text", "", func(w *Writer) { w.Start("", "a"); w.Text(""); w.Attr("b", "1"); w.End() }, `<a b='1'/>`},
		{"illegal characters", "", func(w *Writer) { w.Elem("", "a", "\x00\x1f\xff\uFFFE\U0010FFFF") }, "<a>\uFFFD\uFFFD\uFFFD\uFFFD\U0010FFFF</a>"},
		{"copy", "c", func(w *Writer) { w.Start("d", "a"); w.Copy(embedded.First()); w.Copy(embedded.First().Next()); w.End() },
			`<a xmlns='d'><p:e xmlns:p='u'/><plain xmlns='c'/></a>`},
		{"copy nothing", "c", func(w *Writer) { w.Start("c", "a"); w.Copy(Elem{}); w.Raw(nil); w.End() }, `<a/>`},
		{"raw", "c", func(w *Writer) { w.Start("c", "a"); w.Raw([]byte(`<x/>`)); w.End() }, `<a><x/></a>`},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := NewWriter([]byte("."), r.outer)
			r.write(w)
			if got := string(w.Bytes()); got != "."+r.want {
				t.Errorf("got %s\nwant .%s", got, r.want)
			}
			if _, err := ParseFragment(w.Bytes()[1:], r.outer); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWriterDepth(t *testing.T) {
	var w Writer
	for range 3 { // used again
		w.Reset(nil, "")
		for i := range 30 {
			w.Start(strings.Repeat("u", i/3), "a")
		}
		for range 30 {
			w.End()
		}
		e, depth := mustParse(t, string(w.Bytes()), "").Root(), 0
		for ; e.Ok(); e = e.First() {
			if want := strings.Repeat("u", depth/3); e.Space() != want {
				t.Errorf("depth %d: namespace %q, want %q", depth, e.Space(), want)
			}
			depth++
		}
		if depth != 30 {
			t.Errorf("%d elements, want 30", depth)
		}
	}
}

func TestWriterOutOfOrder(t *testing.T) {
	rows := []struct {
		name string
		call func(w *Writer)
	}{
		{"attribute first", func(w *Writer) { w.Attr("a", "") }},
		{"attribute after text", func(w *Writer) { w.Start("", "a"); w.Text("x"); w.Attr("a", "") }},
		{"attribute after child", func(w *Writer) { w.Start("", "a"); w.Elem("", "b", ""); w.Attr("a", "") }},
		{"end first", func(w *Writer) { w.End() }},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			r.call(new(Writer))
		})
	}
}

func TestDeclaration(t *testing.T) {
	mustParse(t, string(append(Declaration(nil), "<a/>"...)), "")
}

// FuzzWriter: whatever the values, the output parses and gives them back.
func FuzzWriter(f *testing.F) {
	f.Add("urn:a", "urn:b", "<&>'\"\t\r\n", "]]>")
	f.Add("", "a&b", "\x00\xff", "\uFFFE\xed\xa0\x80é")
	f.Fuzz(func(t *testing.T, space, outer, value, text string) {
		if reserved(space) || reserved(outer) {
			t.Skip("namespaces that may not be the default")
		}
		w := NewWriter(nil, outer)
		w.Start(space, "a")
		w.Attr("k", value)
		w.Text(text)
		w.Elem(outer, "b", value)
		w.End()
		tree, err := Parse(w.Bytes(), outer)
		if err != nil {
			if len(space)+len(outer)+len(value) > 5000 {
				t.Skip("over the limit of a tag")
			}
			t.Fatalf("%q: %v", w.Bytes(), err)
		}
		r := tree.Root()
		if r.Attr("k") != legal(value) || r.Text() != legal(text) || r.First().Text() != legal(value) {
			t.Errorf("%q: values changed", w.Bytes())
		}
		if legal(space) == space && legal(outer) == outer && (!r.Is(space, "a") || !r.First().Is(outer, "b")) {
			t.Errorf("%q: namespaces changed", w.Bytes())
		}
	})
}

func reserved(space string) bool {
	return space == "http://www.w3.org/XML/1998/namespace" || space == "http://www.w3.org/2000/xmlns/"
}

// legal replaces what XML 1.0 §2.2 excludes.
func legal(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") || r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			r = '\uFFFD'
		}
		b.WriteRune(r)
	}
	return b.String()
}
