package pep_test

import (
	"fmt"
	"testing"

	"github.com/stonechat-im/stonechat/xmpptest"
)

// BenchmarkPublish measures a publish and its result, one after the other and with 64 on their way.
func BenchmarkPublish(b *testing.B) {
	for _, sqlite := range []bool{false, true} {
		for _, window := range []int{1, 64} {
			b.Run(fmt.Sprintf("sqlite=%v/window=%d", sqlite, window), func(b *testing.B) {
				srv := xmpptest.New(b, xmpptest.Config{SQLite: sqlite})
				srv.Users("juliet")
				c := srv.Connect(b, "juliet", "balcony")
				b.ReportAllocs()
				b.ResetTimer()
				for n := 0; n < b.N; {
					batch := min(window, b.N-n)
					for range batch {
						c.Send(publish("devices", "current", "d"))
					}
					for range batch {
						c.Expect(`<iq type='result' …>…</iq>`)
					}
					n += batch
				}
			})
		}
	}
}
