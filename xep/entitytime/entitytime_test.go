package entitytime_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/entitytime"
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
		want entitytime.Time
		xml  string
	}{
		{"question", entitytime.Time{}, `<time xmlns='urn:xmpp:time'/>`},
		{"UTC", entitytime.Time{Time: time.Date(2006, 12, 19, 17, 58, 35, 0, time.UTC)}, `<time xmlns='urn:xmpp:time'><tzo>Z</tzo><utc>2006-12-19T17:58:35Z</utc></time>`},
		{"west", entitytime.Time{Time: time.Date(2006, 12, 19, 11, 58, 35, 0, time.FixedZone("", -6*3600))}, `<time xmlns='urn:xmpp:time'><tzo>-06:00</tzo><utc>2006-12-19T17:58:35Z</utc></time>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got entitytime.Time
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
		`<time xmlns='urn:xmpp:time'><tzo>+05:30</tzo><utc>2006-12-19T17:58:35.5Z</utc></time>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, stanza.NSClient)
		if err != nil {
			return
		}
		var first, again entitytime.Time
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
	for _, in := range []string{"<utc/>", "<utc>2006-12-19T17:58:35Z</utc>", "<tzo>Z</tzo>", "<tzo>CET</tzo><utc>2006-12-19T17:58:35Z</utc>", "<tzo>Z</tzo><utc>20061219T17:58:35</utc>"} {
		var v entitytime.Time
		if err := v.Decode(elementOf(t, `<time xmlns='urn:xmpp:time'>`+in+`</time>`)); err != entitytime.ErrTime {
			t.Errorf("%s: %v", in, err)
		}
	}
}
