package vcard_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/vcard"
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
		want vcard.Card
		xml  string
	}{
		{"a card", *vcard.FromBytes([]byte(`<vCard xmlns='vcard-temp' version='3.0'><FN>Romeo</FN><N><MIDDLE/></N></vCard>`)), `<vCard xmlns='vcard-temp' version='3.0'><FN>Romeo</FN><N><MIDDLE/></N></vCard>`},
		{"an empty one", *vcard.FromBytes([]byte(`<vCard xmlns='vcard-temp'/>`)), `<vCard xmlns='vcard-temp'/>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got vcard.Card
			if err := got.Decode(elementOf(t, tc.xml)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(vcard.Card{})); diff != "" {
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
		`<v:vCard xmlns:v='vcard-temp'><v:FN>&amp;</v:FN></v:vCard>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, stanza.NSClient)
		if err != nil {
			return
		}
		var first, again vcard.Card
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

func TestZeroAsks(t *testing.T) {
	if got := written(&vcard.Card{}); got != `<vCard xmlns='vcard-temp'/>` {
		t.Error(got)
	}
}
