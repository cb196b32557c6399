package commands_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/commands"
	"github.com/stonechat-im/stonechat/xep/forms"
)

func decode(t testing.TB, xml string) (*commands.Command, error) {
	t.Helper()
	tree, err := elem.Parse([]byte(xml), "jabber:client")
	if err != nil {
		t.Fatal(err)
	}
	c := new(commands.Command)
	return c, c.Decode(tree.Root())
}

func encode(c *commands.Command) string {
	w := elem.NewWriter(nil, "jabber:client")
	c.Encode(w)
	return string(w.Bytes())
}

var golden = []struct {
	name string
	xml  string
	want commands.Command
}{
	{"execute", `<command xmlns='http://jabber.org/protocol/commands' node='list'/>`,
		commands.Command{Node: "list", Action: commands.Execute}},
	{"cancel", `<command xmlns='http://jabber.org/protocol/commands' node='list' sessionid='s1' action='cancel'/>`,
		commands.Command{Node: "list", SessionID: "s1", Action: commands.Cancel}},
	{"executing", `<command xmlns='http://jabber.org/protocol/commands' node='list' sessionid='s1' status='executing' xml:lang='en'>` +
		`<actions execute='complete'><prev/><complete/></actions><x xmlns='jabber:x:data' type='form'><title>Masks</title></x></command>`,
		commands.Command{Node: "list", SessionID: "s1", Action: commands.Execute, Status: commands.Executing, Lang: "en",
			Actions: &commands.Actions{Default: commands.Complete, Prev: true, Complete: true}, Form: &forms.Form{Type: forms.Ask, Title: "Masks"}}},
	{"completed", `<command xmlns='http://jabber.org/protocol/commands' node='list' sessionid='s1' status='completed'>` +
		`<note type='info'>Done.</note><note type='warn'>Too late.</note></command>`,
		commands.Command{Node: "list", SessionID: "s1", Action: commands.Execute, Status: commands.Completed,
			Notes: []commands.Note{{Type: commands.Info, Text: "Done."}, {Type: commands.Warn, Text: "Too late."}}}},
}

func TestRoundTrip(t *testing.T) {
	for _, c := range golden {
		t.Run(c.name, func(t *testing.T) {
			got, err := decode(t, c.xml)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(&c.want, got); d != "" {
				t.Error(d)
			}
			if out := encode(got); out != c.xml {
				t.Errorf("written as %s", out)
			}
		})
	}
}

func TestDecodeDefaults(t *testing.T) {
	c, err := decode(t, `<command xmlns='http://jabber.org/protocol/commands' node='n' action='execute'><note>Hark</note></command>`)
	if err != nil || c.Action != commands.Execute || c.Notes[0].Type != commands.Info {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct {
		name, xml string
		app       stanza.Payload
	}{
		{"no node", `<command xmlns='http://jabber.org/protocol/commands'/>`, nil},
		{"unknown action", `<command xmlns='http://jabber.org/protocol/commands' node='n' action='dance'/>`, commands.MalformedAction},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := decode(t, c.xml)
			var se *stanza.Error
			if !errors.As(err, &se) || se.Condition != stanza.BadRequest || se.App != c.app {
				t.Errorf("error %#v", err)
			}
		})
	}
}

// TestConditions is the table of XEP-0050#desc-errors.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		app     commands.Condition
		general stanza.Condition
		kind    stanza.ErrorType
	}{
		{commands.MalformedAction, stanza.BadRequest, stanza.Modify},
		{commands.BadAction, stanza.BadRequest, stanza.Modify},
		{commands.BadLocale, stanza.BadRequest, stanza.Modify},
		{commands.BadPayload, stanza.BadRequest, stanza.Modify},
		{commands.BadSessionID, stanza.BadRequest, stanza.Modify},
		{commands.SessionExpired, stanza.NotAllowed, stanza.Cancel},
	} {
		if e := c.app.With("x"); e.Condition != c.general || e.Condition.Type() != c.kind || e.App != stanza.Payload(c.app) {
			t.Errorf("%s: %+v", c.app, e)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range golden {
		f.Add([]byte(c.xml))
	}
	f.Add([]byte(`<command xmlns='http://jabber.org/protocol/commands' node='n' action='no'><x xmlns='jabber:x:data'/></command>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, "jabber:client")
		if err != nil {
			return
		}
		var c commands.Command
		if c.Decode(tree.Root()) != nil {
			return
		}
		again, err := decode(t, encode(&c))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if d := cmp.Diff(&c, again); d != "" {
			t.Error(d)
		}
	})
}
