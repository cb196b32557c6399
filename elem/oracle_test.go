package elem

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stonechat-im/stonechat/xmlscan"
)

// canon renders an element so that equal meaning gives equal text.
func canon(e Elem) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{%s}%s", e.Space(), e.Local())
	var attrs []string
	for name, v := range e.Attrs() {
		attrs = append(attrs, canonAttr(name, v))
	}
	slices.Sort(attrs)
	fmt.Fprintf(&b, "%s(", attrs)
	at := e.node().body
	for c := range e.Children() {
		b.Write(e.appendText(nil, at, c.node().off))
		b.WriteString(canon(c))
		at = c.node().end
	}
	b.Write(e.appendText(nil, at, e.node().bodyEnd))
	b.WriteByte(')')
	return b.String()
}

// canonAttr levels white space, which encoding/xml does not normalise.
func canonAttr(name Name, v string) string {
	v = strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(v)
	return fmt.Sprintf("{%s}%s=%q", name.Space, name.Local, v)
}

// oracle parses with encoding/xml, which knows tokens only: the rules of
// Namespaces in XML and of RFC 6120 §11.1 are written out here once more.
type oracle struct {
	out    strings.Builder
	scopes []map[string]string
	open   []xml.Name
	roots  int
}

var errSubset = errors.New("outside of the subset")

func (o *oracle) parse(b []byte) (string, error) {
	o.scopes = []map[string]string{{"": "outer", "xml": "http://www.w3.org/XML/1998/namespace"}}
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		at := d.InputOffset()
		tok, err := d.RawToken()
		if err == io.EOF {
			if o.roots != 1 || len(o.open) > 0 {
				return "", errSubset
			}
			return o.out.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			err = o.start(tok)
		case xml.EndElement:
			err = o.end(tok.Name)
		case xml.CharData:
			err = o.text(tok, b[at:d.InputOffset()])
		case xml.ProcInst:
			if at != 0 || tok.Target != "xml" {
				err = errSubset
			}
		default:
			err = errSubset
		}
		if err != nil {
			return "", err
		}
	}
}

func (o *oracle) text(data, src []byte) error {
	if len(o.open) > 0 {
		o.out.Write(data)
	} else if len(bytes.Trim(src, " \t\r\n")) > 0 {
		return errSubset
	}
	return nil
}

func (o *oracle) end(name xml.Name) error {
	n := len(o.open)
	if n == 0 || o.open[n-1] != name {
		return errSubset
	}
	o.out.WriteByte(')')
	o.open, o.scopes = o.open[:n-1], o.scopes[:n]
	return nil
}

func (o *oracle) start(tok xml.StartElement) error {
	if len(o.open) == 0 {
		o.roots++
	}
	scope := map[string]string{}
	for k, v := range o.scopes[len(o.scopes)-1] {
		scope[k] = v
	}
	seen := map[xml.Name]bool{}
	for _, a := range tok.Attr {
		if seen[a.Name] {
			return errSubset
		}
		seen[a.Name] = true
		if err := declareIn(scope, a); err != nil {
			return err
		}
	}
	o.scopes, o.open = append(o.scopes, scope), append(o.open, tok.Name)
	name, err := expand(scope, tok.Name, scope[""])
	if err != nil {
		return err
	}
	attrs := []string{}
	names := map[Name]bool{}
	for _, a := range tok.Attr {
		if a.Name.Space == "xmlns" || a.Name == (xml.Name{Local: "xmlns"}) {
			continue
		}
		n, err := expand(scope, a.Name, "")
		if err != nil || names[n] {
			return errSubset
		}
		names[n] = true
		attrs = append(attrs, canonAttr(n, a.Value))
	}
	slices.Sort(attrs)
	fmt.Fprintf(&o.out, "{%s}%s%s(", name.Space, name.Local, attrs)
	return nil
}

func declareIn(scope map[string]string, a xml.Attr) error {
	const xmlSpace, xmlnsSpace = "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"
	// Declared names are attribute values: their white space is normalised.
	uri := strings.NewReplacer("\r\n", " ", "\t", " ", "\n", " ", "\r", " ").Replace(a.Value)
	prefix := a.Name.Local
	switch {
	case a.Name.Space == "" && a.Name.Local == "xmlns":
		prefix = ""
	case a.Name.Space != "xmlns":
		return nil
	case uri == "":
		return errSubset
	}
	if prefix == "xmlns" || uri == xmlnsSpace || (prefix == "xml") != (uri == xmlSpace) ||
		prefix != "" && strings.ContainsAny(prefix[:1], "-.0123456789") || strings.Contains(prefix, ":") {
		return errSubset
	}
	scope[prefix] = uri
	return nil
}

