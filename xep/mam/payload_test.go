package mam

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
	func() payload { return new(Query) },
	func() payload { return new(Result) },
	func() payload { return new(Fin) },
	func() payload { return new(Form) },
	func() payload { return new(Prefs) },
	func() payload { return new(Metadata) },
}

var golden = []sample{
	{"everything", kinds[0], `<query xmlns='urn:xmpp:mam:2'/>`},
	{"a page", kinds[0], `<query xmlns='urn:xmpp:mam:2' queryid='f27' node='blog'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field><field var='with'><value>juliet@capulet.example</value></field></x><set xmlns='http://jabber.org/protocol/rsm'><max>10</max><before/></set><flip-page/><order xmlns='urn:xmpp:order-by:1' by='creation' desc='true'/></query>`},
	{"result", kinds[1], `<result xmlns='urn:xmpp:mam:2' queryid='f27' id='28482'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/><message xmlns='jabber:client' to='romeo@montague.example' from='juliet@capulet.example/orchard' type='chat' id='0202197'><body>Yet I should kill thee</body><mood xmlns='http://jabber.org/protocol/mood'><amorous/></mood></message></forwarded></result>`},
	{"complete", kinds[2], `<fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'><first index='0'>23452</first><last>390</last><count>16</count></set></fin>`},
	{"unstable", kinds[2], `<fin xmlns='urn:xmpp:mam:2' stable='false'><set xmlns='http://jabber.org/protocol/rsm'/></fin>`},
	{"form", kinds[3], `<query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field><field var='ids' type='list-multi'><validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:string'><open/></validate></field></x></query>`},
	{"preferences", kinds[4], `<prefs xmlns='urn:xmpp:mam:2' default='roster'><always><jid>romeo@montague.example</jid></always><never><jid>montague@montague.example/x</jid></never></prefs>`},
	{"asking for preferences", kinds[4], `<prefs xmlns='urn:xmpp:mam:2'/>`},
	{"metadata", kinds[5], `<metadata xmlns='urn:xmpp:mam:2'><start id='YWxwaGEg' timestamp='2008-08-22T21:09:04Z'/><end id='b21lZ2Eg' timestamp='2020-04-20T14:34:21.5Z'/></metadata>`},
	{"metadata of nothing", kinds[5], `<metadata xmlns='urn:xmpp:mam:2'/>`},
}

var bad = []sample{
	{"a bad page", kinds[0], `<query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>-1</max></set></query>`},
	{"a result without id", kinds[1], `<result xmlns='urn:xmpp:mam:2'/>`},
	{"a result without message", kinds[1], `<result xmlns='urn:xmpp:mam:2' id='x'/>`},
	{"a form without form", kinds[3], `<query xmlns='urn:xmpp:mam:2'/>`},
	{"a bad default", kinds[4], `<prefs xmlns='urn:xmpp:mam:2' default='sometimes'/>`},
	{"a bad address", kinds[4], `<prefs xmlns='urn:xmpp:mam:2' default='always'><never><jid/></never></prefs>`},
}
