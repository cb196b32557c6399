package version_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/version"
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
		want version.Query
		xml  string
	}{
		{"question", version.Query{}, `<query xmlns='jabber:iq:version'/>`},
		{"answer", version.Query{Software: "Globe", Version: "1.0", OS: "Thames"}, `<query xmlns='jabber:iq:version'><name>Globe</name><version>1.0</version><os>Thames</os></query>`},
		{"no number", version.Query{Software: "Globe"}, `<query xmlns='jabber:iq:version'><name>Globe</name><version/></query>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got version.Query
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
		`<query xmlns='jabber:iq:version'><name>&lt;</name><os/></query>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, stanza.NSClient)
		if err != nil {
			return
		}
		var first, again version.Query
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
