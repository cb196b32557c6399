package caps_test

import (
	"crypto"
	"errors"
	"testing"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/caps"
	"github.com/stonechat-im/stonechat/xep/disco"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// complex is the answer of XEP-0115#ver-gen-complex.
func complex() *disco.Info {
	f := forms.New(forms.Result, "urn:xmpp:dataforms:softwareinfo")
	f.Add(forms.Field{Var: "ip_version", Type: forms.TextMulti, Values: []string{"ipv6", "ipv4"}},
		forms.Field{Var: "os", Values: []string{"Mac"}}, forms.Field{Var: "os_version", Values: []string{"10.5.1"}},
		forms.Field{Var: "software", Values: []string{"Psi"}}, forms.Field{Var: "software_version", Values: []string{"0.11"}})
	return &disco.Info{
		Identities: []disco.Identity{{Category: "client", Type: "pc", Lang: "en", Name: "Psi 0.11"}, {Category: "client", Type: "pc", Lang: "el", Name: "Ψ 0.11"}},
		Features:   []string{"http://jabber.org/protocol/muc", "http://jabber.org/protocol/caps", "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items"},
		Forms:      []*forms.Form{f},
	}
}

// XEP-0115#ver-gen-simple, XEP-0115#ver-gen-complex
func TestVer(t *testing.T) {
	simple := &disco.Info{
		Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Exodus 0.9.1"}},
		Features:   []string{"http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "http://jabber.org/protocol/muc", "http://jabber.org/protocol/caps"},
	}
	for _, tc := range []struct {
		name string
		info *disco.Info
		want string
	}{
		{"simple", simple, "QgayPKawpkPSDYmwT/WM94uAlu0="},
		{"complex", complex(), "q07IKJEyjvHSyhy//CH0CxmKi8w="},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := caps.Ver(crypto.SHA1, tc.info); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	const ver = "q07IKJEyjvHSyhy//CH0CxmKi8w="
	for _, tc := range []struct {
		name   string
		hash   string
		change func(i *disco.Info)
		want   error
	}{
		{"true", "sha-1", func(*disco.Info) {}, nil},
		{"in other letters", "SHA-1", func(*disco.Info) {}, nil},
		{"a form without FORM_TYPE does not count", "sha-1", func(i *disco.Info) {
			i.Forms = append(i.Forms, new(forms.Form).Add(forms.Field{Var: "a", Values: []string{"b"}}))
		}, nil},
		{"one feature more", "sha-1", func(i *disco.Info) { i.Features = append(i.Features, "x+notify") }, caps.ErrMismatch},
		{"a feature twice", "sha-1", func(i *disco.Info) { i.Features = append(i.Features, i.Features[0]) }, caps.ErrIll},
		{"an identity twice", "sha-1", func(i *disco.Info) { i.Identities = append(i.Identities, i.Identities[0]) }, caps.ErrIll},
		{"a form twice", "sha-1", func(i *disco.Info) { i.Forms = append(i.Forms, i.Forms[0]) }, caps.ErrIll},
		{"two FORM_TYPEs", "sha-1", func(i *disco.Info) {
			i.Forms[0].Fields[0].Values = append(i.Forms[0].Fields[0].Values, "other")
		}, caps.ErrIll},
		{"another function", "sha-256", func(*disco.Info) {}, caps.ErrMismatch},
		{"an unknown function", "md5", func(*disco.Info) {}, caps.ErrHash},
		{"the legacy format", "", func(*disco.Info) {}, caps.ErrHash},
	} {
		t.Run(tc.name, func(t *testing.T) {
			i := complex()
			tc.change(i)
			if err := caps.Verify(&caps.Caps{Hash: tc.hash, Node: "http://psi-im.org", Ver: ver}, i); !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
		})
	}
}

func TestGolden(t *testing.T) {
	const xml = `<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://psi-im.org' ver='q07IKJEyjvHSyhy//CH0CxmKi8w='/>`
	tree, err := elem.Parse([]byte(xml), stanza.NSClient)
	if err != nil {
		t.Fatal(err)
	}
	var c caps.Caps
	if err := c.Decode(tree.Root()); err != nil {
		t.Fatal(err)
	}
	w := elem.NewWriter(nil, stanza.NSClient)
	c.Encode(w)
	if string(w.Bytes()) != xml || c.Query() != "http://psi-im.org#q07IKJEyjvHSyhy//CH0CxmKi8w=" {
		t.Errorf("%s, asks %s", w.Bytes(), c.Query())
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v' ext='a b'/>`))
	f.Add([]byte(`<c xmlns='http://jabber.org/protocol/caps' node=''/>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, stanza.NSClient)
		if err != nil {
			return
		}
		var c, again caps.Caps
		if c.Decode(tree.Root()) != nil {
			return
		}
		w := elem.NewWriter(nil, stanza.NSClient)
		c.Encode(w)
		if tree, err = elem.Parse(w.Bytes(), stanza.NSClient); err != nil {
			t.Fatal(err)
		}
		if again.Decode(tree.Root()) != nil || again != c {
			t.Errorf("%+v, then %+v", c, again)
		}
	})
}
