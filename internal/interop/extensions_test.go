package interop

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// What slixmpp has a plugin for, and every server has.
func TestSmallExtensions(t *testing.T) {
	s := begin(t, "python3-slixmpp")
	srv := s.serve("", "romeo", "juliet")
	p := s.slixmpp()
	romeo, juliet := p.login("romeo", srv), p.login("juliet", srv)

	type info struct {
		Identities [][2]string
		Features   []string
	}
	of := do[info](romeo, "info", args{"to": host})
	for _, want := range []string{"http://jabber.org/protocol/disco#info", "urn:xmpp:ping", "jabber:iq:version", "urn:xmpp:time", "jabber:iq:last",
		"jabber:iq:private", "vcard-temp", "jabber:iq:register", "http://jabber.org/protocol/commands"} {
		if !slices.Contains(of.Features, want) {
			t.Errorf("the host has no feature %s: %q", want, of.Features)
		}
	}
	if !slices.Contains(of.Identities, [2]string{"server", "im"}) {
		t.Errorf("identities of the host: %q", of.Identities)
	}
	if own := do[info](romeo, "info", nil); !slices.Contains(own.Identities, [2]string{"account", "registered"}) {
		t.Errorf("identities of the own account: %q", own.Identities)
	}
	romeo.do("ping", args{"to": host})
	romeo.do("ping", args{"to": bare(romeo)})
	romeo.refused("service-unavailable", "ping", args{"to": at("nobody")})

	if got := do[struct{ Name, Version string }](romeo, "version", args{"to": host}); got.Name != "Stonechat" || got.Version == "" {
		t.Errorf("version %+v", got)
	}
	if got := do[time.Time](romeo, "time", args{"to": host}); time.Since(got).Abs() > time.Minute {
		t.Errorf("time %v", got)
	}
	if got := do[struct{ Seconds int }](romeo, "last", args{"to": host}); got.Seconds < 0 || got.Seconds > 60 {
		t.Errorf("uptime %+v", got)
	}
	romeo.refused("forbidden", "last", args{"to": bare(juliet)})

	romeo.do("keep", args{"ns": "urn:verona:notes", "text": "apothecary & Mantua"})
	if got := do[string](romeo, "kept", args{"ns": "urn:verona:notes"}); got != "apothecary & Mantua" {
		t.Errorf("private XML: %q", got)
	}
	photo := strings.Repeat("fair as the moon ", 1000)
	romeo.do("set_card", args{"name": "Romeo Montague", "photo": photo})
	if got := do[struct{ Name, Photo string }](juliet, "card", args{"of": bare(romeo)}); got.Name != "Romeo Montague" || got.Photo != photo {
		t.Errorf("card of romeo: %q with %d bytes", got.Name, len(got.Photo))
	}
	srv.stop()
}

// XEP-0077: a password is changed; then it is the only one that works.
func TestPasswordChange(t *testing.T) {
	s := begin(t, "python3-slixmpp")
	srv := s.serve("", "juliet")
	p := s.slixmpp()
	juliet := p.login("juliet", srv)
	juliet.do("password", args{"password": "Thursday & Paris"})
	old := p.client("juliet/old")
	if got := do[session](old, "login", args{"port": srv.clear}); got.Failed == "" {
		t.Errorf("logged in with the old password: %+v", got)
	}
	juliet.do("logout", nil)
	juliet.connect(args{"port": srv.clear})
	srv.stop()
}

// XEP-0133 by XEP-0050: what an admin may do, and nobody else.
func TestAdministration(t *testing.T) {
	s := begin(t, "python3-slixmpp")
	srv := s.serve("", "romeo", "juliet")
	p := s.slixmpp()
	romeo, juliet := p.login("romeo", srv), p.login("juliet", srv)
	const ns = "http://jabber.org/protocol/admin#"
	offered := do[[]string](romeo, "commands", nil)
	for _, name := range []string{"add-user", "delete-user", "disable-user", "change-user-password", "get-registered-users-list", "end-user-session", "announce"} {
		if !slices.Contains(offered, ns+name) {
			t.Errorf("no command %s: %q", name, offered)
		}
	}
	if got := do[[]string](juliet, "commands", nil); slices.ContainsFunc(got, func(n string) bool { return strings.HasPrefix(n, ns) }) {
		t.Errorf("juliet is offered %q", got)
	}
	juliet.refused("forbidden", "command", args{"node": ns + "add-user", "fields": args{}})

	type outcome struct {
		Status string
		Values map[string]any
		Notes  []string
	}
	command := func(name string, fields args) outcome {
		t.Helper()
		got := do[outcome](romeo, "command", args{"node": ns + name, "fields": fields})
		if got.Status != "completed" {
			t.Errorf("%s %v: %+v", name, fields, got)
		}
		return got
	}
	command("add-user", args{"accountjid": at("tybalt"), "password": secret("tybalt"), "password-verify": secret("tybalt")})
	tybalt := p.login("tybalt", srv)
	if got := command("get-registered-users-list", args{}).Values["registereduserjids"]; fmt.Sprint(got) != fmt.Sprint([]string{bare(juliet), bare(romeo), bare(tybalt)}) {
		t.Errorf("accounts: %v", got)
	}
	command("announce", args{"announcement": "Rebellious subjects, enemies to peace"})
	for _, c := range []*client{romeo, juliet, tybalt} {
		c.hears("Rebellious subjects, enemies to peace")
	}
	command("end-user-session", args{"accountjids": []string{bare(juliet)}})
	juliet.sees("her session was ended", "disconnected", nil)
	command("delete-user", args{"accountjids": []string{bare(tybalt)}})
	tybalt.sees("the account was removed", "disconnected", nil)
	if got := do[session](tybalt, "login", args{"port": srv.clear}); got.Failed == "" {
		t.Errorf("tybalt is back: %+v", got)
	}
	srv.stop()
}

