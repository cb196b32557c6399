package muc

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

var (
	user  = func() payload { return new(User) }
	join  = func() payload { return new(Join) }
	admin = func() payload { return new(AdminQuery) }
	owner = func() payload { return new(OwnerQuery) }
	kinds = []func() payload{user, join, admin, owner}
)

var golden = []sample{
	{"an occupant", user, `<x xmlns='http://jabber.org/protocol/muc#user'><status code='201'/><item affiliation='owner' jid='crone1@shakespeare.example/desktop' role='moderator'/><status code='110'/></x>`},
	{"several sessions", user, `<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='visitor'/><item affiliation='none' role='visitor'/></x>`},
	{"kicked", user, `<x xmlns='http://jabber.org/protocol/muc#user'><status code='307'/><item affiliation='none' role='none'><actor jid='fluellen@shakespeare.example' nick='Fluellen'/><reason>Avaunt, you cullion!</reason></item></x>`},
	{"another nickname", user, `<x xmlns='http://jabber.org/protocol/muc#user'><status code='303'/><item affiliation='member' nick='oldhag' role='participant'/></x>`},
	{"invitation", user, `<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b.example/c'><reason>Hey</reason><continue thread='e0f'/></invite><password>cauldronburn</password></x>`},
	{"refusal", user, `<x xmlns='http://jabber.org/protocol/muc#user'><decline from='hecate@shakespeare.example' to='a@b.example'><reason>Sorry</reason></decline></x>`},
	{"destroyed", user, `<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='none'/><destroy jid='new@chat.shakespeare.example'><password>p</password><reason>r</reason></destroy></x>`},
	{"private message", user, `<x xmlns='http://jabber.org/protocol/muc#user'/>`},
	{"join", join, `<x xmlns='http://jabber.org/protocol/muc'/>`},
	{"join with everything", join, `<x xmlns='http://jabber.org/protocol/muc'><history maxchars='65000' maxstanzas='20' seconds='180' since='1970-01-01T00:00:00Z'/><password>cauldronburn</password></x>`},
	{"no history", join, `<x xmlns='http://jabber.org/protocol/muc'><history maxchars='0'/></x>`},
	{"role", admin, `<query xmlns='http://jabber.org/protocol/muc#admin'><item nick='pistol' role='none'><reason>Avaunt</reason></item></query>`},
	{"affiliations", admin, `<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='outcast' jid='earlofcambridge@shakespeare.example'/><item affiliation='member' jid='hag66@shakespeare.example' nick=''/></query>`},
	{"asking for the form", owner, `<query xmlns='http://jabber.org/protocol/muc#owner'/>`},
	{"submitting the form", owner, `<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>`},
	{"destroying", owner, `<query xmlns='http://jabber.org/protocol/muc#owner'><destroy jid='darkcave@chat.shakespeare.example'><reason>Macbeth doth come.</reason></destroy></query>`},
}

var bad = []sample{
	{"code", user, `<x xmlns='http://jabber.org/protocol/muc#user'><status code='many'/></x>`},
	{"affiliation", user, `<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='king'/></x>`},
	{"role", admin, `<query xmlns='http://jabber.org/protocol/muc#admin'><item role='king'/></query>`},
}

func TestHistoryLimits(t *testing.T) {
	var j Join
	if err := j.Decode(root(t, `<x xmlns='http://jabber.org/protocol/muc'><history maxchars='-1' maxstanzas='x' since='yesterday'/></x>`)); err != nil {
		t.Fatal(err)
	}
	if h := j.History; h.MaxChars >= 0 || h.MaxStanzas >= 0 || h.Seconds >= 0 || !h.Since.IsZero() {
		t.Errorf("limits that cannot be read: %+v", h)
	}
}

func TestAffiliationText(t *testing.T) {
	for a := Outcast; a <= Owner; a++ {
		b, err := a.MarshalText()
		var back Affiliation
		if err == nil {
			err = back.UnmarshalText(b)
		}
		if err != nil || back != a {
			t.Errorf("%v: %v, %v", a, back, err)
		}
	}
}
