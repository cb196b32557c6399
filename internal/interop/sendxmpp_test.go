package interop

import (
	"strings"
	"testing"
)

// go-sendxmpp knows PLAIN alone. It sends to slixmpp, and prints what it gets.
func TestGoSendxmpp(t *testing.T) {
	s := begin(t, "go-sendxmpp", "python3-slixmpp")
	srv := s.serve("plain = true\n", "romeo", "juliet")
	juliet := s.slixmpp().login("juliet", srv)
	for _, tt := range []struct {
		name string
		args []string
	}{
		{"STARTTLS", []string{"-j", srv.addr(srv.clear)}},
		{"direct TLS", []string{"-j", srv.addr(srv.direct), "-t"}},
	} {
		c := s.command("/usr/bin/go-sendxmpp", append(tt.args, "-n", "-u", at("romeo"), "-p", secret("romeo"), bare(juliet))...)
		c.Stdin = strings.NewReader("a thousand times good night by " + tt.name + "\n")
		<-s.listen(c).ended
		if got := juliet.sees(tt.name, "message", nil); strings.TrimSpace(got.Body) != "a thousand times good night by "+tt.name || !strings.HasPrefix(got.From, at("romeo")+"/") {
			t.Errorf("%s: message %+v", tt.name, got)
		}
	}
	c := s.command("/usr/bin/go-sendxmpp", "-j", srv.addr(srv.clear), "-n", "-u", at("romeo"), "-p", secret("romeo"), "-l")
	said := s.listen(c)
	juliet.do("say", args{"to": at("romeo"), "body": "a thousand times the worse"})
	said.wait(s, "go-sendxmpp prints the message", func(l string) bool {
		return strings.Contains(l, bare(juliet)) && strings.Contains(l, "a thousand times the worse")
	})
	srv.stop()
}
