package elem

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/xmlscan"
)

func mustParse(t *testing.T, s, outer string) *Tree {
	t.Helper()
	tree, err := Parse([]byte(s), outer)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return tree
}

func TestReading(t *testing.T) {
	tree := mustParse(t, `<message to='juliet@capulet.example' xml:lang='en' xmlns:p='urn:p' p:to='x'><body>a &amp; b</body>`+
		`<p:x k='1'><p:y/><z xmlns='urn:z'/></p:x>tail<body>second</body></message>`, "jabber:client")
	m := tree.Root()
	if !m.Is("jabber:client", "message") || m.Is("", "message") || m.Name() != (Name{"jabber:client", "message"}) {
		t.Error("name:", m.Name())
	}
	if m.Attr("to") != "juliet@capulet.example" || m.Attr("lang") != "" || m.Attr("xmlns:p") != "" || m.Lang() != "en" {
		t.Error("attributes:", m.Attr("to"), m.Attr("lang"), m.Attr("xmlns:p"), m.Lang())
	}
	if v, ok := m.LookupAttr("urn:p", "to"); !ok || v != "x" {
		t.Error("LookupAttr:", v, ok)
	}
	if _, ok := m.LookupAttr("http://www.w3.org/2000/xmlns/", "p"); ok {
		t.Error("a declaration passed for an attribute")
	}
	var names []Name
	for n := range m.Attrs() {
		names = append(names, n)
	}
	want := []Name{{"", "to"}, {"http://www.w3.org/XML/1998/namespace", "lang"}, {"urn:p", "to"}}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if m.ChildText("jabber:client", "body") != "a & b" || m.Text() != "tail" {
		t.Errorf("text: %q, %q", m.ChildText("jabber:client", "body"), m.Text())
	}
	x := m.Child("urn:p", "x")
	if x.Prefix() != "p" || x.First().Next().Name() != (Name{"urn:z", "z"}) || x.First().Next().Next().Ok() {
		t.Error("children of x")
	}
	if got := slices.Collect(m.Children()); len(got) != 3 || got[2].Text() != "second" || got[2].Next().Ok() {
		t.Error("children:", len(got))
	}
	if string(x.Inner()) != "<p:y/><z xmlns='urn:z'/>" || !bytes.Equal(m.Raw(), tree.raw) {
		t.Errorf("inner: %s", x.Inner())
	}
}

func TestDeclaredNS(t *testing.T) {
	rows := []struct {
		name, in, ns string
		ok           bool
	}{
		{"declared", `<p:a xmlns:p='u' xmlns='v'/>`, "v", true},
		{"emptied", `<a xmlns=''/>`, "", true},
		{"prefix only", `<p:a xmlns:p='u'/>`, "", false},
		{"inherited", `<a/>`, "", false},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if ns, ok := mustParse(t, r.in, "outer").Root().DeclaredNS(); ns != r.ns || ok != r.ok {
				t.Errorf("got %q, %v", ns, ok)
			}
		})
	}
}

func TestAbsent(t *testing.T) {
	e := (*Tree)(nil).Root().Child("", "x").First().Next()
	if e.Ok() || e.Name() != (Name{}) || e.Prefix() != "" || e.Is("", "") || e.Attr("a") != "" || e.Lang() != "" ||
		e.ChildText("", "x") != "" || e.Text() != "" || e.Raw() != nil || e.Inner() != nil {
		t.Error("the absent element has something")
	}
	if _, ok := e.LookupAttr("", "a"); ok || len(slices.Collect(e.Children())) > 0 || e.AppendTo(nil, "") != nil {
		t.Error("the absent element has something")
	}
	for range e.Attrs() {
		t.Error("the absent element has attributes")
	}
	if !e.SelfContained() || !e.Equal(Elem{}) || e.Equal(mustParse(t, "<a/>", "").Root()) {
		t.Error("equality of the absent element")
	}
}

// TestViews: strings without anything to resolve share the tree's bytes.
func TestViews(t *testing.T) {
	b := []byte(`<a k='value' e='&amp;'>text</a>`)
	tree, err := Parse(b, "")
	if err != nil {
		t.Fatal(err)
	}
	r := tree.Root()
	for _, s := range []string{r.Local(), r.Attr("k"), r.Text()} {
		at := bytes.Index(b, []byte(s))
		if unsafe.StringData(s) != &b[at] {
			t.Errorf("%q is a copy", s)
		}
	}
	if n := testing.AllocsPerRun(10, func() { _, _, _, _ = r.Local(), r.Space(), r.Attr("k"), r.Text() }); n != 0 {
		t.Errorf("%v allocations to read", n)
	}
}

func TestAppendTo(t *testing.T) {
	const in = `<s xmlns='c' xmlns:p='urn:p' xmlns:q="it's"><plain/><own xmlns='o'><x/></own><p:e a='1'/><p:e xmlns='o'><y/></p:e>` +
		`<z p:k='1' q:k='2'><p:w xmlns:p='other'/></z><none xmlns=''/><xml:a><y/></xml:a></s>`
	rows := []struct {
		name, outer string
		child       int
		want        string
		contained   bool
	}{
		{"same default", "c", 0, `<plain/>`, false},
		{"other default", "d", 0, `<plain xmlns='c'/>`, false},
		{"own default", "d", 1, `<own xmlns='o'><x/></own>`, true},
		{"prefix", "d", 2, `<p:e xmlns:p='urn:p' a='1'/>`, false},
		{"prefix and own default", "d", 3, `<p:e xmlns:p='urn:p' xmlns='o'><y/></p:e>`, false},
		{"prefixes of attributes", "c", 4, `<z xmlns:p='urn:p' xmlns:q='it&apos;s' p:k='1' q:k='2'><p:w xmlns:p='other'/></z>`, false},
		{"no namespace", "d", 5, `<none xmlns=''/>`, true},
		{"prefix xml", "d", 6, `<xml:a xmlns='c'><y/></xml:a>`, false},
	}
	children := slices.Collect(mustParse(t, in, "").Root().Children())
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			e := children[r.child]
			if got := string(e.AppendTo(nil, r.outer)); got != r.want {
				t.Errorf("got %s, want %s", got, r.want)
			}
			if e.SelfContained() != r.contained {
				t.Error("SelfContained:", e.SelfContained())
			}
		})
	}
}

