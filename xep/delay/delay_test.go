package delay_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/delay"
)

var golden = []struct {
	name string
	d    delay.Delay
	xml  string
}{
	{"whole", delay.Delay{From: jid.MustParse("capulet.example"), Stamp: time.Date(2002, 9, 10, 23, 8, 25, 0, time.UTC), Reason: "Offline <Storage>"},
		`<delay xmlns='urn:xmpp:delay' from='capulet.example' stamp='2002-09-10T23:08:25Z'>Offline &lt;Storage&gt;</delay>`},
	{"stamp alone", delay.Delay{Stamp: time.Date(2002, 9, 10, 23, 8, 25, 0, time.UTC)}, `<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>`},
	{"fraction", delay.Delay{Stamp: time.Date(2002, 9, 10, 23, 8, 25, 120_000_000, time.UTC)}, `<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25.12Z'/>`},
}

func TestGolden(t *testing.T) {
	for _, c := range golden {
		t.Run(c.name, func(t *testing.T) {
			w := elem.NewWriter(nil, stanza.NSClient)
			c.d.Encode(w)
			if diff := cmp.Diff(c.xml, string(w.Bytes())); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
			tree, err := elem.Parse([]byte(c.xml), stanza.NSClient)
			if err != nil {
				t.Fatal(err)
			}
			var d delay.Delay
			if err := d.Decode(tree.Root()); err != nil || d != c.d {
				t.Errorf("read %+v, error %v", d, err)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name, xml string
		want      time.Time
		err       error
	}{
		{"offset", `<delay xmlns='urn:xmpp:delay' stamp='2002-09-11T01:08:25+02:00'/>`, time.Date(2002, 9, 10, 23, 8, 25, 0, time.UTC), nil},
		{"sender that is no address", `<delay xmlns='urn:xmpp:delay' from='@' stamp='2002-09-10T23:08:25Z'/>`, time.Date(2002, 9, 10, 23, 8, 25, 0, time.UTC), nil},
		{"no stamp", `<delay xmlns='urn:xmpp:delay'/>`, time.Time{}, delay.ErrNoTime},
		{"legacy stamp", `<delay xmlns='urn:xmpp:delay' stamp='20020910T23:08:25'/>`, time.Time{}, delay.ErrNoTime},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree, err := elem.Parse([]byte(c.xml), "")
			if err != nil {
				t.Fatal(err)
			}
			var d delay.Delay
			if err := d.Decode(tree.Root()); !errors.Is(err, c.err) || !d.Stamp.Equal(c.want) || !d.From.IsZero() {
				t.Errorf("read %+v, error %v", d, err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range golden {
		f.Add(c.xml)
	}
	f.Add(`<delay xmlns='urn:xmpp:delay' from='romeo@montague.example/&apos;' stamp='0000-01-01T00:00:00.000000001+23:59'/>`)
	f.Fuzz(func(t *testing.T, xml string) {
		tree, err := elem.Parse([]byte(xml), stanza.NSClient)
		if err != nil {
			return
		}
		var d, again delay.Delay
		if d.Decode(tree.Root()) != nil {
			return
		}
		if y := d.Stamp.Year(); y < 0 || y > 9999 {
			return // an offset at the edge of the calendar
		}
		d.Stamp = d.Stamp.Truncate(time.Microsecond)
		w := elem.NewWriter(nil, stanza.NSClient)
		d.Encode(w)
		tree, err = elem.Parse(w.Bytes(), stanza.NSClient)
		if err != nil {
			t.Fatalf("wrote %q: %v", w.Bytes(), err)
		}
		if err := again.Decode(tree.Root()); err != nil || again != d {
			t.Errorf("read %+v, wrote %q, read %+v, error %v", d, w.Bytes(), again, err)
		}
	})
}

func ExampleOf() {
	s, err := stanza.Parse([]byte(`<message from='juliet@capulet.example/balcony'><body>anon!</body>` +
		`<delay xmlns='urn:xmpp:delay' from='montague.example' stamp='2002-09-10T23:41:07Z'/></message>`))
	if err != nil {
		panic(err)
	}
	if d, ok := delay.Of(s); ok {
		fmt.Println("sent at", d.Stamp.Format(time.Kitchen), "and kept by", d.From)
	}
	// Output: sent at 11:41PM and kept by montague.example
}