// XEP-0198: a connection breaks and the session goes on, twice; then the server is stopped and started.
func TestResumption(t *testing.T) {
	s := begin(t, "python3-slixmpp")
	srv := s.serve("", "romeo", "juliet")
	p := s.slixmpp()
	romeo, juliet := p.login("romeo", srv), p.login("juliet", srv)
	befriend(romeo, juliet)
	for round := range 3 {
		juliet.do("cut", nil)
		juliet.sees("cut", "disconnected", nil)
		for i := range 5 {
			romeo.do("say", args{"to": bare(juliet), "body": fmt.Sprint(round, ".", i)})
		}
		romeo.do("settle", nil)
		if round == 2 {
			srv.stop()
			romeo.sees("the server went", "disconnected", nil)
			srv = s.start()
		}
		if got := do[string](juliet, "resume", args{"port": srv.clear}); got != "session_resumed" {
			t.Errorf("round %d: %s", round, got)
		}
		for i := range 5 {
			if got := juliet.sees("any message", "message", nil); got.Body != fmt.Sprint(round, ".", i) {
				t.Errorf("round %d: message %d is %q", round, i, got.Body)
			}
		}
		if more := juliet.pending("message"); len(more) > 0 {
			t.Errorf("round %d: too many messages: %+v", round, more)
		}
	}
	if got := do[string](romeo, "resume", args{"port": srv.clear}); got != "session_resumed" {
		t.Errorf("romeo: %s", got)
	}
	juliet.do("say", args{"to": bare(romeo), "body": "Parting is such sweet sorrow"})
	romeo.hears("Parting is such sweet sorrow")
	srv.stop()
}

// RFC 6121 §2 and §8: rosters are the same for all sessions of an account, and messages go to those of the highest priority.
func TestRosterAndPriorities(t *testing.T) {
	s := begin(t, "python3-slixmpp")
	srv := s.serve("", "romeo", "juliet")
	p := s.slixmpp()
	romeo := p.login("romeo", srv)
	high, low, negative := p.client("juliet/high"), p.client("juliet/low"), p.client("juliet/negative")
	for c, priority := range map[*client]int{high: 5, low: 1, negative: -1} {
		c.connect(args{"port": srv.clear, "priority": priority})
	}
	low.do("roster_set", args{"jid": bare(romeo), "name": "Romeo ❤", "groups": []string{"Montagues", "Balcony & garden"}})
	want := item{Name: "Romeo ❤", Subscription: "none", Groups: []string{"Balcony & garden", "Montagues"}}
	for _, c := range []*client{high, low, negative} {
		c.sees("the contact", "push", func(e event) bool { return fmt.Sprint(e.Items[bare(romeo)]) == fmt.Sprint(want) })
		if got := do[map[string]item](c, "roster", nil); fmt.Sprint(got) != fmt.Sprint(map[string]item{bare(romeo): want}) {
			t.Errorf("%s: roster %+v", c.name, got)
		}
	}
	romeo.do("say", args{"to": bare(high), "body": "to the highest"})
	high.hears("to the highest")
	high.do("show", args{"priority": -5})
	high.sees("the new priority", "presence", func(e event) bool { return e.From == full(high) && e.Priority == "-5" })
	romeo.do("say", args{"to": bare(high), "body": "to the next"})
	low.hears("to the next")
	for _, c := range []*client{high, low, negative} {
		if more := c.pending("message"); len(more) > 0 {
			t.Errorf("%s got too much: %+v", c.name, more)
		}
	}
	low.do("roster_set", args{"jid": bare(romeo), "remove": true})
	high.sees("removal", "push", func(e event) bool { return e.Items[bare(romeo)].Subscription == "remove" })
	srv.stop()
}
