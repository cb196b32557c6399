package roster_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/mod/roster"
	"github.com/stonechat-im/stonechat/server/run"
	wire "github.com/stonechat-im/stonechat/xep/roster"
	"github.com/stonechat-im/stonechat/xmpptest"
)

// Contacts is what these tests use of the module.
type Contacts interface {
	State(ctx context.Context, owner, contact jid.Bare) (wire.State, error)
	Contacts(ctx context.Context, owner jid.Bare) ([]wire.Contact, error)
	Item(ctx context.Context, owner, contact jid.Bare) (wire.Item, bool, error)
	Request(ctx context.Context, owner, contact jid.Bare) ([]byte, error)
	SharesPresence(ctx context.Context, owner, other jid.Bare) (bool, error)
	Change(ctx context.Context, owner, contact jid.Bare, next func(wire.State) wire.State, request []byte, first func(was, now wire.State)) (was, now wire.State, err error)
	Clear(ctx context.Context, owner jid.Bare) error
}

// open starts a server with the roster module alone, and finds the module.
func open(t *testing.T, cfg roster.Config) (*xmpptest.Server, Contacts) {
	t.Helper()
	var c Contacts
	probe := kit.Define(kit.Info{Name: "probe"}, struct{}{}, func(env *kit.Env, _ struct{}) (kit.Module, error) {
		c = kit.Need[Contacts](env)
		return nil, nil
	})
	srv := xmpptest.New(t, xmpptest.Config{
		Modules: []kit.Def{roster.Def, probe},
		Realms:  []run.Realm{{Domains: []string{xmpptest.Host}, Modules: map[string]any{"roster": cfg}}},
	})
	srv.Users("juliet")
	return srv, c
}

var (
	juliet = jid.MustBare("juliet@" + xmpptest.Host)
	romeo  = jid.MustBare("romeo@" + xmpptest.Host)
)

func defaults() roster.Config { return roster.Def.Defaults().(roster.Config) }

func to(s wire.State) func(wire.State) wire.State {
	return func(wire.State) wire.State { return s }
}

func contact(n int) jid.Bare { return jid.MustBare(fmt.Sprintf("contact%d@montague.example", n)) }

