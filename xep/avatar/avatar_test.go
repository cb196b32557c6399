package avatar_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/avatar"
)

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

func TestGoldenMetadata(t *testing.T) {
	const xml = `<metadata xmlns='urn:xmpp:avatar:metadata'><info bytes='14' id='ce6b' type='image/gif' url='https://capulet.example/a.gif'/><info bytes='18' id='cedc' type='image/png'/></metadata>`
	var m avatar.Metadata
	if err := m.Decode(elementOf(t, xml)); err != nil {
		t.Fatal(err)
	}
	here, ok := m.Here()
	if want := (avatar.Info{ID: "cedc", Type: "image/png", Bytes: 18}); !ok || here != want {
		t.Errorf("here is %+v, %v", here, ok)
	}
	if out := written(&m); out != xml {
		t.Errorf("written as %s", out)
	}
	if _, ok := new(avatar.Metadata).Here(); ok {
		t.Error("no avatar is one")
	}
}

func TestGoldenUpdate(t *testing.T) {
	for _, tc := range []struct {
		name, xml string
		want      avatar.Update
	}{
		{"not ready", `<x xmlns='vcard-temp:x:update'/>`, avatar.Update{}},
		{"no image", `<x xmlns='vcard-temp:x:update'><photo/></x>`, avatar.Update{Ready: true}},
		{"an image", `<x xmlns='vcard-temp:x:update'><photo>ce6b</photo></x>`, avatar.Update{Photo: "ce6b", Ready: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var u avatar.Update
			if err := u.Decode(elementOf(t, tc.xml)); err != nil {
				t.Fatal(err)
			}
			if u != tc.want || written(&u) != tc.xml {
				t.Errorf("%+v, written as %s", u, written(&u))
			}
		})
	}
}

func TestPhoto(t *testing.T) {
	for _, tc := range []struct {
		name, card string
		want       *avatar.Image
		err        error
	}{
		{"a photo", `<vCard xmlns='vcard-temp'><FN>Juliet</FN><PHOTO><TYPE>image/gif</TYPE><BINVAL> R0lGODlhIHRo
ZSBzdW4= </BINVAL></PHOTO></vCard>`, &avatar.Image{Type: "image/gif", Data: []byte("GIF89a the sun")}, nil},
		{"none", `<vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard>`, nil, avatar.ErrNoImage},
		{"an empty one", `<vCard xmlns='vcard-temp'><PHOTO><BINVAL/></PHOTO></vCard>`, nil, avatar.ErrNoImage},
		{"no base 64", `<vCard xmlns='vcard-temp'><PHOTO><BINVAL>#</BINVAL></PHOTO></vCard>`, nil, avatar.ErrNoImage},
		{"elsewhere", `<vCard xmlns='vcard-temp'><PHOTO><EXTVAL>https://capulet.example/a.gif</EXTVAL></PHOTO></vCard>`, nil, avatar.ErrNoImage},
		{"no card", ``, nil, avatar.ErrNoImage},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := avatar.Photo([]byte(tc.card))
			if !errors.Is(err, tc.err) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWithPhoto(t *testing.T) {
	img := &avatar.Image{Type: "image/gif", Data: []byte("GIF89a the sun")}
	const photo = `<PHOTO><TYPE>image/gif</TYPE><BINVAL>R0lGODlhIHRoZSBzdW4=</BINVAL></PHOTO>`
	for _, tc := range []struct {
		name, card string
		img        *avatar.Image
		want       string
	}{
		{"of nothing", ``, img, `<vCard xmlns='vcard-temp'>` + photo + `</vCard>`},
		{"beside what was there", `<vCard xmlns='vcard-temp' version='3.0'><FN>Juliet</FN><N/></vCard>`, img, `<vCard xmlns='vcard-temp' version='3.0'><FN>Juliet</FN><N/>` + photo + `</vCard>`},
		{"in place of another", `<vCard xmlns='vcard-temp'><PHOTO><BINVAL>AAAA</BINVAL></PHOTO><FN>Juliet</FN></vCard>`, img, `<vCard xmlns='vcard-temp'><FN>Juliet</FN>` + photo + `</vCard>`},
		{"taken out", `<vCard xmlns='vcard-temp'><PHOTO><BINVAL>AAAA</BINVAL></PHOTO><FN>Juliet</FN></vCard>`, nil, `<vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if out := string(avatar.WithPhoto([]byte(tc.card), tc.img)); out != tc.want {
				t.Errorf("%s", out)
			}
		})
	}
}

// Whatever is in a card and its photo: what was put in comes out.
func FuzzPhoto(f *testing.F) {
	f.Add([]byte(`<vCard xmlns='vcard-temp'><PHOTO><TYPE>image/gif</TYPE><BINVAL>R0lGODlhIHRoZSBzdW4=</BINVAL></PHOTO></vCard>`))
	f.Add([]byte(`<p:vCard xmlns:p='vcard-temp' xmlns='urn:x' p:a='b'><c/><p:PHOTO><p:BINVAL>AAAA</p:BINVAL></p:PHOTO></p:vCard>`))
	f.Fuzz(func(t *testing.T, card []byte) {
		p, err := avatar.Photo(card)
		if err != nil {
			p = &avatar.Image{Data: []byte{0}}
		}
		out := avatar.WithPhoto(card, p)
		back, err := avatar.Photo(out)
		if err != nil || back.ID() != p.ID() {
			t.Errorf("%s: %v", out, err)
		}
		if _, err := avatar.Photo(avatar.WithPhoto(out, nil)); err == nil {
			t.Errorf("the photo is still in %s", out)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`<metadata xmlns='urn:xmpp:avatar:metadata'><info bytes='x' id='1'/></metadata>`))
	f.Add([]byte(`<data xmlns='urn:xmpp:avatar:data'>A A A A</data>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, stanza.NSClient)
		if err != nil {
			return
		}
		var m, again avatar.Metadata
		_ = m.Decode(tree.Root())
		_ = again.Decode(elementOf(t, written(&m)))
		if diff := cmp.Diff(m, again); diff != "" {
			t.Error(diff)
		}
		var i, back avatar.Image
		if i.Decode(tree.Root()) == nil {
			if err := back.Decode(elementOf(t, written(&i))); err != nil || back.ID() != i.ID() {
				t.Errorf("%s: %v", written(&i), err)
			}
		}
	})
}
