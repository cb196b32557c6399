package elem

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/xmlscan"
)

// events decodes in, which arrives in pieces that end at cuts, and renders
// what was found. The buffer is a new one for every call.
func events(d *Decoder, in []byte, cuts ...int) []string {
	var out []string
	from := 0 // consumed
	for _, end := range append(cuts, len(in)) {
		for {
			buf := bytes.Clone(in[from:end])
			n, ev, err := d.Next(buf)
			var e *xmlscan.Error
			if errors.As(err, &e) {
				return append(out, fmt.Sprintf("%s at %d: %s", e.Kind, from+e.Offset, e.Reason))
			}
			from += n
			if ev == More {
				if d.Pending() != end-from {
					out = append(out, "Pending is wrong")
				}
				break
			}
			var t Tree
			d.Take(&t, 7)
			clear(buf) // the tree has its own bytes
			switch ev {
			case Open:
				out = append(out, fmt.Sprintf("open {%s}%s %q", t.Root().Space(), t.Root().Local(), t.Root().Attr("id")))
			case Element:
				out = append(out, canon(t.Root())+string(t.Root().Raw()))
			case Close:
				out = append(out, "close")
			}
		}
	}
	if d.Pending() > 0 {
		out = append(out, "pending")
	}
	return out
}

const (
	stream = "<?xml version='1.0'?>\n<stream:stream id='1' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>" +
		"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features> \n" +
		"<message><body>&lt;é]]<![CDATA[>]]></body></message><presence/></stream:stream>\n"
	streamSpace = "http://etherx.jabber.org/streams"
)

func TestDecoder(t *testing.T) {
	want := []string{
		"open {" + streamSpace + `}stream "1"`,
		"{" + streamSpace + "}features[]({urn:ietf:params:xml:ns:xmpp-tls}starttls[]())" +
			"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
		"{jabber:client}message[]({jabber:client}body[](<é]]>))<message><body>&lt;é]]<![CDATA[>]]></body></message>",
		"{jabber:client}presence[]()<presence/>",
		"close",
	}
	drip := []int{}
	for i := range len(stream) {
		drip = append(drip, i)
		if diff := cmp.Diff(want, events(new(Decoder), []byte(stream), i)); diff != "" {
			t.Fatalf("cut at %d: %s", i, diff)
		}
	}
	if diff := cmp.Diff(want, events(new(Decoder), []byte(stream), drip...)); diff != "" {
		t.Fatal("byte by byte:", diff)
	}
}

func TestDecoderRefuses(t *testing.T) {
	rows := []struct {
		name, in, want string
	}{
		{"text in the stream", streamHead + " x", "bad-format at 100: text between first-level elements"},
		{"text before the stream", " x", "not-well-formed at 1: text outside of an element"},
		{"late declaration", " <?xml version='1.0'?>", "restricted-xml at 1: processing instruction"},
		{"declaration in the stream", streamHead + "<?xml version='1.0'?>", "restricted-xml at 99: processing instruction"},
		{"comment in the stream", streamHead + "<!-- -->", "restricted-xml at 99: comment or document type declaration"},
		{"wrong end", streamHead + "</stream>", "not-well-formed at 99: end tag does not match"},
		{"after the end", streamHead + "</stream:stream> <a/>", "not-well-formed at 116: data after the end of the stream"},
		{"undeclared prefix", streamHead + "<presence/><db:result/>", "not-well-formed at 111: undeclared prefix"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			for cut := range len(r.in) {
				got := events(new(Decoder), []byte(r.in), cut)
				if last := got[len(got)-1]; last != r.want {
					t.Fatalf("cut at %d: got %q, want %q", cut, last, r.want)
				}
			}
		})
	}
}

func TestDecoderEmptyStream(t *testing.T) {
	want := []string{`open {}s ""`, "close"}
	if diff := cmp.Diff(want, events(new(Decoder), []byte("<s/> "))); diff != "" {
		t.Error(diff)
	}
}

func TestDecoderLimits(t *testing.T) {
	big := []byte("<a>" + strings.Repeat("x", 200) + "</a>")
	d := inStream(t, xmlscan.Limits{MaxBytes: 150})
	if got := events(d, big); len(got) != 1 || !strings.HasPrefix(got[0], "policy-violation") {
		t.Errorf("got %q", got)
	}
	if _, _, err := d.Next([]byte("<a/>")); err == nil {
		t.Error("went on after an error")
	}
	d = inStream(t, xmlscan.Limits{MaxBytes: 150})
	d.SetLimits(xmlscan.Limits{MaxBytes: 300})
	if got := events(d, big); len(got) != 1 || !strings.HasPrefix(got[0], "{jabber:client}a") {
		t.Errorf("after SetLimits: %q", got)
	}
	d.Reset(xmlscan.Limits{})
	if got := events(d, []byte(stream)); len(got) != 5 {
		t.Errorf("after Reset: %q", got)
	}
}

func TestTake(t *testing.T) {
	d := inStream(t, xmlscan.Limits{})
	var tree Tree
	d.Take(&tree, 0)
	if tree.Root().Ok() {
		t.Error("took an element that is not there")
	}
	in := []byte("<a/><b/>")
	n, ev, err := d.Next(in)
	if n != 4 || ev != Element || err != nil {
		t.Fatal(n, ev, err)
	}
	// Not taken: lost.
	if n, ev, err = d.Next(in[n:]); n != 4 || ev != Element || err != nil {
		t.Fatal(n, ev, err)
	}
	d.Take(&tree, 20)
	if tree.Root().Local() != "b" || cap(tree.raw)-len(tree.raw) < 20 {
		t.Error("took", tree.Root().Local(), "with room for", cap(tree.raw)-len(tree.raw))
	}
}

// TestIdleSize: a stream that waits costs its Decoder and the header's names.
func TestIdleSize(t *testing.T) {
	if size := unsafe.Sizeof(Decoder{}); size > 250 {
		t.Errorf("an idle Decoder has %d bytes, want at most 250", size)
	}
	d := inStream(t, xmlscan.Limits{})
	for _, in := range []string{"", " \n", chatMessage, "<a"} {
		if _, ev, err := d.Next([]byte(in)); err != nil {
			t.Fatal(err)
		} else if ev == Element {
			d.Take(new(Tree), 0)
		}
		if idle := in != "<a"; (d.busy == nil && d.done == nil) != idle {
			t.Errorf("after %q: idle should be %v", in, idle)
		}
	}
}

// FuzzDecoder: the events do not depend on how the bytes arrive.
func FuzzDecoder(f *testing.F) {
	for _, s := range append(seeds, stream, "", " ", streamHead, "<s/>x", "</a>") {
		f.Add([]byte(s), uint16(len(s)/2))
		f.Add([]byte(streamHead+s), uint16(len(s)))
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16) {
		start := func() *Decoder {
			d := new(Decoder)
			d.Reset(xmlscan.Limits{MaxBytes: 300, MaxDepth: 5, MaxAttrs: 5, MaxNames: 5, MaxTag: 120})
			return d
		}
		want := events(start(), in)
		if diff := cmp.Diff(want, events(start(), in, min(int(cut), len(in)))); diff != "" {
			t.Errorf("cut at %d: %s", cut, diff)
		}
		drip := make([]int, len(in))
		for i := range drip {
			drip[i] = i
		}
		if diff := cmp.Diff(want, events(start(), in, drip...)); diff != "" {
			t.Errorf("byte by byte: %s", diff)
		}
	})
}
