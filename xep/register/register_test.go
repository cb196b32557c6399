package register_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	"github.com/stonechat-im/stonechat/xep/register"
)

// elementOf reads XML that stands in a stanza.
func elementOf(t testing.TB, xml string) elem.Elem {
	t.Helper()
	tree, err := elem.Parse([]byte(xml), stanza.NSClient)
	if err != nil {
		t.Fatal(err)
	}
	return tree.Root()
}

func written(p stanza.Payload) string {
	w := elem.NewWriter(nil, stanza.NSClient)
	p.Encode(w)
	return string(w.Bytes())
}

func TestGolden(t *testing.T) {
	for _, tc := range []struct {
		name string
		want register.Query
		xml  string
	}{
		{"question", register.Query{}, `<query xmlns='jabber:iq:register'/>`},
		{"blank", register.Query{Instructions: "Choose", Username: new(string), Password: new(string)}, `<query xmlns='jabber:iq:register'><instructions>Choose</instructions><username/><password/></query>`},
		{"registered", register.Query{Registered: true, Username: ptr("juliet"), Password: ptr("R0m30")}, `<query xmlns='jabber:iq:register'><registered/><username>juliet</username><password>R0m30</password></query>`},
		{"remove", register.Query{Remove: true}, `<query xmlns='jabber:iq:register'><remove/></query>`},
		{"form", register.Query{Form: &forms.Form{Type: forms.Submit, Fields: []forms.Field{{Var: "username", Values: []string{"bill"}}}}}, `<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'><field var='username'><value>bill</value></field></x></query>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got register.Query
			if err := got.Decode(elementOf(t, tc.xml)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if out := written(&tc.want); out != tc.xml {
				t.Errorf("written as %s", out)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`<query xmlns='jabber:iq:register'><remove/><email>x</email><x xmlns='jabber:x:data' type='submit'/></query>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, stanza.NSClient)
		if err != nil {
			return
		}
		var first, again register.Query
		if first.Decode(tree.Root()) != nil {
			return
		}
		out := written(&first)
		if err := again.Decode(elementOf(t, out)); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if written(&again) != out {
			t.Errorf("%s was written again as %s", out, written(&again))
		}
	})
}

func ptr(s string) *string { return &s }

func TestFilled(t *testing.T) {
	for _, tc := range []struct{ name, xml, user, password string }{
		{"nothing", ``, "", ""},
		{"fields", `<username>bill</username><password>Calliope</password>`, "bill", "Calliope"},
		{"a form comes first", `<username>x</username><x xmlns='jabber:x:data' type='submit'><field var='username'><value>bill</value></field><field var='password'><value>Calliope</value></field></x>`, "bill", "Calliope"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var q register.Query
			if err := q.Decode(elementOf(t, `<query xmlns='jabber:iq:register'>`+tc.xml+`</query>`)); err != nil {
				t.Fatal(err)
			}
			if u, p := q.Filled(); u != tc.user || p != tc.password {
				t.Errorf("got %q, %q", u, p)
			}
		})
	}
}
