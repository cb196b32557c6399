package reports

import (
	"testing"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
)

// payload is what every payload of this package is.
type payload interface {
	stanza.Payload
	Decode(e elem.Elem) error
}

// written returns a payload's XML.
func written(p stanza.Payload) string {
	w := elem.NewWriter(nil, stanza.NSClient)
	p.Encode(w)
	return string(w.Bytes())
}

func root(t testing.TB, xml string) elem.Elem {
	t.Helper()
	tree, err := elem.Parse([]byte(xml), stanza.NSClient)
	if err != nil {
		t.Fatal(err)
	}
	return tree.Root()
}

func TestGolden(t *testing.T) {
	for _, tt := range golden {
		t.Run(tt.name, func(t *testing.T) {
			e := root(t, tt.xml)
			p := tt.empty()
			if p.Name() != e.Name() {
				t.Errorf("Name is %v", p.Name())
			}
			if err := p.Decode(e); err != nil {
				t.Fatal(err)
			}
			if got := written(p); got != tt.xml {
				t.Errorf("got  %s\nwant %s", got, tt.xml)
			}
		})
	}
}

func TestBad(t *testing.T) {
	for _, tt := range bad {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.empty().Decode(root(t, tt.xml)); err == nil {
				t.Errorf("%s was read", tt.xml)
			}
		})
	}
}

// FuzzDecode: whatever is read can be written, and reads the same again.
func FuzzDecode(f *testing.F) {
	for _, tt := range golden {
		f.Add(tt.xml)
	}
	for _, tt := range bad {
		f.Add(tt.xml)
	}
	f.Fuzz(func(t *testing.T, xml string) {
		tree, err := elem.Parse([]byte(xml), stanza.NSClient)
		if err != nil {
			return
		}
		for _, empty := range kinds {
			p := empty()
			if p.Name() != tree.Root().Name() || p.Decode(tree.Root()) != nil {
				continue
			}
			once := written(p)
			again := empty()
			if err := again.Decode(root(t, once)); err != nil {
				t.Fatalf("%s: %v", once, err)
			}
			if twice := written(again); twice != once {
				t.Errorf("%s\nbecame %s", once, twice)
			}
		}
	})
}

type sample struct {
	name  string
	empty func() payload
	xml   string
}

var kinds = []func() payload{
	func() payload { return new(Report) },
}

var golden = []sample{
	{"basic", kinds[0], `<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'/>`},
	{"all", kinds[0], `<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:abuse'><stanza-id xmlns='urn:xmpp:sid:0' by='romeo@montague.example' id='28482'/><text xml:lang='en'>Never came trouble to my house like this.</text><text>Nie</text><report-origin/><third-party/></report>`},
}

var bad = []sample{
	{"no reason", kinds[0], `<report xmlns='urn:xmpp:reporting:1'/>`},
	{"a message without id", kinds[0], `<report xmlns='urn:xmpp:reporting:1' reason='x'><stanza-id xmlns='urn:xmpp:sid:0' by='romeo@montague.example'/></report>`},
}
