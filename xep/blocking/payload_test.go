package blocking

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
	func() payload { return new(List) },
	func() payload { return new(Block) },
	func() payload { return new(Unblock) },
	func() payload { return new(Blocked) },
}

var golden = []sample{
	{"empty list", kinds[0], `<blocklist xmlns='urn:xmpp:blocking'/>`},
	{"list", kinds[0], `<blocklist xmlns='urn:xmpp:blocking'><item jid='romeo@montague.example'/><item jid='iago@shakespeare.example/x'/></blocklist>`},
	{"block", kinds[1], `<block xmlns='urn:xmpp:blocking'><item jid='shakespeare.example'/></block>`},
	{"with a report", kinds[1], `<block xmlns='urn:xmpp:blocking'><item jid='romeo@montague.example'><report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'/></item></block>`},
	{"unblock", kinds[2], `<unblock xmlns='urn:xmpp:blocking'><item jid='romeo@montague.example'/></unblock>`},
	{"unblock all", kinds[2], `<unblock xmlns='urn:xmpp:blocking'/>`},
	{"blocked", kinds[3], `<blocked xmlns='urn:xmpp:blocking:errors'/>`},
}

var bad = []sample{
	{"block nobody", kinds[1], `<block xmlns='urn:xmpp:blocking'/>`},
	{"no address", kinds[1], `<block xmlns='urn:xmpp:blocking'><item/></block>`},
	{"an empty address", kinds[2], `<unblock xmlns='urn:xmpp:blocking'><item jid=''/></unblock>`},
	{"a bad address", kinds[0], `<blocklist xmlns='urn:xmpp:blocking'><item jid='@'/></blocklist>`},
}
