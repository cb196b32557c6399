package run_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stonechat-im/stonechat/elem"
)

// BenchmarkChat sends one message after the other between two sessions over TLS, without an archive. It counts the client's
// work too; TestMessageAllocations bounds what the server alone allocates.
func BenchmarkChat(b *testing.B) {
	s := start(b, "mam")
	romeo, _ := login(b, s, "romeo")
	juliet, full := login(b, s, "juliet")
	msg := chat(full)
	b.ReportAllocs()
	b.SetBytes(int64(len(msg)))
	done := make(chan error)
	go func() {
		for range b.N {
			ev, err := juliet.Next()
			if err != nil || ev != elem.Element {
				done <- fmt.Errorf("%v: %w", ev, err)
				return
			}
			var t elem.Tree
			juliet.Take(&t)
		}
		done <- nil
	}()
	b.ResetTimer()
	for range b.N {
		if _, err := romeo.Write(msg); err != nil {
			b.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// chat is a message as today's clients send it.
func chat(to string) []byte {
	return []byte(`<message to='` + to + `' type='chat' id='9d1c6a8e-0000-4d6e-9d5f-1b0a7c1f2e3d'><body>` + strings.Repeat("But soft, what light? ", 6) +
		`</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/><origin-id xmlns='urn:xmpp:sid:0' id='9d1c6a8e-0000-4d6e-9d5f-1b0a7c1f2e3d'/></message>`)
}

// A message costs the server two allocations on its way from one client to the other: the stanza with its index, and its
// bytes. What a wake-up costs (a writer's start, a TLS record's reading) is shared by all that come together. The clients of
// the test cost one more for each, for the bytes of what is received.
func TestMessageAllocations(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those of the race detector, under which pools forget at random")
	}
	s := start(t, "mam")
	romeo, _ := login(t, s, "romeo")
	juliet, full := login(t, s, "juliet")
	const together = 64
	msgs := bytes.Repeat(chat(full), together)
	tree := new(elem.Tree)
	send := func() {
		if _, err := romeo.Write(msgs); err != nil {
			t.Fatal(err)
		}
		for range together {
			if ev, err := juliet.Next(); err != nil || ev != elem.Element {
				t.Fatalf("%v: %v", ev, err)
			}
			juliet.Take(tree)
		}
	}
	for range 10 {
		send()
	}
	const ofClients = 1
	if n := testing.AllocsPerRun(100, send)/together - ofClients; n > 2.5 {
		t.Errorf("%.2f allocations a message, want 2 and a share of the wake-ups", n)
	}
}

// BenchmarkIdle reports what the process grows by for each session, clients included, so it is an upper bound.
func BenchmarkIdle(b *testing.B) {
	s := start(b)
	lim := *s.C2S.Limits()
	lim.Sessions, lim.PerAddress = 0, 1<<20
	s.C2S.SetLimits(lim)
	before := rss(b)
	for i := range b.N {
		login(b, s, []string{"romeo", "juliet"}[i%2])
	}
	runtime.GC()
	b.ReportMetric(float64(rss(b)-before)/float64(b.N), "B/session")
}

func rss(b *testing.B) int {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip("no /proc")
	}
	var size, resident int
	_, _ = fmt.Sscan(string(data), &size, &resident)
	return resident * os.Getpagesize()
}
