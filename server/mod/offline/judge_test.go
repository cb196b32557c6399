package offline

import (
	"testing"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
)

// XEP-0160#types, XEP-0334#hints.
func TestJudge(t *testing.T) {
	const states, hint = "xmlns='http://jabber.org/protocol/chatstates'", "xmlns='urn:xmpp:hints'"
	juliet := jid.MustBare("juliet@capulet.example")
	for _, tc := range []struct {
		name, from, typ, inner string
		want                   verdict
	}{
		{"a body", "", "chat", "<body>x</body>", keep},
		{"a body, normal", "", "", "<body>x</body>", keep},
		{"nothing", "", "chat", "", keep},
		{"a subject", "", "", "<subject>x</subject>", keep},
		{"something encrypted", "", "chat", "<encrypted xmlns='urn:xmpp:omemo:2'/>", keep},
		{"a receipt", "", "chat", "<received xmlns='urn:xmpp:receipts' id='x'/>", keep},
		{"a chat state beside a body", "", "chat", "<active " + states + "/><body>x</body>", keep},
		{"a chat state alone", "", "chat", "<composing " + states + "/>", drop},
		{"a chat state with remarks", "", "chat", "<thread>x</thread><composing " + states + "/><origin-id xmlns='urn:xmpp:sid:0' id='x'/><delay xmlns='urn:xmpp:delay' stamp='x'/>", drop},
		{"a chat state to be stored", "", "chat", "<composing " + states + "/><store " + hint + "/>", keep},
		{"remarks alone", "", "chat", "<thread>x</thread>", keep},
		{"words not to be stored", "", "chat", "<body>x</body><no-store " + hint + "/>", refuse},
		{"something not to be stored", "", "chat", "<ringing xmlns='urn:xmpp:jingle-message:0'/><no-store " + hint + "/>", drop},
		{"not for archives", "", "chat", "<body>x</body><no-permanent-store " + hint + "/>", keep},
		{"a headline", "", "headline", "<body>x</body>", refuse},
		{"from a room", "", "groupchat", "<body>x</body>", refuse},
		{"an error", "", "error", "<error type='cancel'/>", refuse},
		{"a copy of ours", "juliet@capulet.example", "chat", "<sent xmlns='urn:xmpp:carbons:2'/>", drop},
		{"to oneself", "juliet@capulet.example/balcony", "chat", "<body>x</body>", keep},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.from == "" {
				tc.from = "romeo@montague.example/orchard"
			}
			s, err := stanza.Parse([]byte("<message from='" + tc.from + "' to='juliet@capulet.example' type='" + tc.typ + "'>" + tc.inner + "</message>"))
			if err != nil {
				t.Fatal(err)
			}
			if got := judge(juliet, s); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
	t.Run("a request", func(t *testing.T) {
		if got := judge(juliet, stanza.New(stanza.IQ, stanza.Get, jid.JID{}, juliet.JID(), "x")); got != refuse {
			t.Error(got)
		}
	})
}
