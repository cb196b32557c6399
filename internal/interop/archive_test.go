package interop

import (
	"fmt"
	"testing"
	"time"
)

// XEP-0313, XEP-0280 and XEP-0352: what an account with two sessions gets of a conversation, at once and later.
func TestArchiveCarbonsAndClientState(t *testing.T) {
	s := begin(t, "python3-slixmpp")
	srv := s.serve("", "romeo", "juliet")
	p := s.slixmpp()
	romeo, balcony, chamber := p.login("romeo/orchard", srv), p.login("juliet/balcony", srv), p.login("juliet/chamber", srv)
	befriend(romeo, balcony)
	chamber.do("carbons", nil)
	type kept struct {
		ID, From, Body string
		Delay          time.Time
	}
	var want []kept
	for i := range 4 {
		there, back := fmt.Sprint("there ", i), fmt.Sprint("back ", i)
		romeo.do("say", args{"to": full(balcony), "body": there})
		balcony.hears(there)
		chamber.sees(there, "carbon", func(e event) bool {
			return e.Body == there && e.Text == "received" && e.From == full(romeo) && e.To == full(balcony)
		})
		balcony.do("say", args{"to": full(romeo), "body": back})
		romeo.hears(back)
		chamber.sees(back, "carbon", func(e event) bool {
			return e.Body == back && e.Text == "sent" && e.From == full(balcony) && e.To == full(romeo)
		})
		want = append(want, kept{From: full(romeo), Body: there}, kept{From: full(balcony), Body: back})
	}
	for _, c := range []*client{romeo, chamber} {
		for _, page := range []int{3, 50} {
			got := do[[]kept](c, "archive", args{"page": page})
			if len(got) != len(want) {
				t.Fatalf("%s: archive by %d: %+v, want %+v", c.name, page, got, want)
			}
			for i, m := range got {
				if m.From != want[i].From || m.Body != want[i].Body || m.ID == "" || time.Since(m.Delay).Abs() > time.Hour {
					t.Errorf("%s: archive by %d: message %d is %+v, want %+v", c.name, page, i, m, want[i])
				}
			}
		}
	}
	if got := do[[]kept](chamber, "archive", args{"with_jid": at("paris")}); len(got) != 0 {
		t.Errorf("archive with paris: %+v", got)
	}
	if got := do[[]kept](chamber, "archive", args{"with_jid": bare(romeo)}); len(got) != len(want) {
		t.Errorf("archive with romeo: %+v", got)
	}

	chamber.do("active", args{"active": false})
	chamber.do("ping", nil)
	romeo.do("show", args{"show": "away"})
	romeo.do("show", args{"show": "dnd"})
	romeo.do("settle", nil)
	chamber.do("active", nil)
	chamber.sees("dnd", "presence", func(e event) bool { return e.From == full(romeo) && e.Show == "dnd" })
	for _, e := range chamber.pending("presence") {
		if e.Show == "away" {
			t.Errorf("presence of a moment was kept for an inactive client: %+v", e)
		}
	}
	srv.stop()
}

// XEP-0191: who is blocked is gone for the other, and back afterwards.
func TestBlocking(t *testing.T) {
	s := begin(t, "python3-slixmpp")
	srv := s.serve("", "romeo", "juliet")
	p := s.slixmpp()
	romeo, juliet := p.login("romeo", srv), p.login("juliet", srv)
	befriend(romeo, juliet)
	juliet.do("block", args{"jid": bare(romeo)})
	romeo.seesPresence("unavailable", bare(juliet))
	if got := do[[]string](juliet, "blocked", nil); len(got) != 1 || got[0] != bare(romeo) {
		t.Errorf("blocked: %q", got)
	}
	romeo.do("say", args{"to": bare(juliet), "body": "let me stand here"})
	if got := romeo.sees("an error", "message", nil); got.Type != "error" || !got.has("urn:ietf:params:xml:ns:xmpp-stanzas", "service-unavailable") {
		t.Errorf("romeo got %+v", got)
	}
	juliet.do("say", args{"to": bare(romeo), "body": "I have forgot why I did call thee back"})
	if got := juliet.sees("an error", "message", nil); got.Type != "error" || !got.has("urn:ietf:params:xml:ns:xmpp-stanzas", "not-acceptable") {
		t.Errorf("juliet got %+v", got)
	}
	juliet.do("unblock", args{"jid": bare(romeo)})
	romeo.seesPresence("", bare(juliet))
	romeo.do("say", args{"to": bare(juliet), "body": "till thou remember it"})
	juliet.hears("till thou remember it")
	if got := do[[]string](juliet, "blocked", nil); len(got) != 0 {
		t.Errorf("still blocked: %q", got)
	}
	srv.stop()
}
