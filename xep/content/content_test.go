package content_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/content"
)

// row is a line of a table: what it is about, the message, and the five columns.
var row = regexp.MustCompile("^\\| ([^|]+) \\| `(<message.*)` \\| (yes|no) \\| (yes|no) \\| (yes|no) \\| (yes|no) \\| (now|later|drop) \\|$")

func of(t testing.TB, xml string) *stanza.Stanza {
	t.Helper()
	s, err := stanza.Parse([]byte(strings.Replace(xml, "<message", "<message xmlns='jabber:client'", 1)))
	if err != nil {
		t.Fatalf("%s: %v", xml, err)
	}
	return s
}

// TestTable reads the tables that people read.
func TestTable(t *testing.T) {
	doc, err := os.ReadFile("../../docs/messages.md")
	if err != nil {
		t.Fatal(err)
	}
	word := map[bool]string{true: "yes", false: "no"}
	holds := map[content.Hold]string{content.Now: "now", content.Later: "later", content.Drop: "drop"}
	var seen content.Set
	rows := 0
	for line := range strings.Lines(string(doc)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.Contains(line, "| Message |") {
			continue
		}
		m := row.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("not a row: %s", line)
			continue
		}
		rows++
		t.Run(m[1], func(t *testing.T) {
			s := of(t, m[2])
			set := content.Of(s)
			seen |= set
			got := []string{word[set.Archive(s.Type)], word[set.Copy(s.Type)], word[set.Offline(s.Type)], word[set.Push(s.Type)], holds[set.Hold()]}
			for i, column := range []string{"archive", "carbons", "offline", "push", "inactive"} {
				if got[i] != m[3+i] {
					t.Errorf("%s: the code says %s, the table %s", column, got[i], m[3+i])
				}
			}
		})
	}
	if rows < 40 {
		t.Errorf("only %d rows", rows)
	}
	for k := content.Body; k <= content.Store; k++ {
		if !seen.Has(k) && k != content.Room {
			t.Errorf("kind %d is in no row", k)
		}
	}
}

// TestRemarks: what only says something about a message makes it neither more nor less.
func TestRemarks(t *testing.T) {
	for _, xml := range []string{
		"<thread>x</thread>", "<delay xmlns='urn:xmpp:delay'/>", "<x xmlns='jabber:x:delay'/>", "<stanza-id xmlns='urn:xmpp:sid:0' id='a' by='b'/>",
		"<origin-id xmlns='urn:xmpp:sid:0' id='a'/>", "<markable xmlns='urn:xmpp:chat-markers:0'/>", "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='a'/>",
		"<x xmlns='http://jabber.org/protocol/muc#user'/>", "<fallback xmlns='urn:xmpp:fallback:0'/>", "<unknown xmlns='urn:xmpp:hints'/>",
		"<retracted xmlns='urn:xmpp:message-retract:1'/>",
	} {
		alone, with := content.Of(of(t, "<message>"+xml+"</message>")), content.Of(of(t, "<message><composing xmlns='http://jabber.org/protocol/chatstates'/>"+xml+"</message>"))
		if alone.Archive(stanza.Chat) || !alone.Offline(stanza.Chat) || alone.Hold() != content.Now {
			t.Errorf("%s alone is not like nothing", xml)
		}
		if with.Archive(stanza.Chat) || with.Offline(stanza.Chat) || with.Hold() != content.Drop {
			t.Errorf("%s makes a chat state more than it is", xml)
		}
	}
}

func TestAllocations(t *testing.T) {
	s := of(t, "<message type='chat'><body>x</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/><origin-id xmlns='urn:xmpp:sid:0' id='a'/></message>").Index()
	if n := testing.AllocsPerRun(100, func() { _ = content.Of(s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkOf(b *testing.B) {
	s := of(b, "<message type='chat'><body>x</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/><origin-id xmlns='urn:xmpp:sid:0' id='a'/></message>").Index()
	b.ReportAllocs()
	for range b.N {
		_ = content.Of(s)
	}
}
