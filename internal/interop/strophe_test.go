package interop

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var strophe = sync.OnceValues(func() (string, error) {
	return build("strophe", func(out string) *exec.Cmd {
		return exec.Command("/usr/bin/cc", "-o", out, filepath.Join("testdata", "strophe.c"), "-lstrophe")
	})
})

// libstrophe logs in by STARTTLS and by direct TLS, talks with slixmpp, and resumes a broken session.
func TestLibstrophe(t *testing.T) {
	program, err := "", error(nil)
	for _, tt := range []struct{ name, mode string }{{"STARTTLS", "starttls"}, {"direct TLS", "direct"}} {
		t.Run(tt.name, func(t *testing.T) {
			need(t, "libstrophe-dev", "a C compiler")
			if program, err = strophe(); err != nil {
				t.Fatal(err)
			}
			s := begin(t, "python3-slixmpp")
			srv := s.serve("", "romeo", "juliet")
			romeo := s.slixmpp().login("romeo", srv)
			p := srv.clear
			if tt.mode == "direct" {
				p = srv.direct
			}
			c := s.command(program, "juliet", bare(romeo), strconv.Itoa(p), tt.mode, s.ca())
			c.Args[2] = at("juliet") + "/balcony"
			c.Env = append(c.Env, "PASSWORD="+secret("juliet"))
			said := s.listen(c)
			juliet := func(what, kind string, fits func(event) bool) event {
				t.Helper()
				return sees(s, said, "juliet", what, kind, fits)
			}
			wire := func(start string) event {
				t.Helper()
				return juliet(start, "wire", func(e event) bool { return strings.HasPrefix(e.Text, start) })
			}
			if got := wire("SENT: <auth "); !strings.Contains(got.Text, "SCRAM-SHA-") {
				t.Errorf("libstrophe logs in with %s", got.Text)
			}
			if got := juliet("login", "session_start", nil); got.From != at("juliet")+"/balcony" || got.Text != "secured" {
				t.Errorf("session %+v", got)
			}
			if got := wire("RECV: <enabled"); !strings.Contains(got.Text, `resume="true"`) {
				t.Errorf("stream management: %s", got.Text)
			}
			juliet("her own", "presence", func(e event) bool { return e.From == at("juliet")+"/balcony" })
			romeo.do("say", args{"to": at("juliet"), "body": "a rose <by> any other name & more"})
			if got := romeo.hears("heard: a rose <by> any other name & more"); got.From != at("juliet")+"/balcony" {
				t.Errorf("answer from %s", got.From)
			}
			romeo.do("say", args{"to": at("juliet"), "body": "cut"})
			juliet("cut", "disconnected", nil)
			romeo.do("say", args{"to": at("juliet"), "body": "after the cut"})
			wire("RECV: <resumed")
			romeo.hears("heard: after the cut")
			romeo.do("say", args{"to": at("juliet"), "body": "bye"})
			juliet("logout", "disconnected", nil)
			<-said.ended
			if more := romeo.pending("message"); len(more) > 0 {
				t.Errorf("too many messages: %+v", more)
			}
			srv.stop()
		})
	}
}
