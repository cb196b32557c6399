package interop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds one scenario, from its server's start to its end. They take some seconds, more where the machine is busy.
const patience = 60 * time.Second

// folder holds what is built once for all tests.
var folder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "interop") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := folder(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// program is the path of the server's program.
var program = sync.OnceValues(func() (string, error) {
	return build("stonechat", func(out string) *exec.Cmd {
		c := exec.Command("go", "build", "-trimpath", "-o", out, "github.com/stonechat-im/stonechat/cmd/stonechat")
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		return c
	})
})

func build(name string, command func(out string) *exec.Cmd) (string, error) {
	dir, err := folder()
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, name)
	if said, err := command(out).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, said)
	}
	return out, nil
}

// clients are Debian's packages and what shows that they are there.
var clients = map[string][]string{
	"python3-slixmpp": {"/usr/bin/python3", "/usr/lib/python3/dist-packages/slixmpp/__init__.py"},
	"libstrophe-dev":  {"/usr/include/strophe.h"},
	"a C compiler":    {"/usr/bin/cc"},
	"profanity":       {"/usr/bin/profanity"},
	"tmux":            {"/usr/bin/tmux"},
	"go-sendxmpp":     {"/usr/bin/go-sendxmpp"},
}

// scenario is one test: its bound in time and its folder.
type scenario struct {
	*testing.T
	ctx  context.Context
	dir  string
	data string // the server's data folder in dir
}

// need skips the test where clients that it needs are missing.
func need(t *testing.T, names ...string) {
	t.Helper()
	if testing.Short() || raced {
		t.Skip("skipped: real clients (-short or -race)")
	}
	for _, name := range names {
		if slices.ContainsFunc(clients[name], func(file string) bool { _, err := os.Stat(file); return err != nil }) {
			t.Skipf("skipped: tests with %s (not installed)", name)
		}
	}
}

// begin skips the test where clients are missing, and sets its bounds.
func begin(t *testing.T, names ...string) *scenario {
	t.Helper()
	need(t, names...)
	if _, err := program(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return &scenario{T: t, ctx: ctx, dir: t.TempDir(), data: "data"}
}

// command prepares a program in the scenario's folder, without what the environment says to ours.
func (s *scenario) command(name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(s.ctx, name, args...)
	c.Dir = s.dir
	c.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "STONECHAT_") }), "HOME="+s.dir)
	return c
}

// run runs a program to its end and returns what it wrote to standard output.
func (s *scenario) run(stdin, name string, args ...string) string {
	s.Helper()
	c := s.command(name, args...)
	var out, errs strings.Builder
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	if err := c.Run(); err != nil {
		s.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

// stonechat runs the server's program to its end.
func (s *scenario) stonechat(stdin string, args ...string) string {
	s.Helper()
	p, err := program()
	if err != nil {
		s.Fatal(err)
	}
	return s.run(stdin, p, args...)
}