func expand(scope map[string]string, n xml.Name, def string) (Name, error) {
	if strings.Contains(n.Local, ":") || strings.Contains(n.Space, ":") || strings.ContainsAny(n.Local[:1], "-.0123456789") {
		return Name{}, errSubset
	}
	if n.Space == "" {
		return Name{def, n.Local}, nil
	}
	uri, ok := scope[n.Space]
	if !ok {
		return Name{}, errSubset
	}
	return Name{uri, n.Local}, nil
}

// stricter says that encoding/xml accepts what XML does not, or has no such
// limit, where we gave this reason.
func stricter(err error) bool {
	var e *xmlscan.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Kind == xmlscan.TooBig || strings.Contains(e.Reason, "white space before") || e.Reason == "XML declaration" ||
		e.Reason == "reference" || e.Kind == xmlscan.Restricted && strings.Contains(e.Reason, "instruction")
}

func differential(t *testing.T, in []byte) *Tree {
	t.Helper()
	tree, err := Parse(in, "outer")
	want, oerr := new(oracle).parse(in)
	switch {
	case err == nil && oerr == nil:
		if got := canon(tree.Root()); got != want {
			t.Fatalf("%q\n got %s\nwant %s", in, got, want)
		}
	case err == nil && !wideName(tree.Root()):
		t.Fatalf("%q: accepted, encoding/xml says %v", in, oerr)
	case err != nil && oerr == nil && !stricter(err):
		t.Fatalf("%q: encoding/xml accepts it, we say %v", in, err)
	}
	return tree
}

// wideName reports names outside of ASCII: encoding/xml has those of the
// fourth edition of XML, we those of the fifth.
func wideName(e Elem) bool {
	wide := func(s string) bool { return strings.ContainsFunc(s, func(r rune) bool { return r > 0x7F }) }
	for i := range e.t.nodes {
		n := &e.t.nodes[i]
		if wide(e.t.str(n.off+1, uint32(n.nameLen))) {
			return true
		}
	}
	return slices.ContainsFunc(e.t.attrs, func(a xmlscan.Attr) bool { return wide(e.t.str(a.Name, uint32(a.Len))) })
}

// seeds are documents of all kinds, most of them well-formed.
var seeds = []string{
	chatMessage, capsPresence,
	"<a/>", "<a>&lt;<![CDATA[<&]]>x\r\ny</a>", "<a b='\t&#9;&#x41;\r\n' c=\"'\"/>",
	"<?xml version='1.0'?><p:a xmlns:p='u' p:b='1' b='2'><p:c xmlns:p='v' xmlns='w'><d/><p:e/></p:c><f p:g=''/></p:a>",
	"<a xmlns='u'><b xmlns=''><c/></b>text<d xml:lang='en'/>tail</a>",
	"<a xmlns:p='x' xmlns:q='x' p:b='1' q:b='2'/>", "<a><b></a></b>", "<a>]]></a>", "<a/><b/>", "<élan/>",
	"<xml:a xmlns='v'><b/></xml:a>", "<a xmlns:p='a&amp;b' ><p:b c='&quot;'/></a>", "<a><!-- --></a>", "<!DOCTYPE a><a/>",
	"<a>&nbsp;</a>", "<a b='1'c='2'/>", "<a>\xff</a>", "<a:b/>", "<a xmlns:b=''/>",
}

// FuzzParse compares with encoding/xml, then checks that every element means
// the same wherever AppendTo puts it.
func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		tree := differential(t, in)
		if tree == nil {
			return
		}
		for i := range tree.nodes {
			moves(t, Elem{tree, int32(i)})
		}
	})
}

func moves(t *testing.T, e Elem) {
	t.Helper()
	for _, outer := range []string{"", "outer", "else", e.Space()} {
		out := e.AppendTo([]byte("."), outer)[1:]
		back, err := Parse(out, outer)
		if err != nil {
			t.Fatalf("%q in %q: %q does not parse: %v", e.Raw(), outer, out, err)
		}
		if !back.Root().Equal(e) || !e.Equal(back.Root()) || canon(back.Root()) != canon(e) {
			t.Fatalf("%q in %q: %q means %s, not %s", e.Raw(), outer, out, canon(back.Root()), canon(e))
		}
		if e.SelfContained() && !bytes.Equal(out, e.Raw()) {
			t.Fatalf("%q is self-contained but became %q", e.Raw(), out)
		}
	}
}