func TestEqual(t *testing.T) {
	rows := []struct {
		name, a, b string
		want       bool
	}{
		{"attribute order", `<a b='1' c='2'/>`, `<a c="2" b="1"></a>`, true},
		{"prefix", `<p:a xmlns:p='u' p:k='1'/>`, `<a xmlns='u' xmlns:q='u' q:k='1'/>`, true},
		{"escaping", `<a>&lt;x</a>`, `<a><![CDATA[<]]>&#x78;</a>`, true},
		{"namespace", `<a xmlns='u'/>`, `<a xmlns='v'/>`, false},
		{"name", `<a/>`, `<b/>`, false},
		{"attribute value", `<a b='1'/>`, `<a b='2'/>`, false},
		{"attribute more", `<a b='1'/>`, `<a b='1' c=''/>`, false},
		{"attribute less", `<a b='1' c=''/>`, `<a b='1'/>`, false},
		{"attribute namespace", `<a xmlns:p='u' p:k='1'/>`, `<a k='1'/>`, false},
		{"white space", `<a> <b/></a>`, `<a><b/></a>`, false},
		{"place of text", `<a>x<b/></a>`, `<a><b/>x</a>`, false},
		{"child more", `<a><b/></a>`, `<a><b/><b/></a>`, false},
		{"child order", `<a><b/><c/></a>`, `<a><c/><b/></a>`, false},
		{"deep", `<a><b><c>1</c></b></a>`, `<a><b><c>2</c></b></a>`, false},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			a, b := mustParse(t, r.a, "").Root(), mustParse(t, r.b, "").Root()
			if a.Equal(b) != r.want || b.Equal(a) != r.want {
				t.Error("Equal:", a.Equal(b), b.Equal(a))
			}
		})
	}
}

func TestFragment(t *testing.T) {
	rows := []struct {
		name, in string
		want     []string // nil: refused
	}{
		{"none", "", []string{}},
		{"white space", " \n", []string{}},
		{"one", "<a/>", []string{"a"}},
		{"several", " <a><b/></a>\n<c>x</c> ", []string{"a", "c"}},
		{"text", "<a/>x", nil},
		{"unfinished", "<a><b/>", nil},
		{"half a tag", "<a/><b", nil},
		{"declaration", "<?xml version='1.0'?><a/>", nil},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			tree, err := ParseFragment([]byte(r.in), "u")
			if r.want == nil {
				if err == nil {
					t.Fatal("accepted")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			root, got := tree.Root(), []string{}
			for c := range root.Children() {
				got = append(got, c.Local())
				if c.Space() != "u" {
					t.Error("namespace:", c.Space())
				}
			}
			if diff := cmp.Diff(r.want, got); diff != "" {
				t.Error(diff)
			}
			if !root.Ok() || root.Name() != (Name{}) || string(root.Raw()) != r.in || root.Next().Ok() {
				t.Error("virtual root:", root.Name())
			}
			back, err := ParseFragment(root.AppendTo(nil, ""), "")
			if err != nil || len(slices.Collect(back.Root().Children())) != len(got) {
				t.Error("AppendTo:", err)
			}
		})
	}
}

// TestSpill: a tree larger than the inline tables, in a Tree used again.
func TestSpill(t *testing.T) {
	tree := new(Tree)
	big := strings.Repeat("<item a='1' b='2'><sub/></item>", 100)
	for _, in := range []string{big, "<small/>", big} {
		if err := tree.ParseFragmentInto([]byte(in), ""); err != nil {
			t.Fatal(err)
		}
		n := 0
		for c := range tree.Root().Children() {
			if in == big && (c.Attr("b") != "2" || c.First().Local() != "sub") {
				t.Fatal("item", n)
			}
			n++
		}
		if want := strings.Count(in, "<item") + strings.Count(in, "<small"); n != want {
			t.Errorf("%d children, want %d", n, want)
		}
	}
	if err := tree.ParseFragmentInto([]byte("<"), ""); err == nil || tree.Root().Ok() {
		t.Error("a failed parse left something")
	}
}

func TestParseRefuses(t *testing.T) {
	rows := []struct {
		name, in string
		kind     xmlscan.Kind
	}{
		{"nothing", "", xmlscan.NotWellFormed},
		{"white space", " ", xmlscan.NotWellFormed},
		{"two elements", "<a/><b/>", xmlscan.NotWellFormed},
		{"unfinished", "<a>", xmlscan.NotWellFormed},
		{"unfinished tag", "<a", xmlscan.NotWellFormed},
		{"tail", "<a/>x", xmlscan.NotWellFormed},
		{"too deep", strings.Repeat("<a>", 101), xmlscan.TooBig},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			tree, err := Parse([]byte(r.in), "")
			if e, ok := err.(*xmlscan.Error); !ok || e.Kind != r.kind || tree != nil {
				t.Errorf("got %v, want %s", err, r.kind)
			}
		})
	}
}
