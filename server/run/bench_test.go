package run_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stonechat-im/stonechat/elem"
)

// BenchmarkChat sends one message after the other between two sessions over TLS. It counts the client's work too; what
// the server alone allocates is gated in server/c2s.
func BenchmarkChat(b *testing.B) {
	s := start(b)
	romeo, _ := login(b, s, "romeo")
	juliet, full := login(b, s, "juliet")
	msg := []byte(`<message to='` + full + `' type='chat' id='9d1c6a8e-0000-4d6e-9d5f-1b0a7c1f2e3d'><body>` + strings.Repeat("But soft, what light? ", 6) +
		`</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/><origin-id xmlns='urn:xmpp:sid:0' id='9d1c6a8e-0000-4d6e-9d5f-1b0a7c1f2e3d'/></message>`)
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

// BenchmarkIdle reports what the process grows by for each session, clients included, so it is an upper bound.
func BenchmarkIdle(b *testing.B) {
	s := start(b)
	s.C2S.Limits.Sessions, s.C2S.Limits.PerAddress = 0, 1<<20
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
