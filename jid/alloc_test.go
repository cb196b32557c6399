package jid

import (
	"strings"
	"testing"
)

func TestAllocations(t *testing.T) {
	bare, full := MustBare("juliet@capulet.example"), MustFull("juliet@capulet.example/balcony")
	buf := make([]byte, 0, 128)
	tests := []struct {
		name string
		max  float64
		f    func()
	}{
		{"Parse full", 0, func() { Parse("juliet@capulet.example/balcony two") }},
		{"Parse domain", 0, func() { Parse("capulet.example") }},
		{"ParseBare", 0, func() { ParseBare("juliet@capulet.example") }},
		{"ParseFull", 0, func() { ParseFull("juliet@capulet.example/balcony") }},
		{"Domain", 0, func() { Domain("capulet.example") }},
		{"accessors", 0, func() {
			_ = full.Local() + full.Resource()[:0]
			_ = full.Bare().DomainBare().JID().Domain()
		}},
		{"AppendText", 0, func() { full.AppendText(buf) }},
		{"PrepareLocal", 0, func() { PrepareLocal("juliet") }},
		{"PrepareDomain", 0, func() { PrepareDomain("capulet.example") }},
		{"PrepareResource", 0, func() { PrepareResource("balcony two") }},
		{"Nick", 0, func() { Nick("Romeo M.") }},
		{"EscapeLocal of plain text", 0, func() { EscapeLocal("juliet") }},
		{"UnescapeLocal of plain text", 0, func() { UnescapeLocal("juliet") }},
		{"Skeleton of plain text", 0, func() { Skeleton("juliet.2") }},
		{"Parse capitals", 1, func() { Parse("Juliet@Capulet.Example/Balcony") }},
		{"Parse final dot", 1, func() { Parse("juliet@capulet.example./balcony") }},
		{"New", 1, func() { New("Juliet", "capulet.example", "balcony") }},
		{"WithResource", 1, func() { bare.WithResource("balcony") }},
		{"PrepareLocal of capitals", 1, func() { PrepareLocal("Juliet") }},
		{"Clone", 1, func() { full.Clone() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if n := testing.AllocsPerRun(100, tt.f); n > tt.max {
				t.Errorf("%v allocations, want at most %v", n, tt.max)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, bb := range []struct{ name, in string }{
		{"domain", "capulet.example"},
		{"full", "juliet@capulet.example/balcony"},
		{"capitals", "Juliet@Capulet.Example/balcony"},
		{"uuid resource", "juliet@chat.capulet.example/5a2f7c1e-3d0b-4c5e-9f61-8c7d2b1a0e4f"},
		{"non-ASCII resource", "juliet@capulet.example/balcón"},
		{"non-ASCII local", "fu\u00dfball@capulet.example"},
		{"A-label", "juliet@xn--bcher-kva.example"},
		{"longest", strings.Repeat("l", 1023) + "@" + strings.Repeat("ab.", 84) + "c/" + strings.Repeat("r", 1023)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(bb.in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNick(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Nick("Romeo M.")
	}
}

func BenchmarkMapLookup(b *testing.B) {
	m := map[Full]int{MustFull("juliet@capulet.example/balcony"): 1}
	key := MustFull("juliet@capulet.example/balcony").Clone()
	for b.Loop() {
		if m[key] != 1 {
			b.Fatal("not found")
		}
	}
}

func BenchmarkSkeleton(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Skeleton("rоmeo")
	}
}
