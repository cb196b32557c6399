package xmlscan

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
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
	name string
	xml  []byte
}

func samples() []sample {
	return []sample{
		{"message", []byte(chatMessage)},
		{"presence", []byte(capsPresence)},
		{"roster50", []byte(rosterResult())},
		{"longtext", []byte(`<message><body>` + strings.Repeat("It was the nightingale, and not the lark. ", 200) + `</body></message>`)},
		{"cyrillic", []byte(`<message><body>` + strings.Repeat("Нет повести печальнее на свете ", 20) + `</body></message>`)},
	}
}

// scanAll scans one element and returns the number of tokens.
func scanAll(s *Scanner, b []byte) (int, error) {
	var t Token
	s.Reset(&noContext, Limits{})
	for n := 0; ; n++ {
		if err := s.Next(b, &t); err != nil {
			return n, err
		}
		if t.Type == More {
			return n, nil
		}
	}
}

func BenchmarkScan(b *testing.B) {
	for _, smp := range samples() {
		b.Run(smp.name, func(b *testing.B) {
			var s Scanner
			b.SetBytes(int64(len(smp.xml)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := scanAll(&s, smp.xml); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRawToken is the yardstick: encoding/xml without namespaces.
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

func TestScanAllocates(t *testing.T) {
	for _, smp := range samples() {
		var s Scanner
		if _, err := scanAll(&s, smp.xml); err != nil { // tables grow once
			t.Fatal(smp.name, err)
		}
		if n := testing.AllocsPerRun(100, func() { scanAll(&s, smp.xml) }); n != 0 {
			t.Errorf("%s: %v allocations per scan, want 0", smp.name, n)
		}
	}
}
