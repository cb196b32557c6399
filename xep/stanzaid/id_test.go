package stanzaid

import (
	"testing"
	"time"
)

func TestNew(t *testing.T) {
	at := time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC)
	seen := make(map[string]bool)
	last := ""
	for i := range 1000 {
		id := New(at.Add(time.Duration(i) * time.Millisecond))
		if len(id) != 26 || seen[id] || id <= last {
			t.Fatalf("%q after %q", id, last)
		}
		seen[id], last = true, id
	}
	a, b := New(at), New(at)
	if a[:9] != b[:9] || a == b {
		t.Errorf("of the same moment: %q and %q", a, b)
	}
}

func TestForged(t *testing.T) {
	for _, c := range []struct {
		by   string
		want bool
	}{{"juliet@capulet.example", true}, {"Juliet@CAPULET.example", true}, {"juliet@capulet.example/balcony", false}, {"romeo@montague.example", false}, {"@", false}, {"", false}} {
		e := root(t, "<stanza-id xmlns='urn:xmpp:sid:0' id='x' by='"+c.by+"'/>")
		if got := Forged(e, "juliet@capulet.example"); got != c.want {
			t.Errorf("%q: %v", c.by, got)
		}
	}
	if Forged(root(t, "<origin-id xmlns='urn:xmpp:sid:0' id='x' by='juliet@capulet.example'/>"), "juliet@capulet.example") {
		t.Error("an origin-id has no by")
	}
}
