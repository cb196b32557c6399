package hints_test

import (
	"testing"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/hints"
)

func TestGolden(t *testing.T) {
	for h, want := range map[hints.Hint]string{
		hints.NoPermanentStore: `<no-permanent-store xmlns='urn:xmpp:hints'/>`,
		hints.NoStore:          `<no-store xmlns='urn:xmpp:hints'/>`,
		hints.NoCopy:           `<no-copy xmlns='urn:xmpp:hints'/>`,
		hints.Store:            `<store xmlns='urn:xmpp:hints'/>`,
	} {
		w := elem.NewWriter(nil, stanza.NSClient)
		h.Encode(w)
		if got := string(w.Bytes()); got != want {
			t.Errorf("%s: %s", h, got)
		}
	}
}

func TestHas(t *testing.T) {
	romeo, juliet := jid.MustParse("romeo@montague.example/orchard"), jid.MustParse("juliet@capulet.example")
	for _, tc := range []struct {
		name string
		s    *stanza.Stanza
		want bool
	}{
		{"there", stanza.New(stanza.Message, stanza.Chat, romeo, juliet, "", hints.NoStore), true},
		{"another one", stanza.New(stanza.Message, stanza.Chat, romeo, juliet, "", hints.NoCopy), false},
		{"none", stanza.New(stanza.Message, stanza.Chat, romeo, juliet, ""), false},
		{"in an error", stanza.New(stanza.Message, stanza.TypeError, romeo, juliet, "", hints.NoStore), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := hints.Has(tc.s, hints.NoStore); got != tc.want {
				t.Error(got)
			}
		})
	}
}
