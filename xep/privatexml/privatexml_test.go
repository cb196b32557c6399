package privatexml_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/privatexml"
)

// elementOf reads XML that stands in a stanza.
func elementOf(t testing.TB, xml string) elem.Elem {
	t.Helper()
	tree, err := elem.Parse([]byte(xml), stanza.NSClient)
	if err != nil {
		t.Fatal(err)
	}
	return tree.Root()
}

func written(p stanza.Payload) string {
	w := elem.NewWriter(nil, stanza.NSClient)
	p.Encode(w)
	return string(w.Bytes())
}

func TestGolden(t *testing.T) {
	for _, tc := range []struct {
		name string
		want privatexml.Query
		xml  string
	}{
		{"nothing", privatexml.Query{}, `<query xmlns='jabber:iq:private'/>`},
		{"question", privatexml.Query{Elements: []privatexml.Element{privatexml.Ask(elem.Name{Space: "exodus:prefs", Local: "exodus"})}}, `<query xmlns='jabber:iq:private'><exodus xmlns='exodus:prefs'/></query>`},
		{"data", privatexml.Query{Elements: []privatexml.Element{{Name: elem.Name{Space: "x:y", Local: "a"}, Bytes: []byte(`<a xmlns='x:y' b='1'/>`)}, {Name: elem.Name{Space: "x:y", Local: "c"}, Bytes: []byte(`<c xmlns='x:y'>d</c>`)}}}, `<query xmlns='jabber:iq:private'><a xmlns='x:y' b='1'/><c xmlns='x:y'>d</c></query>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got privatexml.Query
			if err := got.Decode(elementOf(t, tc.xml)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if out := written(&tc.want); out != tc.xml {
				t.Errorf("written as %s", out)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`<p:query xmlns:p='jabber:iq:private' xmlns='x:y'><a/><p:b/></p:query>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, stanza.NSClient)
		if err != nil {
			return
		}
		var first, again privatexml.Query
		if first.Decode(tree.Root()) != nil {
			return
		}
		out := written(&first)
		if err := again.Decode(elementOf(t, out)); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if written(&again) != out {
			t.Errorf("%s was written again as %s", out, written(&again))
		}
	})
}

// What is stored means the same later, wherever its namespaces were declared.
func TestDecodeTakesNamespacesAlong(t *testing.T) {
	var q privatexml.Query
	if err := q.Decode(elementOf(t, `<p:query xmlns:p='jabber:iq:private' xmlns:q='x:q' xmlns='x:y'><a q:b='1'/></p:query>`)); err != nil {
		t.Fatal(err)
	}
	e := elementOf(t, written(&q)).First()
	if v, _ := e.LookupAttr("x:q", "b"); e.Name() != (elem.Name{Space: "x:y", Local: "a"}) || v != "1" {
		t.Errorf("written as %s", written(&q))
	}
}
