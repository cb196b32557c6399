//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/elem"
)

const (
	nsRoster = "jabber:iq:roster"
	nsMUC    = "http://jabber.org/protocol/muc"
	nsMAM    = "urn:xmpp:mam:2"
	nsRSM    = "http://jabber.org/protocol/rsm"
	nsInfo   = "http://jabber.org/protocol/disco#info"
)

// confirmed is what the server has said it keeps.
type confirmed struct {
	mu      sync.Mutex
	rosters []map[string]string // by client: contact → name
	rooms   []string
}

// contacts is how many contacts a client names and renames.
const contacts = 200

// confirm has every client change its roster, and make a room now and then, until it is stopped. A change that was not
// answered because the server died is made again, so that there is no doubt about what should be there.
func (w *world) confirm() (stop func() *confirmed) {
	ctx, cancel := context.WithCancel(context.Background())
	out := &confirmed{rosters: make([]map[string]string, len(w.clients))}
	var all sync.WaitGroup
	for i, c := range w.clients {
		out.rosters[i] = make(map[string]string)
		all.Go(func() {
			tick := time.NewTicker(15 * time.Millisecond)
			defer tick.Stop()
			for n := 0; ; n++ {
				select {
				case <-tick.C:
				case <-ctx.Done():
					return
				}
				if n%40 == 10 {
					out.room(ctx, c, fmt.Sprintf("hall%d-%d@conference.localhost", i, n/40%90))
					continue
				}
				out.contact(c, i, fmt.Sprintf("servant%d@capulet.example", n%contacts), fmt.Sprintf("Servant %d", n))
			}
		})
	}
	return func() *confirmed {
		cancel()
		all.Wait()
		return out
	}
}

// contact names a contact, and does not give up.
func (f *confirmed) contact(c *client, i int, jid, name string) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_, err := c.ask(ctx, "set", "", "<query xmlns='"+nsRoster+"'><item jid='"+jid+"' name='"+name+"'/></query>")
		cancel()
		switch {
		case err == nil:
			f.mu.Lock()
			f.rosters[i][jid] = name
			f.mu.Unlock()
			return
		case !errors.Is(err, errAway):
			c.w.books.fault("%s names a contact: %v", c.user, err)
			return
		}
	}
}

// room enters a room and makes it persistent. Where that is not confirmed nobody claims that it is there.
func (f *confirmed) room(ctx context.Context, c *client, room string) {
	enter := "<presence to='" + room + "/" + c.user + "'><x xmlns='" + nsMUC + "'/></presence>"
	leave := "<presence type='unavailable' to='" + room + "/" + c.user + "'/>"
	if c.send(ctx, func() (string, *letter) { return enter, nil }) != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := c.ask(ctx, "set", room, "<query xmlns='"+nsMUC+"#owner'><x xmlns='jabber:x:data' type='submit'>"+
		"<field var='FORM_TYPE'><value>"+nsMUC+"#roomconfig</value></field>"+
		"<field var='muc#roomconfig_persistentroom'><value>1</value></field></x></query>")
	if err == nil {
		f.mu.Lock()
		f.rooms = append(f.rooms, room)
		f.mu.Unlock()
	}
	_ = c.send(ctx, func() (string, *letter) { return leave, nil })
}

// verify asks for everything that was confirmed.
func (f *confirmed) verify(t *testing.T, w *world) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	n := 0
	for i, c := range w.clients {
		e, err := c.ask(ctx, "get", "", "<query xmlns='"+nsRoster+"'/>")
		if err != nil {
			t.Fatalf("%s asks for the roster: %v", c.user, err)
		}
		have := make(map[string]string)
		for item := range e.Child(nsRoster, "query").Children() {
			have[item.Attr("jid")] = item.Attr("name")
		}
		for jid, name := range f.rosters[i] {
			n++
			if have[jid] != name {
				t.Errorf("%s: the name %q of %s was confirmed, found %q", c.user, name, jid, have[jid])
			}
		}
	}
	for _, room := range f.rooms {
		if _, err := w.clients[0].ask(ctx, "get", room, "<query xmlns='"+nsInfo+"'/>"); err != nil {
			t.Errorf("%s was confirmed: %v", room, err)
		}
	}
	t.Logf("%d contacts and %d rooms are there", n, len(f.rooms))
	if n == 0 || len(f.rooms) == 0 {
		t.Error("nothing was confirmed that could have been lost")
	}
}

// archived checks that both archives have every message that was acknowledged: once, unless its sender had to say it again.
func (w *world) archived(t *testing.T) {
	t.Helper()
	found := make([]map[string]int, len(w.clients))
	for i, c := range w.clients {
		found[i] = w.archive(t, c)
	}
	w.books.mu.Lock()
	defer w.books.mu.Unlock()
	missing, many, total := 0, 0, 0
	for _, x := range w.books.all {
		if x.bounced || !x.acked {
			continue
		}
		for _, owner := range []int{x.from, x.to} {
			total++
			switch n := found[owner][x.id]; {
			case n == 0:
				missing++
			case n > 1+x.again:
				many++
			}
		}
	}
	t.Logf("%d entries of archives looked at", total)
	if missing+many > 0 {
		t.Errorf("of %d entries in archives %d are missing, %d are there too often", total, missing, many)
	}
}

// archive reads a client's archive from its beginning and counts letters by id.
func (w *world) archive(t *testing.T, c *client) map[string]int {
	t.Helper()
	found := make(map[string]int)
	c.mu.Lock()
	c.other = func(e elem.Elem) {
		if r := e.Child(nsMAM, "result"); r.Ok() {
			found[r.Child("urn:xmpp:forward:0", "forwarded").Child(nsClient, "message").Attr("id")]++
		}
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 10*patience)
	defer cancel()
	for after := ""; ; {
		e, err := c.ask(ctx, "set", "", "<query xmlns='"+nsMAM+"'><set xmlns='"+nsRSM+"'><max>250</max>"+after+"</set></query>")
		if err != nil {
			t.Fatalf("the archive of %s: %v", c.user, err)
		}
		fin := e.Child(nsMAM, "fin")
		last := fin.Child(nsRSM, "set").ChildText(nsRSM, "last")
		if fin.Attr("complete") == "true" || last == "" {
			return found
		}
		after = "<after>" + last + "</after>"
	}
}
