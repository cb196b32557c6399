package elem

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stonechat-im/stonechat/xmlscan"
)

// Typical stanzas. The message has 378 bytes.
const chatMessage = `<message to='juliet@capulet.example/balcony' from='romeo@montague.example/orchard' ` +
	`type='chat' id='c9d1f0a2-55b7-4f0e' xml:lang='en'><body>But, soft! what light through yonder window breaks? ` +
	`It is the east.</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>` +
	`<origin-id xmlns='urn:xmpp:sid:0' id='c9d1f0a2-55b7-4f0e-9d3c'/></message>`

const capsPresence = `<presence from='romeo@montague.example/orchard' id='p1'><show>away</show><status>Under the balcony</status>` +
	`<priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://client.example' ` +
	`ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>`

func rosterResult() string {
	var b strings.Builder
	b.WriteString(`<iq type='result' id='r1' to='romeo@montague.example/orchard'><query xmlns='jabber:iq:roster' ver='7'>`)
	for i := range 50 {
		fmt.Fprintf(&b, `<item jid='guest%d@capulet.example' name='Guest &amp; friend %d' subscription='both'><group>Ball</group></item>`, i, i)
	}
	b.WriteString(`</query></iq>`)
	return b.String()
}

type sample struct {
	name   string
	xml    []byte
	allocs float64 // of Next and Take
}

func samples() []sample {
	return []sample{
		{"message", []byte(chatMessage), 1},
		{"presence", []byte(capsPresence), 1},
		{"roster50", []byte(rosterResult()), 3}, // bytes, nodes, attributes
	}
}

const streamHead = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`

// inStream returns a decoder past the stream header.
func inStream(tb testing.TB, lim xmlscan.Limits) *Decoder {
	tb.Helper()
	d := new(Decoder)
	d.Reset(lim)
	if n, ev, err := d.Next([]byte(streamHead)); ev != Open || n != len(streamHead) || err != nil {
		tb.Fatal("header:", n, ev, err)
	}
	var t Tree
	d.Take(&t, 0)
	return d
}

func BenchmarkDecode(b *testing.B) {
	for _, smp := range samples() {
		b.Run(smp.name, func(b *testing.B) {
			d, t := inStream(b, xmlscan.Limits{}), new(Tree)
			b.SetBytes(int64(len(smp.xml)))
			b.ReportAllocs()
			for b.Loop() {
				if _, ev, err := d.Next(smp.xml); ev != Element || err != nil {
					b.Fatal(ev, err)
				}
				d.Take(t, 0)
			}
		})
	}
}

// BenchmarkRawToken is the yardstick: encoding/xml without namespaces or tree.
func BenchmarkRawToken(b *testing.B) {
	for _, smp := range samples() {
		b.Run(smp.name, func(b *testing.B) {
			b.SetBytes(int64(len(smp.xml)))
			b.ReportAllocs()
			for b.Loop() {
				d := xml.NewDecoder(bytes.NewReader(smp.xml))
				for {
					if _, err := d.RawToken(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkWriter(b *testing.B) {
	var w Writer
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		w.Reset(buf, "jabber:client")
		w.Start("jabber:client", "message")
		w.Attr("to", "juliet@capulet.example/balcony")
		w.Attr("type", "chat")
		w.Elem("jabber:client", "body", "But, soft! what light through yonder window breaks?")
		w.Start("urn:xmpp:sid:0", "origin-id")
		w.Attr("id", "c9d1f0a2-55b7-4f0e-9d3c")
		w.End()
		w.End()
	}
}

func TestDecodeAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools")
	}
	for _, smp := range samples() {
		d, tree := inStream(t, xmlscan.Limits{}), new(Tree)
		n := testing.AllocsPerRun(100, func() {
			if _, ev, err := d.Next(smp.xml); ev != Element || err != nil {
				t.Fatal(ev, err)
			}
			d.Take(tree, 64)
		})
		if n != smp.allocs {
			t.Errorf("%s: %v allocations for Next and Take, want %v", smp.name, n, smp.allocs)
		}
	}
}

func TestWriterAllocates(t *testing.T) {
	tree, err := Parse([]byte(chatMessage), "jabber:client")
	if err != nil {
		t.Fatal(err)
	}
	var w Writer
	buf := make([]byte, 0, 1024)
	n := testing.AllocsPerRun(100, func() {
		w.Reset(buf, "jabber:client")
		w.Start("urn:xmpp:forward:0", "forwarded")
		w.IntAttr("n", 7)
		w.Copy(tree.Root())
		w.Elem("", "x", "a & b")
		w.End()
	})
	if n != 0 {
		t.Errorf("%v allocations per write, want 0", n)
	}
}
