package xmlscan

import (
	"bytes"
	"strings"
	"testing"
)

// TestNoRescan feeds documents byte by byte and spoils what lies further back
// than a reference is long: a scanner that looked at it again would refuse it.
// So every byte is looked at a bounded number of times.
func TestNoRescan(t *testing.T) {
	long := strings.Repeat("x ", 5000)
	rows := []struct {
		name, before, middle, after string
	}{
		{"text", "<a>", long, "</a>"},
		{"wide text", "<a>", strings.Repeat("é€😀", 1000), "</a>"},
		{"references", "<a>", strings.Repeat("&#x1f600;&lt;", 1000), "</a>"},
		{"CDATA", "<a><![CDATA[", strings.Repeat("]]x>", 2000), "]]></a>"},
		{"value", "<a b='", long, "'/>"},
		{"value with references", "<a b='", strings.Repeat("&amp;", 2000), "'/>"},
		{"space in tag", "<a b='1'", strings.Repeat(" ", 5000), "/>"},
		{"space around equals", "<a b", strings.Repeat(" ", 5000), "='1'/>"},
		{"space in end tag", "<a></a", strings.Repeat(" ", 5000), ">"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var s Scanner
			s.Reset(nil, Limits{})
			var buf []byte
			var tok Token
			in := r.before + r.middle + r.after
			for i := range len(in) {
				buf = append(buf, in[i])
				if spoil := i - maxRef - 4; spoil >= len(r.before) && spoil < len(in)-len(r.after) {
					buf[spoil] = 0x01
				}
				for tok.Type = Text; tok.Type != More; {
					if err := s.Next(buf, &tok); err != nil {
						t.Fatalf("byte %d of %d: %v", i, len(in), err)
					}
				}
			}
			if !s.Idle() || s.Depth() != 0 {
				t.Error("not at the end")
			}
		})
	}
}

// TestEndTagOfLongName spoils the name in the end tag as it is matched.
func TestEndTagOfLongName(t *testing.T) {
	name := strings.Repeat("n", 5000)
	open := []byte("<" + name + "></")
	var s Scanner
	s.Reset(nil, Limits{})
	var tok Token
	buf := bytes.Clone(open)
	for _, c := range []byte(name + ">") {
		buf = append(buf, c)
		for tok.Type = Text; tok.Type != More; {
			if err := s.Next(buf, &tok); err != nil {
				t.Fatal(err)
			}
		}
		buf[len(buf)-1] = '#'
	}
	if !s.Idle() {
		t.Error("not at the end")
	}
}
