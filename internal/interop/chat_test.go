package interop

import (
	"fmt"
	"testing"
	"time"
)

// Two log in, subscribe to each other, see presence and chat; one goes offline and gets its messages later, in order and
// stamped, although the server was killed in between.
func TestChatAcrossAPowerCut(t *testing.T) {
	s := begin(t, "python3-slixmpp")
	srv := s.serve("", "romeo", "juliet")
	p := s.slixmpp()
	romeo, juliet := p.client("romeo"), p.client("juliet")
	for _, tt := range []struct {
		c       *client
		options args
	}{{romeo, args{"port": srv.clear}}, {juliet, args{"port": srv.direct, "direct": true}}} {
		got := tt.c.connect(tt.options)
		if got.TLS < "TLSv1.2" || got.Mechanism[:6] != "SCRAM-" {
			t.Errorf("%s logged in with %s, %s", tt.c.name, got.TLS, got.Mechanism)
		}
	}
	befriend(romeo, juliet)
	for jid, c := range map[string]*client{bare(juliet): romeo, bare(romeo): juliet} {
		if got := do[map[string]item](c, "roster", nil)[jid]; got.Subscription != "both" || got.Ask != "" {
			t.Errorf("%s has %s as %+v", c.name, jid, got)
		}
	}
	romeo.do("say", args{"to": bare(juliet), "body": "He jests at scars"})
	if got := juliet.hears("He jests at scars"); got.Delay != "" || got.Type != "chat" {
		t.Errorf("live message: %+v", got)
	} else {
		juliet.do("say", args{"to": got.From, "body": "Ay me"})
	}
	romeo.hears("Ay me")

	juliet.do("logout", nil)
	romeo.seesPresence("unavailable", bare(juliet))
	before := time.Now().UTC().Add(-time.Minute)
	const n = 12
	for i := range n {
		romeo.do("say", args{"to": bare(juliet), "body": fmt.Sprint("line ", i)})
	}
	romeo.do("settle", nil)
	srv.kill()
	romeo.sees("the server is gone", "disconnected", nil)

	srv = s.start()
	juliet = p.client("juliet/tomb")
	juliet.connect(args{"port": srv.clear})
	for i := range n {
		got := juliet.sees("any message", "message", nil)
		stamp, err := time.Parse(time.RFC3339, got.Delay)
		if want := fmt.Sprint("line ", i); got.Body != want || err != nil || stamp.Before(before) || stamp.After(time.Now()) {
			t.Errorf("offline message %d: %q stamped %q", i, got.Body, got.Delay)
		}
	}
	if more := juliet.pending("message"); len(more) > 0 {
		t.Errorf("too many messages: %+v", more)
	}
	if got := do[map[string]item](juliet, "roster", nil)[bare(romeo)]; got.Subscription != "both" {
		t.Errorf("the roster after the power cut: %+v", got)
	}
	srv.stop()
}
