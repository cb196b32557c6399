package stanza_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
)

func read(t testing.TB, stream, xml, ns string) (*stanza.Received, error) {
	t.Helper()
	tree, err := elem.Parse([]byte("<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='"+ns+"'"+stream+">"+xml+"</stream:stream>"), "")
	if err != nil {
		t.Fatal(err)
	}
	r := new(stanza.Received)
	return r, r.FromElem(tree.Root().First(), ns, jid.Parse)
}

func TestForwarding(t *testing.T) {
	for _, tc := range []struct{ name, stream, ns, in, want string }{
		{"as it came", "", stanza.NSClient, `<message to='juliet@capulet.example' id='1'><body>a &amp; b</body></message>`,
			`<message to='juliet@capulet.example' id='1'><body>a &amp; b</body></message>`},
		{"attributes in our order, unknown ones kept", "", stanza.NSClient, `<message x='1' id='a' type='chat' xml:lang='de'/>`,
			`<message type='chat' id='a' xml:lang='de' x='1'/>`},
		{"an attribute with a prefix is dropped", " xmlns:p='urn:p'", stanza.NSClient, `<message p:x='1' id='a'/>`, `<message id='a'/>`},
		{"a prefix of the stream is declared again", " xmlns:p='urn:p'", stanza.NSClient, `<message><p:x/></message>`, `<message><p:x xmlns:p='urn:p'/></message>`},
		{"a namespace set on the stanza itself is inherited", "", stanza.NSClient, `<message xmlns='jabber:client'><body>hi</body></message>`, `<message><body>hi</body></message>`},
		{"a stanza with a prefix", " xmlns:c='jabber:client'", stanza.NSClient, `<c:message><c:body>hi</c:body></c:message>`,
			`<message><c:body xmlns:c='jabber:client'>hi</c:body></message>`},
		{"from a server stream", "", stanza.NSServer, `<message id='1'><body>hi</body><x xmlns='urn:x'><y/></x></message>`,
			`<message id='1'><body>hi</body><x xmlns='urn:x'><y/></x></message>`},
		{"default type of presence", "", stanza.NSClient, `<presence/>`, `<presence/>`},
		{"unknown message type is normal", "", stanza.NSClient, `<message type='shout' id='a'/>`, `<message id='a'/>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := read(t, tc.stream, tc.in, tc.ns)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(r.AppendTo(nil)); got != tc.want {
				t.Errorf("written as\n%s, want\n%s", got, tc.want)
			}
		})
	}
}

// RFC 6120 §8.3.3.8, §8.2.3; RFC 6121 §4.7.1.
func TestBadStanzas(t *testing.T) {
	for _, tc := range []struct {
		name, xml string
		attr      string
		cond      stanza.Condition
	}{
		{"bad to", `<message to='@' id='1'/>`, "to", ""},
		{"bad from", `<message from='@' id='1'/>`, "from", ""},
		{"unknown IQ type", `<iq type='shout' id='1'/>`, "", stanza.BadRequest},
		{"IQ without a type", `<iq id='1'/>`, "", stanza.BadRequest},
		{"unknown presence type", `<presence type='shout'/>`, "", stanza.BadRequest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := read(t, "", tc.xml, stanza.NSClient)
			var ae *stanza.AddressError
			if tc.attr != "" && (!errors.As(err, &ae) || ae.Attr != tc.attr) {
				t.Errorf("error %v, want a bad %s", err, tc.attr)
			}
			if tc.cond != "" && !errors.Is(err, tc.cond) {
				t.Errorf("error %v, want %s", err, tc.cond)
			}
			if r.Kind == 0 {
				t.Error("the stanza was not filled in")
			}
		})
	}
	if _, err := read(t, "", `<auth/>`, stanza.NSClient); !errors.Is(err, stanza.ErrNoStanza) {
		t.Errorf("error %v", err)
	}
}

func TestBounce(t *testing.T) {
	for _, tc := range []struct {
		name, xml string
		answered  bool
	}{
		{"message", `<message/>`, true},
		{"request", `<iq type='get' id='1'><x xmlns='urn:x'/></iq>`, true},
		{"result", `<iq type='result' id='1'/>`, false},
		{"error", `<message type='error'/>`, false},
		{"presence", `<presence/>`, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := read(t, "", tc.xml, stanza.NSClient)
			if err != nil {
				t.Fatal(err)
			}
			b := r.Bounce(stanza.ItemNotFound.With("gone"))
			if (b != nil) != tc.answered {
				t.Fatalf("bounced: %v", b != nil)
			}
			if b == nil {
				return
			}
			e := stanza.ReadError(b)
			if b.Type != stanza.TypeError || e.Condition != stanza.ItemNotFound || e.Kind != stanza.Cancel || e.Text != "gone" {
				t.Errorf("bounced as %s", b.AppendTo(nil))
			}
		})
	}
}

func TestChangedCopies(t *testing.T) {
	r, err := read(t, "", `<message to='juliet@capulet.example' id='1'><body>hi</body><x xmlns='urn:x'/><x xmlns='urn:y'/></message>`, stanza.NSClient)
	if err != nil {
		t.Fatal(err)
	}
	s := &r.Stanza
	more := s.With(stanza.ItemNotFound.With(""))
	less := s.Without(func(e elem.Elem) bool { return e.Space() == "urn:x" })
	other := s.Readdress(jid.MustParse("romeo@montague.example"), jid.MustParse("nurse@capulet.example"))
	for _, tc := range []struct{ name, got, want string }{
		{"with", string(more.AppendTo(nil)), `<message to='juliet@capulet.example' id='1'><body>hi</body><x xmlns='urn:x'/><x xmlns='urn:y'/><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`},
		{"without", string(less.AppendTo(nil)), `<message to='juliet@capulet.example' id='1'><body>hi</body><x xmlns='urn:y'/></message>`},
		{"readdressed", string(other.AppendTo(nil)), `<message to='nurse@capulet.example' from='romeo@montague.example' id='1'><body>hi</body><x xmlns='urn:x'/><x xmlns='urn:y'/></message>`},
		{"the original", string(s.AppendTo(nil)), `<message to='juliet@capulet.example' id='1'><body>hi</body><x xmlns='urn:x'/><x xmlns='urn:y'/></message>`},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, tc.got, tc.want)
		}
	}
	if s.Without(func(elem.Elem) bool { return false }) != s {
		t.Error("a copy was made for nothing")
	}
	if !more.Has(stanza.NSClient, "error") || less.Has("urn:x", "x") {
		t.Error("the index of a changed copy is stale")
	}
}

type keeper struct {
	n    uint32
	errs []error
}

func (k *keeper) Secured(n uint32, err error) { k.n, k.errs = n, append(k.errs, err) }

func TestCustodyEndsOnce(t *testing.T) {
	var k keeper
	r := new(stanza.Received)
	c := r.Hold(&k, 7)
	c.Take()
	c.Release(nil)
	if len(k.errs) != 0 {
		t.Fatal("ended while somebody holds")
	}
	full := errors.New("disk full")
	c.Release(full)
	if len(k.errs) != 1 || k.n != 7 || !errors.Is(k.errs[0], full) {
		t.Errorf("keeper was told %v of %d", k.errs, k.n)
	}
	var none *stanza.Custody
	none.Take()
	none.Release(nil) // nobody waits
}

// Whatever a client puts into a stanza, what we write is well-formed and reads the same.
func FuzzForward(f *testing.F) {
	f.Add(`<message to='juliet@capulet.example'><body>hi</body></message>`)
	f.Add(`<iq type='get' id='&lt;&apos;'><p:x p:a='1'><y xmlns=''/></p:x></iq>`)
	f.Add(`<presence xml:lang='de' a='"'>text<show>away</show><![CDATA[<]]></presence>`)
	f.Fuzz(func(t *testing.T, xml string) {
		tree, err := elem.Parse([]byte("<s xmlns='jabber:client' xmlns:p='urn:p'>"+xml+"</s>"), "")
		if err != nil {
			return
		}
		r := new(stanza.Received)
		if r.FromElem(tree.Root().First(), stanza.NSClient, jid.Parse) != nil {
			return
		}
		out := r.AppendTo(nil)
		back, err := stanza.Parse(out)
		if err != nil {
			t.Fatalf("wrote %q: %v", out, err)
		}
		if again := back.AppendTo(nil); string(again) != string(out) {
			t.Fatalf("wrote %q, then %q", out, again)
		}
		if back.ID != r.ID || back.To != r.To || back.Type != r.Type {
			t.Fatalf("reads differently: %q", out)
		}
	})
}

func TestFanOutAllocatesOnce(t *testing.T) {
	s := stanza.Raw(stanza.Message, stanza.Groupchat, jid.MustParse("room@rooms.example/romeo"), jid.JID{}, "1", []byte("<body>"+strings.Repeat("x", 400)+"</body>"))
	from, to := s.From, jid.MustParse("juliet@capulet.example/balcony")
	var keep *stanza.Stanza
	if n := testing.AllocsPerRun(100, func() { keep = s.Readdress(from, to) }); n > 1 {
		t.Errorf("%v allocations a recipient, want 1", n)
	}
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { buf = keep.AppendTo(buf[:0]) }); n != 0 {
		t.Errorf("%v allocations to write, want 0", n)
	}
}

func ExampleStanza_Bounce() {
	s, _ := stanza.Parse([]byte(`<message from='romeo@montague.example' to='juliet@capulet.example' id='1'><body>Hail</body></message>`))
	fmt.Printf("%s\n", s.Bounce(stanza.ServiceUnavailable.With("")).AppendTo(nil))
	// Output:
	// <message to='romeo@montague.example' from='juliet@capulet.example' type='error' id='1'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
}