func TestLimits(t *testing.T) {
	cfg := defaults()
	cfg.Items, cfg.Groups, cfg.Requests = 2, 2, 2
	srv, m := open(t, cfg)
	ctx := t.Context()
	c := srv.Connect(t, "juliet", "balcony")
	set := func(id, item string) {
		c.Send("<iq type='set' id='" + id + "'><query xmlns='jabber:iq:roster'>" + item + "</query></iq>")
	}
	refused := func(id string) {
		t.Helper()
		c.Expect("<iq type='error' id='" + id + "' from='juliet@{host}'><error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>…</error></iq>")
	}
	set("g", "<item jid='a.example'><group>1</group><group>2</group><group>3</group></item>")
	refused("g")
	set("1", "<item jid='a.example'/>")
	c.Expect("<iq type='result' id='1' from='juliet@{host}'/>")
	set("2", "<item jid='b.example'/>")
	c.Expect("<iq type='result' id='2' from='juliet@{host}'/>")
	set("3", "<item jid='c.example'/>")
	refused("3")
	set("4", "<item jid='b.example' name='changed'/>")
	c.Expect("<iq type='result' id='4' from='juliet@{host}'/>")
	set("5", "<item jid='b.example' subscription='remove'/>")
	c.Expect("<iq type='result' id='5' from='juliet@{host}'/>")
	set("6", "<item jid='c.example'/>")
	c.Expect("<iq type='result' id='6' from='juliet@{host}'/>")
	for n := range 2 {
		if _, _, err := m.Change(ctx, juliet, contact(n), to(wire.PendingIn), []byte("x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := m.Change(ctx, juliet, contact(2), to(wire.PendingIn), []byte("x"), nil); err == nil {
		t.Error("a third request was kept")
	}
	if _, _, err := m.Change(ctx, juliet, contact(0), to(0), nil, nil); err != nil {
		t.Error(err)
	}
	if _, _, err := m.Change(ctx, juliet, contact(2), to(wire.PendingIn), []byte("x"), nil); err != nil {
		t.Error("a request that was answered still counts:", err)
	}
}

// The states that are kept in memory for those online, and those in the store for those offline, are the same.
func TestChange(t *testing.T) {
	for _, online := range []bool{false, true} {
		t.Run(fmt.Sprintf("online %v", online), func(t *testing.T) {
			srv, m := open(t, defaults())
			ctx := t.Context()
			if online {
				srv.Connect(t, "juliet", "balcony")
			}
			if s, err := m.State(ctx, juliet, romeo); s != 0 || err != nil {
				t.Fatalf("state %v, error %v", s, err)
			}
			called := 0
			was, now, err := m.Change(ctx, juliet, romeo, to(wire.PendingIn), []byte("request"), func(was, now wire.State) { called++ })
			if was != 0 || now != wire.PendingIn || err != nil || called != 1 {
				t.Fatalf("from %v to %v, error %v, called %d times", was, now, err, called)
			}
			if _, there, err := m.Item(ctx, juliet, romeo); there || err != nil {
				t.Errorf("a request made a roster item; error %v", err)
			}
			if _, _, err := m.Change(ctx, juliet, romeo, to(wire.PendingIn), []byte("another"), func(was, now wire.State) { called++ }); err != nil || called != 1 {
				t.Errorf("error %v, called %d times", err, called)
			}
			if r, err := m.Request(ctx, juliet, romeo); string(r) != "request" || err != nil {
				t.Errorf("request %q, error %v", r, err)
			}
			if _, _, err := m.Change(ctx, juliet, romeo, to(wire.From), nil, nil); err != nil {
				t.Fatal(err)
			}
			if r, err := m.Request(ctx, juliet, romeo); r != nil || err != nil {
				t.Errorf("request %q, error %v", r, err)
			}
			if it, there, err := m.Item(ctx, juliet, romeo); !there || err != nil || it.Subscription != wire.SubFrom || it.JID != romeo.JID() {
				t.Errorf("item %+v, there %v, error %v", it, there, err)
			}
			if ok, err := m.SharesPresence(ctx, juliet, romeo); !ok || err != nil {
				t.Errorf("shares presence: %v, error %v", ok, err)
			}
			if list, err := m.Contacts(ctx, juliet); len(list) != 1 || list[0] != (wire.Contact{JID: romeo, State: wire.From}) || err != nil {
				t.Errorf("contacts %v, error %v", list, err)
			}
			if err := m.Clear(ctx, juliet); err != nil {
				t.Fatal(err)
			}
			if list, err := m.Contacts(ctx, juliet); len(list) != 0 || err != nil {
				t.Errorf("contacts %v, error %v", list, err)
			}
			if _, _, err := m.Change(ctx, juliet, romeo, to(wire.To), nil, nil); err != nil {
				t.Fatal(err)
			}
			if s, err := m.State(ctx, juliet, romeo); s != wire.To || err != nil {
				t.Errorf("state %v, error %v", s, err)
			}
		})
	}
}

// Many change a roster at once: the memory ends up with what the store has, and pushes come in the order of their
// versions, none missing.
func TestOrder(t *testing.T) {
	srv, m := open(t, defaults())
	ctx := t.Context()
	c := srv.Connect(t, "juliet", "balcony")
	c.Send("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>")
	c.Expect("<iq type='result' id='g' from='juliet@{host}'>…</iq>")
	const writers, changes = 8, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range changes {
				if _, _, err := m.Change(ctx, juliet, contact((w+n)%5), func(s wire.State) wire.State { return (s + 1) & 3 }, nil, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	state := make(map[string]string)
	for n := 1; n <= writers*changes; n++ {
		q := c.Expect("<iq type='set' id='{*}' from='juliet@{host}'>…</iq>").First()
		_, ver, _ := strings.Cut(q.Attr("ver"), "-")
		if ver != strconv.Itoa(n) {
			t.Fatalf("push %d has version %s", n, ver)
		}
		state[q.First().Attr("jid")] = q.First().Attr("subscription")
	}
	list, err := m.Contacts(ctx, juliet)
	if err != nil || len(list) != len(state) {
		t.Fatalf("%d contacts, error %v", len(list), err)
	}
	for _, k := range list {
		it, there, err := m.Item(ctx, juliet, k.JID)
		if err != nil || !there || it.Subscription != k.State.Subscription() || string(it.Subscription) != state[k.JID.String()] {
			t.Errorf("%v: %v in memory, %v in the store, %v pushed; error %v", k.JID, k.State.Subscription(), it.Subscription, state[k.JID.String()], err)
		}
	}
	c.Quiet()
}

// Looking up a contact of somebody who is online costs nothing.
func TestStateAllocates(t *testing.T) {
	srv, m := open(t, defaults())
	ctx := t.Context()
	srv.Connect(t, "juliet", "balcony")
	for n := range 20 {
		if _, _, err := m.Change(ctx, juliet, contact(n), to(wire.From), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Contacts(ctx, juliet); err != nil {
		t.Fatal(err)
	}
	who := contact(7)
	if n := testing.AllocsPerRun(200, func() {
		if s, err := m.State(ctx, juliet, who); s != wire.From || err != nil {
			t.Errorf("state %v, error %v", s, err)
		}
		if list, err := m.Contacts(ctx, juliet); len(list) != 20 || err != nil {
			t.Errorf("%d contacts, error %v", len(list), err)
		}
	}); n > 2 { // the key of the table of books, once for each call
		t.Errorf("%v allocations", n)
	}
}
