package xmpptest

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
)

func TestParse(t *testing.T) {
	f, err := parse("play.xt", []byte(`# XEP-0191#block, RFC 6120 §8.3, §8.3.1: a contact is refused
# A remark about RFC 6121 is none, and neither is RFC 6121 §8.5.1 in the middle.
# RFC 6121 §8.5.2.1.3
users romeo juliet

romeo/orchard connects available
romeo/orchard > <iq type='set'
                    id='1'>
                  <a>
                    <b x='>'/>
                  </a>
                </iq>
romeo/orchard < <stream:stream from='{host}' …>
romeo/orchard <? </stream:stream>
romeo/orchard > "a < b" "c"*3
romeo/orchard logs in
advance 10m
quiet
romeo/orchard quiet
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{4, 4, "", "users", "romeo juliet"},
		{6, 6, "romeo/orchard", "connects", "available"},
		{7, 12, "romeo/orchard", ">", "<iq type='set' id='1'><a><b x='>'/></a></iq>"},
		{13, 13, "romeo/orchard", "<", "<stream:stream from='{host}' …>"},
		{14, 14, "romeo/orchard", "<?", "</stream:stream>"},
		{15, 15, "romeo/orchard", ">", `"a < b" "c"*3`},
		{16, 16, "romeo/orchard", "logs in", ""},
		{17, 17, "", "advance", "10m"},
		{18, 18, "", "quiet", ""},
		{19, 19, "romeo/orchard", "quiet", ""},
	}
	if d := cmp.Diff(want, f.Steps); d != "" {
		t.Error(d)
	}
	marks := []Mark{{"XEP-0191", "block"}, {"RFC 6120", "§8.3"}, {"RFC 6120", "§8.3.1"}, {"RFC 6121", "§8.5.2.1.3"}}
	if d := cmp.Diff(marks, f.Marks); d != "" {
		t.Error(d)
	}
	if f.Title != "a contact is refused" {
		t.Errorf("title %q", f.Title)
	}
	if got := f.Marks[0].String() + ", " + f.Marks[1].String(); got != "XEP-0191#block, RFC 6120 §8.3" {
		t.Error(got)
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"no mark", "users romeo", "no line says which section"},
		{"unknown verb", "# RFC 6120 §4\nromeo sings", "play.xt:2:"},
		{"open element", "# RFC 6120 §4\nromeo > <a>\n<b/>", "play.xt:2: the XML does not end"},
		{"bad expectation", "# RFC 6120 §4\nromeo < <a:b/>", "play.xt:2:"},
		{"two expectations", "# RFC 6120 §4\nromeo < <a/><b/>", "one element is expected at a time"},
		{"nothing to send", "# RFC 6120 §4\nromeo >", "something must follow"},
		{"too much", "# RFC 6120 §4\nrestart now", "nothing may follow"},
		{"connects somehow", "# RFC 6120 §4\nromeo/a connects twice", "connects available"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse("play.xt", []byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v does not say %q", err, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# RFC 6120 §4: title\nusers romeo\nromeo/orchard > <a>\n</a>\n")
	f.Add("# XEP-0001#a\nromeo < <a …>…</a>\n")
	f.Add("# XEP-0001#a\nromeo < <a b='\n…'\n/>")
	f.Add("romeo > <\nromeo > \"")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parse("f.xt", []byte(text))
		if err != nil {
			return
		}
		last := 0
		for _, st := range file.Steps {
			if st.Line <= last || st.Last < st.Line || st.Last > len(file.lines) {
				t.Fatalf("step %+v after line %d", st, last)
			}
			last = st.Last
		}
	})
}

func server(t *testing.T) *Server {
	s := &Server{t: t, vars: map[string]string{"id": "x&y"}}
	s.cfg.Realms = newScript(t, Config{}).realms()
	return s
}

func TestMatch(t *testing.T) {
	const stanzas = "urn:ietf:params:xml:ns:xmpp-stanzas"
	for _, tt := range []struct{ name, want, got, why string }{
		{"equal", "<a x='1' y='2'><b/>t</a>", "<a y='2' x='1'><b/>t</a>", ""},
		{"name", "<a/>", "<b/>", "<b> of"},
		{"namespace", "<a/>", "<a xmlns='n'/>", "<a> of \"n\""},
		{"prefixes do not matter", "<a xmlns='n'/>", "<p:a xmlns:p='n'/>", ""},
		{"attribute missing", "<a x='1'/>", "<a/>", "there is no attribute x"},
		{"attribute more", "<a/>", "<a x='1'/>", "there is an attribute x='1'"},
		{"any attributes", "<a …/>", "<a x='1'/>", ""},
		{"any other attributes", "<a x='2' …/>", "<a x='1' y='1'/>", "attribute x"},
		{"to may be left out", "<a/>", "<a to='romeo@verona.example'/>", ""},
		{"to may be left out at the top only", "<a><b/></a>", "<a><b to='c'/></a>", "there is an attribute to"},
		{"to counts when it is there", "<a to='b'/>", "<a to='c'/>", "attribute to"},
		{"from counts", "<a/>", "<a from='c'/>", "there is an attribute from"},
		{"language may be left out", "<a><b/></a>", "<a><b xml:lang='it'/></a>", ""},
		{"language counts when it is there", "<a xml:lang='it'/>", "<a/>", "there is no attribute lang"},
		{"text", "<a>b</a>", "<a>c</a>", `"c" is not "b"`},
		{"text more", "<a/>", "<a>c</a>", "has the text"},
		{"blanks between children", "<a> <b/> </a>", "<a><b/></a>", ""},
		{"children in order", "<a><b/><c/></a>", "<a><c/><b/></a>", "is not <b>"},
		{"child more", "<a><b/></a>", "<a><b/><c xmlns='n'/></a>", "<a> has <c xmlns='n'> in it"},
		{"child missing", "<a><b/></a>", "<a/>", "<a> has no <b"},
		{"any children", "<a>…</a>", "<a><c/>text</a>", ""},
		{"any other children", "<a><c/><b/>…</a>", "<a><b/><x/><c/></a>", ""},
		{"any other children, one missing", "<a><b/><b/>…</a>", "<a><b/><x/></a>", "<a> has no <b"},
		{"any other children, one wrong", "<a><b x='1'/>…</a>", "<a><b x='2'/></a>", "attribute x"},
		{"text for people", "<a><gone xmlns='" + stanzas + "'/></a>", "<a><gone xmlns='" + stanzas + "'/><text xmlns='" + stanzas + "'>bye</text></a>", ""},
		{"text for people counts when it is there", "<a><text xmlns='" + stanzas + "'>bye</text></a>", "<a><text xmlns='" + stanzas + "'>hi</text></a>", "text"},
		{"anything", "<a id='{*}'/>", "<a id='17'/>", ""},
		{"anything in between", "<a id='x{*}y'/>", "<a id='x17z'/>", "attribute id"},
		{"known name", "<a id='{id}'/>", "<a id='x&amp;y'/>", ""},
		{"known name, something else", "<a id='{id}'/>", "<a id='x'/>", "attribute id"},
		{"unknown name", "<a id='{hots}'/>", "<a id='x'/>", "{hots} is not known"},
		{"host", "<a id='{host}'/>", "<a id='verona.example'/>", ""},
		{"address", "<a id='{romeo/a b}'/>", "<a id='{romeo/a b}'/>", ""},
		{"full address", "<a id='{romeo/orchard}'/>", "<a id='romeo@verona.example/orchard'/>", ""},
		{"bound and used", "<a id='{n=*}'><b>{n}{n}</b></a>", "<a id='1'><b>11</b></a>", ""},
		{"bound and used otherwise", "<a id='{n=*}'><b>{n}</b></a>", "<a id='1'><b>2</b></a>", "text"},
		{"bound to nothing", "<a id='{n=*}'/>", "<a id=''/>", "would be empty"},
		{"braces", `<a>{"b": 1}</a>`, `<a>{"b": 1}</a>`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x, err := expect(tt.want)
			if err != nil {
				t.Fatal(err)
			}
			tree, err := elem.Parse([]byte(surroundings+tt.got+"</stream:stream>"), "")
			if err != nil {
				t.Fatal(err)
			}
			err = server(t).matchElem(x.want, tree.Root().First(), map[string]string{}, true)
			switch {
			case tt.why == "" && err != nil:
				t.Error(err)
			case tt.why != "" && (err == nil || !strings.Contains(err.Error(), tt.why)):
				t.Errorf("%v does not say %q", err, tt.why)
			}
		})
	}
}

// A name is bound only when all of the expectation fits.
func TestBinding(t *testing.T) {
	s := server(t)
	tree, err := elem.Parse([]byte("<a xmlns='jabber:client' id='1' x='2'/>"), "")
	if err != nil {
		t.Fatal(err)
	}
	ev := event{kind: elem.Element, tree: tree}
	for _, tt := range []struct {
		want  string
		bound bool
	}{{"<a id='{n=*}' x='3'/>", false}, {"<a id='{n=*}' x='2'/>", true}} {
		x, err := expect(tt.want)
		if err != nil {
			t.Fatal(err)
		}
		_ = s.match(x, ev)
		if _, ok := s.vars["n"]; ok != tt.bound {
			t.Errorf("%s: bound %v", tt.want, ok)
		}
	}
	if out, err := s.expand("<b c='{n}{id}{romeo/orchard}'/>", true); err != nil || out != "<b c='1x&amp;yromeo@verona.example/orchard'/>" {
		t.Error(out, err)
	}
}

func TestVerbatim(t *testing.T) {
	got, err := verbatim(`"a\x00" "<"*3 "é"`)
	if err != nil || string(got) != "a\x00<<<é" {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{`"a" b`, `"a`, `"\q"`} {
		if _, err := verbatim(bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// What this page of the documents shows is what the parser takes.
func TestDocument(t *testing.T) {
	b, err := os.ReadFile("../docs/transcripts.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(b), "```xt\n")
	if len(blocks) < 2 {
		t.Fatal("the page has no examples")
	}
	for _, block := range blocks[1:] {
		text, _, _ := strings.Cut(block, "```")
		if _, err := parse("docs/transcripts.md", []byte(text)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}
