package interop

import (
	"fmt"
	"slices"
	"testing"
)

const room = "orchard@conference." + host

// joined is what slixmpp makes of entering a room.
type joined struct {
	Codes                      []int
	Affiliation, Role, Subject string
	Occupants                  []string
	History                    [][2]string // nick and body
}

// XEP-0045 with slixmpp: a room is made, configured, entered, talked in and ruled.
func TestRooms(t *testing.T) {
	s := begin(t, "python3-slixmpp")
	srv := s.serve("", "romeo", "juliet")
	p := s.slixmpp()
	romeo, juliet := p.login("romeo", srv), p.login("juliet", srv)
	join := func(c *client, nick string) joined {
		t.Helper()
		return do[joined](c, "join", args{"room": room, "nick": nick})
	}
	if got := do[[][]string](romeo, "items", args{"to": host}); !slices.ContainsFunc(got, func(i []string) bool { return i[0] == "conference."+host }) {
		t.Errorf("no service of rooms: %q", got)
	}

	if got := join(romeo, "Romeo"); fmt.Sprint(got.Codes) != "[110 201]" && fmt.Sprint(got.Codes) != "[100 110 201]" || got.Affiliation != "owner" || got.Role != "moderator" {
		t.Errorf("making the room: %+v", got)
	}
	juliet.refused("item-not-found", "join", args{"room": room, "nick": "Juliet"})
	romeo.do("configure", args{"room": room, "fields": args{"muc#roomconfig_roomname": "Capulet's orchard", "muc#roomconfig_persistentroom": true}})
	if got := do[[][]string](juliet, "items", args{"to": "conference." + host}); len(got) != 1 || got[0][0] != room {
		t.Errorf("rooms: %q", got)
	}
	if got := join(juliet, "Juliet"); got.Affiliation != "none" || got.Role != "participant" || got.Subject != "" || !slices.Contains(got.Occupants, "Romeo") {
		t.Errorf("entering: %+v", got)
	}
	romeo.seesPresence("", room+"/Juliet")

	juliet.do("say", args{"to": room, "body": "How camest thou hither?", "type": "groupchat"})
	for _, c := range []*client{romeo, juliet} {
		if got := c.hears("How camest thou hither?"); got.From != room+"/Juliet" || got.Type != "groupchat" || got.Delay != "" {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	romeo.do("say", args{"to": room + "/Juliet", "body": "With love's light wings"})
	if got := juliet.hears("With love's light wings"); got.From != room+"/Romeo" || got.Type != "chat" {
		t.Errorf("private message: %+v", got)
	}
	romeo.do("subject", args{"room": room, "subject": "Walls"})
	juliet.sees("subject", "message", func(e event) bool { return e.Subject == "Walls" && e.From == room+"/Romeo" })
	juliet.do("subject", args{"room": room, "subject": "Names"})
	juliet.sees("refusal", "message", func(e event) bool {
		return e.Type == "error" && e.has("urn:ietf:params:xml:ns:xmpp-stanzas", "forbidden")
	})

	juliet.refused("forbidden", "kick", args{"room": room, "nick": "Romeo", "reason": "Go"})
	romeo.do("kick", args{"room": room, "nick": "Juliet", "reason": "The nurse calls"})
	juliet.sees("kicked", "presence", func(e event) bool {
		return e.Type == "unavailable" && e.From == room+"/Juliet" && slices.Contains(e.Codes, "307") && slices.Contains(e.Codes, "110")
	})
	romeo.seesPresence("unavailable", room+"/Juliet")
	romeo.do("say", args{"to": room, "body": "I have night's cloak", "type": "groupchat"})
	romeo.hears("I have night's cloak")
	got := join(juliet, "Jule")
	if want := [][2]string{{"Juliet", "How camest thou hither?"}, {"Romeo", "I have night's cloak"}}; fmt.Sprint(got.History) != fmt.Sprint(want) || got.Subject != "Walls" {
		t.Errorf("entering again: %+v", got)
	}

	romeo.do("affiliate", args{"room": room, "jid": bare(juliet), "affiliation": "admin"})
	if got := do[[]string](romeo, "affiliated", args{"room": room, "affiliation": "admin"}); fmt.Sprint(got) != fmt.Sprint([]string{bare(juliet)}) {
		t.Errorf("admins: %q", got)
	}
	juliet.refused("forbidden", "affiliated", args{"room": room, "affiliation": "owner"})
	romeo.do("destroy", args{"room": room, "reason": "It is the lark"})
	juliet.sees("the end of the room", "presence", func(e event) bool {
		return e.Type == "unavailable" && e.has("http://jabber.org/protocol/muc#user", "destroy")
	})
	srv.stop()
}

// A persistent room is there again after a power cut, with its history, and profanity and slixmpp meet in it.
func TestRoomWithProfanityAcrossAPowerCut(t *testing.T) {
	s := begin(t, "profanity", "tmux", "python3-slixmpp")
	srv := s.serve("", "romeo", "juliet")
	p := s.slixmpp()
	juliet := p.login("juliet", srv)
	do[joined](juliet, "join", args{"room": room, "nick": "Juliet"})
	juliet.do("configure", args{"room": room, "fields": args{"muc#roomconfig_persistentroom": true}})
	juliet.do("say", args{"to": room, "body": "This bud of love", "type": "groupchat"})
	juliet.hears("This bud of love")
	juliet.do("settle", nil)
	srv.kill()
	juliet.sees("the server is gone", "disconnected", nil)
	srv = s.start()
	juliet = p.login("juliet/again", srv)
	do[joined](juliet, "join", args{"room": room, "nick": "Juliet"})

	romeo := s.profanity()
	romeo.login("romeo", srv.clear)
	romeo.types("/join %s nick Romeo", room)
	romeo.shows(`Juliet: This bud of love`)
	juliet.seesPresence("", room+"/Romeo")
	romeo.types("by summer's ripening breath")
	if got := juliet.hears("by summer's ripening breath"); got.From != room+"/Romeo" || got.Type != "groupchat" {
		t.Errorf("message %+v", got)
	}
	juliet.do("say", args{"to": room, "body": "may prove a beauteous flower", "type": "groupchat"})
	romeo.shows(`Juliet: may prove a beauteous flower`)
	romeo.types("/close")
	juliet.seesPresence("unavailable", room+"/Romeo")
	srv.stop()
}
