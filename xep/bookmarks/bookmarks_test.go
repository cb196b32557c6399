package bookmarks_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/bookmarks"
)

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
	play := bookmarks.Conference{JID: "theplay@conference.shakespeare.example", Title: "The Play", Autojoin: true, Nick: "JC", Password: "Et tu",
		Extensions: []byte(`<state xmlns='urn:example:state'/>`)}
	const inner = `<nick>JC</nick><password>Et tu</password><extensions><state xmlns='urn:example:state'/></extensions></conference>`
	item := `<conference xmlns='urn:xmpp:bookmarks:1' name='The Play' autojoin='true'>` + inner
	got := bookmarks.Conference{JID: play.JID}
	if err := got.Decode(elementOf(t, item)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(play, got); diff != "" || written(&got) != item {
		t.Errorf("%s, written as %s", diff, written(&got))
	}
	list := `<storage xmlns='storage:bookmarks'><conference jid='theplay@conference.shakespeare.example' name='The Play' autojoin='true'>` + inner + `<url xmlns='storage:bookmarks' name='Works' url='https://shakespeare.example/'/></storage>`
	var l bookmarks.List
	if err := l.Decode(elementOf(t, list)); err != nil {
		t.Fatal(err)
	}
	if len(l.Rooms) != 1 || !l.Rooms[0].Equal(&play) || written(&l) != list {
		t.Errorf("%+v, written as %s", l.Rooms, written(&l))
	}
}

func TestList(t *testing.T) {
	const xml = `<storage xmlns='storage:bookmarks'><conference jid='A@Conference.Example' autojoin='1'/><conference jid='@'/><conference/><conference jid='b@conference.example/nick'/><conference jid='a@conference.example' name='again'/></storage>`
	var l bookmarks.List
	if err := l.Decode(elementOf(t, xml)); err != nil {
		t.Fatal(err)
	}
	want := []bookmarks.Conference{{JID: "a@conference.example", Title: "again"}, {JID: "b@conference.example"}}
	if diff := cmp.Diff(want, l.Rooms); diff != "" {
		t.Error(diff)
	}
	if l.Find("b@conference.example") != &l.Rooms[1] || l.Find("c@conference.example") != nil {
		t.Error("Find finds something else")
	}
}

func FuzzList(f *testing.F) {
	f.Add([]byte(`<storage xmlns='storage:bookmarks'><conference jid='a@conference.example' autojoin='1'><nick>n</nick><extensions><x xmlns=''/></extensions></conference><url url='x'/></storage>`))
	f.Add([]byte(`<s:storage xmlns:s='storage:bookmarks' xmlns='urn:x'><s:conference jid='a'/><y s:z='1'/></s:storage>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := elem.Parse(b, stanza.NSClient)
		if err != nil {
			return
		}
		var first, again bookmarks.List
		_ = first.Decode(tree.Root())
		out := written(&first)
		_ = again.Decode(elementOf(t, out))
		if written(&again) != out {
			t.Errorf("%s was written again as %s", out, written(&again))
		}
	})
}
