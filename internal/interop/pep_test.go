package interop

import "testing"

// XEP-0163 with XEP-0115: slixmpp says by its capabilities that it wants tunes, and gets those of its contacts, now and the
// last one when it comes later.
func TestPersonalEvents(t *testing.T) {
	s := begin(t, "python3-slixmpp")
	srv := s.serve("", "romeo", "juliet")
	p := s.slixmpp()
	romeo, juliet := p.login("romeo", srv), p.login("juliet", srv)
	befriend(romeo, juliet)
	tune := func(c *client, title string) {
		t.Helper()
		got := c.sees(title, "tune", func(e event) bool { return e.Text == title })
		if got.From != bare(juliet) || got.Type != "headline" {
			t.Errorf("%s: event %+v", c.name, got)
		}
	}
	juliet.do("tune", args{"title": "Heart's Ease"})
	tune(romeo, "Heart's Ease")
	tune(juliet, "Heart's Ease")
	juliet.do("tune", args{"title": "My Heart is Full of Woe"})
	tune(romeo, "My Heart is Full of Woe")
	later := p.login("romeo/later", srv)
	tune(later, "My Heart is Full of Woe")
	srv.stop()
}
