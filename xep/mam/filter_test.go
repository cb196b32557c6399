package mam

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
)

var compareJIDs = cmp.Comparer(func(a, b jid.JID) bool { return a == b })

func TestFilter(t *testing.T) {
	yes := true
	all := Filter{With: jid.MustParse("romeo@montague.example/orchard"), Start: time.Date(1595, 1, 30, 19, 0, 0, 5000, time.UTC), End: time.Date(1595, 1, 31, 0, 0, 0, 0, time.UTC),
		BeforeID: "b", AfterID: "a", IDs: []string{"1", "2"}, Text: "nightingale", Groupchat: &yes}
	for _, f := range []Filter{{}, all} {
		got, err := ReadFilter(f.Form(), true)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(f, got, compareJIDs); d != "" {
			t.Error(d)
		}
	}
	if got, err := ReadFilter(nil, false); err != nil || !cmp.Equal(Filter{}, got, compareJIDs) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestFilterErrors(t *testing.T) {
	field := func(name string, values ...string) *forms.Form {
		return forms.New(forms.Submit, NS).Add(forms.Field{Var: name, Values: values})
	}
	for _, c := range []struct {
		name string
		form *forms.Form
		want stanza.Condition
	}{
		{"not submitted", forms.New(forms.Ask, NS), stanza.BadRequest},
		{"of something else", forms.New(forms.Submit, "urn:xmpp:mam:1"), stanza.BadRequest},
		{"of nothing", forms.New(forms.Submit, ""), stanza.BadRequest},
		{"unknown field", field("mood"), stanza.FeatureNotImplemented},
		{"no address", field("with", "@"), stanza.JIDMalformed},
		{"no time", field("start", "1595-01-30"), stanza.BadRequest},
		{"no time zone", field("end", "1595-01-30T19:00:00"), stanza.BadRequest},
		{"two values", field("with", "a@b.example", "c@d.example"), stanza.BadRequest},
		{"no boolean", field("include-groupchat", "maybe"), stanza.BadRequest},
		{"no search", field("{urn:xmpp:fulltext:0}fulltext", "x"), stanza.FeatureNotImplemented},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ReadFilter(c.form, false); !errors.Is(err, c.want) {
				t.Errorf("%v", err)
			}
		})
	}
	if f, err := ReadFilter(field("start", ""), false); err != nil || !f.Start.IsZero() {
		t.Errorf("an empty field: %+v, %v", f, err)
	}
}

// A client asks for what somebody said after a day.
func ExampleFilter() {
	q := Query{QueryID: "q1", Form: (&Filter{With: jid.MustParse("romeo@montague.example"), Start: time.Date(1595, 1, 30, 0, 0, 0, 0, time.UTC)}).Form()}
	fmt.Println(written(&q))
	// Output: <query xmlns='urn:xmpp:mam:2' queryid='q1'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field><field var='with'><value>romeo@montague.example</value></field><field var='start'><value>1595-01-30T00:00:00Z</value></field></x></query>
}
