package xmlscan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzCuts: what a document means does not depend on how it arrives.
func FuzzCuts(f *testing.F) {
	for _, in := range []string{
		chatMessage, capsPresence,
		"<?xml version='1.0' encoding='UTF-8'?>\n<s:a xmlns:s='u' s:b='&#65;'><![CDATA[]]]]>é&lt;</s:a>",
		"<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>", "<a>]]></a>", "<a b='\r\n\t'>\r</a>",
		"<a>&nbsp;</a>", "<!DOCTYPE a>", "<a\xff/>", "<a>\xe2\x82", "&", "<a/>x",
	} {
		f.Add([]byte(in), uint16(len(in)/2), uint16(len(in)/3))
	}
	f.Fuzz(func(t *testing.T, in []byte, a, b uint16) {
		lim := Limits{MaxBytes: 300, MaxDepth: 5, MaxAttrs: 5, MaxNames: 5, MaxTag: 100}
		var s Scanner
		s.Reset(nil, lim)
		want := trace(&s, in)
		lo, hi := min(int(a), int(b), len(in)), min(max(int(a), int(b)), len(in))
		s.Reset(nil, lim)
		if diff := cmp.Diff(want, trace(&s, in, lo, hi)); diff != "" {
			t.Errorf("cut at %d and %d: %s", lo, hi, diff)
		}
		drip := make([]int, len(in))
		for i := range drip {
			drip[i] = i
		}
		s.Reset(nil, lim)
		if diff := cmp.Diff(want, trace(&s, in, drip...)); diff != "" {
			t.Errorf("byte by byte: %s", diff)
		}
	})
}
