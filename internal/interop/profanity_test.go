package interop

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// terminal is a tmux with profanity in it.
type terminal struct {
	s      *scenario
	socket string
	last   string // what was seen last on the screen
}

// blink is the time between two looks at the screen.
const blink = 50 * time.Millisecond

// profanity starts the program in a terminal of its own.
func (s *scenario) profanity() *terminal {
	s.Helper()
	t := &terminal{s: s, socket: filepath.Join(s.dir, "tmux")}
	c := s.command("/usr/bin/tmux", "-S", t.socket, "-f", "/dev/null", "-D") // -D: our child, which its programs do not outlive
	s.listen(c)
	for t.tmux("new-session", "-d", "-x", "150", "-y", "60", "/usr/bin/profanity") != nil {
		t.pause("tmux")
	}
	s.Cleanup(func() {
		if s.Failed() {
			s.Logf("the screen:\n%s", t.last)
		}
	})
	t.shows(`Type '/help' to show complete help`)
	return t
}

// command asks our tmux for something; -N: it must not start one of its own.
func (t *terminal) command(args ...string) *exec.Cmd {
	c := t.s.command("/usr/bin/tmux", append([]string{"-S", t.socket, "-N", "-f", "/dev/null"}, args...)...)
	c.Env = append(c.Env, "TMUX=", "TERM=screen-256color", "LC_ALL=C.UTF-8", "XDG_CONFIG_HOME=", "XDG_DATA_HOME=")
	return c
}

func (t *terminal) tmux(args ...string) error { return t.command(args...).Run() }

func (t *terminal) screen() string {
	if out, err := t.command("capture-pane", "-p").Output(); err == nil {
		t.last = strings.TrimRight(string(out), "\n ")
	}
	return t.last
}

// pause waits a moment, or fails when the time is over.
func (t *terminal) pause(what string) {
	t.s.Helper()
	select {
	case <-t.s.ctx.Done():
		t.s.Fatalf("waited in vain: profanity: %s", what)
	case <-time.After(blink):
	}
}

// types enters a line.
func (t *terminal) types(line string, args ...any) {
	t.s.Helper()
	for _, keys := range [][]string{{"-l", "--", fmt.Sprintf(line, args...)}, {"Enter"}} {
		if err := t.tmux(append([]string{"send-keys"}, keys...)...); err != nil {
			t.s.Fatalf("tmux: %v", err)
		}
	}
}

// shows waits until the screen has a line that fits a pattern.
func (t *terminal) shows(pattern string) {
	t.s.Helper()
	for p := regexp.MustCompile("(?m)" + pattern); !p.MatchString(t.screen()); {
		t.pause(pattern)
	}
}

// login connects by STARTTLS. profanity has no way to trust a certificate that the server made but to be told to.
func (t *terminal) login(name string, port int) {
	t.s.Helper()
	t.types("/clear") // no login of before is to be seen
	t.types("/connect %s/prof server 127.0.0.1 port %d tls trust", at(name), port)
	t.shows(`(?i)enter password`)
	t.types("%s", secret(name))
	t.shows(`logged in successfully, online \(priority 0\)`)
}

// profanity logs in, asks for presence, chats with slixmpp and gets what came while it was away.
func TestProfanity(t *testing.T) {
	s := begin(t, "profanity", "tmux", "python3-slixmpp")
	srv := s.serve("", "romeo", "juliet")
	juliet := s.slixmpp().login("juliet", srv)
	romeo := s.profanity()
	romeo.login("romeo", srv.clear)

	romeo.types("/sub request %s", bare(juliet))
	juliet.seesPresence("subscribe", at("romeo"))
	juliet.do("subscription", args{"to": at("romeo"), "type": "subscribed"})
	romeo.shows(`Subscription received from juliet@montague\.example`)
	juliet.do("subscription", args{"to": at("romeo"), "type": "subscribe"})
	romeo.shows(`Received authorization request from juliet@montague\.example`)
	romeo.types("/sub allow %s", bare(juliet))
	juliet.seesPresence("subscribed", at("romeo"))
	juliet.seesPresence("", at("romeo")+"/prof")
	if got := do[map[string]item](juliet, "roster", nil)[at("romeo")]; got.Subscription != "both" {
		t.Errorf("juliet's roster: %+v", got)
	}

	romeo.types("/msg %s Lady, by yonder blessed moon I swear", bare(juliet))
	if got := juliet.hears("Lady, by yonder blessed moon I swear"); got.From != at("romeo")+"/prof" || got.Type != "chat" {
		t.Errorf("message %+v", got)
	}
	juliet.do("say", args{"to": at("romeo"), "body": "O swear not by the moon <&>"})
	romeo.shows(`juliet.*: O swear not by the moon <&>$`)
	juliet.do("show", args{"show": "away", "status": "at the window"})
	romeo.shows(`juliet@montague\.example \[away\]`)

	romeo.types("/disconnect")
	juliet.seesPresence("unavailable", at("romeo")+"/prof")
	for i := range 3 {
		juliet.do("say", args{"to": at("romeo"), "body": fmt.Sprint("Wherefore art thou, ", i)})
	}
	juliet.do("settle", nil)
	romeo.login("romeo", srv.clear)
	romeo.types("/msg %s", bare(juliet))
	romeo.shows(`juliet.*: Wherefore art thou, 0\n(.*\n)*.*Wherefore art thou, 1\n(.*\n)*.*Wherefore art thou, 2$`)
	romeo.types("/quit")
	juliet.seesPresence("unavailable", at("romeo")+"/prof")
	srv.stop()
}
