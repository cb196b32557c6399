package lastactivity_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/lastactivity"
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
		want lastactivity.Query
		xml  string
	}{
		{"question", lastactivity.Query{}, `<query xmlns='jabber:iq:last'/>`},
		{"now", lastactivity.Query{Known: true}, `<query xmlns='jabber:iq:last' seconds='0'/>`},
		{"gone", lastactivity.Query{Known: true, Ago: 903 * time.Second, Status: "Heading Home"}, `<query xmlns='jabber:iq:last' seconds='903'>Heading Home</query>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got lastactivity.Query
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
		`<query xmlns='jabber:iq:last' seconds='-1'/>`,
		`<query xmlns='jabber:iq:last' seconds='4294967295'>x</query>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, stanza.NSClient)
		if err != nil {
			return
		}
		var first, again lastactivity.Query
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

func TestDecodeRefuses(t *testing.T) {
	for _, seconds := range []string{"", "-1", "1.5", "4294967296", "x"} {
		var q lastactivity.Query
		if err := q.Decode(elementOf(t, `<query xmlns='jabber:iq:last' seconds='`+seconds+`'/>`)); err != lastactivity.ErrSeconds {
			t.Errorf("%q: %v", seconds, err)
		}
	}
}
