package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// beMain makes the test binary behave as the program, so that tests run real processes.
const beMain = "STONECHAT_TEST_AS_MAIN"

// patience bounds every wait for a process.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// command prepares the program in a folder.
func command(t *testing.T, dir, stdin string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Dir, c.Stdin = dir, strings.NewReader(stdin)
	c.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "STONECHAT_") }), beMain+"=1")
	return c
}

// stonechat runs the program to its end.
func stonechat(t *testing.T, dir, stdin string, args ...string) (out, errOut string, code int) {
	t.Helper()
	c := command(t, dir, stdin, args...)
	var o, e strings.Builder
	c.Stdout, c.Stderr = &o, &e
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return o.String(), e.String(), c.ProcessState.ExitCode()
}

// mustFail runs the program and wants exit code code, nothing on standard output, and one line of error that matches.
func mustFail(t *testing.T, dir string, code int, want string, args ...string) {
	t.Helper()
	out, errOut, got := stonechat(t, dir, "", args...)
	if got != code || out != "" || strings.Count(errOut, "\n") != 1 || !regexp.MustCompile(`^stonechat: `+want).MatchString(errOut) {
		t.Errorf("stonechat %s: exit code %d, want %d\n%s%swant: %s", strings.Join(args, " "), got, code, out, errOut, want)
	}
}

func mustRun(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	out, errOut, code := stonechat(t, dir, stdin, args...)
	if code != 0 {
		t.Fatalf("stonechat %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errOut)
	}
	return out
}

// running is a server in a process of its own.
type running struct {
	noPlain bool // PLAIN has been switched off
	t       *testing.T
	cmd     *exec.Cmd
	clear   string // address of STARTTLS
	direct  string // address of direct TLS

	mu     sync.Mutex
	lines  []string
	more   chan struct{} // one for each new line
	ended  chan error
	waited bool
}

var ready = regexp.MustCompile(`^Stonechat serves .*: STARTTLS on (\S+), direct TLS on (\S+)`)

// serve starts a server and waits until it is ready.
func serve(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	r := &running{t: t, cmd: command(t, dir, "", append([]string{"serve"}, args...)...), more: make(chan struct{}, 1000), ended: make(chan error, 1)}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.cmd.Stdout, r.cmd.Stderr = write, write
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	go r.read(read)
	t.Cleanup(func() {
		if !r.waited {
			_ = r.cmd.Process.Kill()
			<-r.ended
		}
	})
	m := ready.FindStringSubmatch(r.line("Stonechat serves"))
	if m == nil {
		t.Fatalf("not ready:\n%s", r.output())
	}
	r.clear, r.direct = m[1], m[2]
	return r
}

func (r *running) read(from io.ReadCloser) {
	defer from.Close()
	for s := bufio.NewScanner(from); s.Scan(); {
		r.mu.Lock()
		r.lines = append(r.lines, s.Text())
		r.mu.Unlock()
		r.more <- struct{}{}
	}
	r.ended <- r.cmd.Wait()
}

func (r *running) output() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

// line waits for a line with some text and takes it away, or fails when the process ends.
func (r *running) line(text string) string {
	r.t.Helper()
	for {
		r.mu.Lock()
		for i, l := range r.lines {
			if strings.Contains(l, text) {
				r.lines[i] = ""
				r.mu.Unlock()
				return l
			}
		}
		r.mu.Unlock()
		select {
		case <-r.more:
		case err := <-r.ended:
			r.waited = true
			r.t.Fatalf("ended without %q: %v\n%s", text, err, r.output())
		case <-time.After(patience):
			r.t.Fatalf("no %q:\n%s", text, r.output())
		}
	}
}

func (r *running) signal(s syscall.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

// stop ends the server in order and wants exit code 0.
func (r *running) stop(s syscall.Signal) {
	r.t.Helper()
	r.signal(s)
	err := <-r.ended
	r.waited = true
	if err != nil {
		r.t.Errorf("%v: %v\n%s", s, err, r.output())
	}
}

// dial makes a direct TLS connection and opens a stream, up to the offer of mechanisms.
func (r *running) dial() *tls.Conn {
	r.t.Helper()
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", r.direct,
		&tls.Config{ServerName: "montague.example", InsecureSkipVerify: true, NextProtos: []string{"xmpp-client"}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write([]byte(header)); err != nil {
		r.t.Fatal(err)
	}
	if features := readUntil(r.t, c, "</stream:features>"); !strings.Contains(features, "SCRAM-SHA-256-PLUS") || strings.Contains(features, ">PLAIN<") == r.noPlain {
		r.t.Errorf("features %s", features)
	}
	return c
}

// readUntil reads until some text has come.
func readUntil(t *testing.T, c net.Conn, text string) string {
	t.Helper()
	var got []byte
	b := make([]byte, 4096)
	for !strings.Contains(string(got), text) {
		n, err := c.Read(b)
		got = append(got, b[:n]...)
		if err != nil {
			t.Fatalf("%v while waiting for %q after %q", err, text, got)
		}
	}
	return string(got)
}

const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='montague.example'>"

// configure writes a configuration that listens on ports of the system's choice.
func configure(t *testing.T, dir, more string) {
	t.Helper()
	text := "domains = ['montague.example']\ndata = 'data'\n" + more + "\n[listen]\nclient = ['127.0.0.1:0']\nclient_tls = ['127.0.0.1:0']\n"
	if err := os.WriteFile(filepath.Join(dir, "stonechat.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
