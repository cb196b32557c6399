package rsm

import (
	"math"
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
	func() payload { return new(Page) },
}

var golden = []sample{
	{"limit", kinds[0], `<set xmlns='http://jabber.org/protocol/rsm'><max>10</max></set>`},
	{"forwards", kinds[0], `<set xmlns='http://jabber.org/protocol/rsm'><max>10</max><after>peterpan@neverland.example</after></set>`},
	{"backwards", kinds[0], `<set xmlns='http://jabber.org/protocol/rsm'><max>10</max><before>peter@pixyland.example</before></set>`},
	{"last", kinds[0], `<set xmlns='http://jabber.org/protocol/rsm'><max>10</max><before/></set>`},
	{"by index", kinds[0], `<set xmlns='http://jabber.org/protocol/rsm'><max>10</max><index>371</index></set>`},
	{"count", kinds[0], `<set xmlns='http://jabber.org/protocol/rsm'><max>0</max></set>`},
	{"a page", kinds[1], `<set xmlns='http://jabber.org/protocol/rsm'><first index='10'>peter@pixyland.example</first><last>peter@rabbit.example</last><count>800</count></set>`},
	{"an empty page", kinds[1], `<set xmlns='http://jabber.org/protocol/rsm'><count>790</count></set>`},
	{"without numbers", kinds[1], `<set xmlns='http://jabber.org/protocol/rsm'><first>a</first><last>b</last></set>`},
}

var bad = []sample{
	{"less than nothing", kinds[0], `<set xmlns='http://jabber.org/protocol/rsm'><max>-1</max></set>`},
	{"no number", kinds[0], `<set xmlns='http://jabber.org/protocol/rsm'><max>many</max></set>`},
	{"an empty number", kinds[0], `<set xmlns='http://jabber.org/protocol/rsm'><max/></set>`},
	{"no index", kinds[0], `<set xmlns='http://jabber.org/protocol/rsm'><index>1.5</index></set>`},
	{"both directions", kinds[0], `<set xmlns='http://jabber.org/protocol/rsm'><after>a</after><before>b</before></set>`},
	{"both directions, to the end", kinds[0], `<set xmlns='http://jabber.org/protocol/rsm'><after>a</after><before/></set>`},
}

// TestNumbers: what is too large to be meant is read as very large, and the numbers of pages are only a convenience.
func TestNumbers(t *testing.T) {
	var q Query
	if err := q.Decode(root(t, "<set xmlns='"+NS+"'><max>1000000000000000000000</max></set>")); err != nil || q.Max != math.MaxInt32 || q.Index != None {
		t.Errorf("%+v, %v", q, err)
	}
	if err := q.Decode(root(t, "<set xmlns='"+NS+"'><after/></set>")); err != nil || q.After != "" || q.Max != None || q.Backward() {
		t.Errorf("%+v, %v", q, err)
	}
	var p Page
	if err := p.Decode(root(t, "<set xmlns='"+NS+"'><first index='x'>a</first><last>b</last><count>y</count></set>")); err != nil || p.Index != None || p.Count != None || p.First != "a" {
		t.Errorf("%+v, %v", p, err)
	}
}
