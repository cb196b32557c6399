package xmpptest

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stonechat-im/stonechat/server/mod/all"
)

// Run plays every transcript (*.xt) in dir on each ground, as a subtest of its own. A transcript chooses grounds by a line
// such as "ground tls"; otherwise it is played on memory and sqlite.
func Run(t *testing.T, dir string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.xt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("there are no transcripts in %s", dir)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".xt"), func(t *testing.T) {
			f, err := ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f.Play(t)
		})
	}
}

// grounds says where a transcript is played.
func (f *File) grounds() []string {
	for _, st := range f.Steps {
		if st.Verb == "ground" {
			return strings.Fields(st.Text)
		}
	}
	return []string{"memory", "sqlite"}
}

// Play plays a transcript on its grounds.
func (f *File) Play(t *testing.T) {
	t.Helper()
	for _, ground := range f.grounds() {
		cfg := Config{Modules: all.Defs()}
		switch ground {
		case "memory":
		case "sqlite":
			cfg.SQLite = true
		case "tls":
			cfg.TLS = true
		default:
			t.Fatalf("%s: there is no ground %q", f.Path, ground)
		}
		t.Run(ground, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := f.play(t, cfg); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// play plays a transcript once. Its error is the transcript up to the line that failed.
func (f *File) play(t testing.TB, cfg Config) error {
	p := newScript(t, cfg)
	at, err := p.play(f)
	if err == nil && p.srv != nil {
		p.srv.settle()
	}
	if err != nil {
		err = errors.New(p.failure(f, at, err))
	}
	if p.srv == nil {
		return err
	}
	if cerr := p.srv.close(); cerr != nil {
		err = errors.Join(err, fmt.Errorf("stopping the server: %w", cerr))
	}
	if p.srv.log.errors() > 0 {
		err = errors.Join(err, errors.New("the server logged errors"))
	}
	if err != nil && p.srv.log.String() != "" {
		err = fmt.Errorf("%w\nlog of the server:\n%s", err, p.srv.log)
	}
	return err
}

// failure shows the play up to the line that failed, what arrived in place of what should have, and what else there is.
func (p *script) failure(f *File, at int, err error) string {
	var out strings.Builder
	st := f.Steps[at]
	fmt.Fprintf(&out, "%s:%d: %v\n", f.Path, st.Line, err)
	for n, line := range f.lines[:st.Last] {
		sign := "  "
		if n+1 >= st.Line {
			sign = "→ "
		}
		fmt.Fprintf(&out, "%s%3d  %s\n", sign, n+1, line)
	}
	var m *mismatch
	if errors.As(err, &m) {
		fmt.Fprintf(&out, "arrived: %s\n", shorten(m.arrived.String()))
	}
	if p.srv == nil {
		return out.String()
	}
	p.srv.settle()
	for _, c := range p.srv.clients {
		for i, ev := range c.waiting() {
			if i == 0 {
				fmt.Fprintf(&out, "still waiting to be read by %s:\n", c.label)
			}
			fmt.Fprintf(&out, "    %s\n", shorten(ev.String()))
		}
	}
	return strings.TrimRight(out.String(), "\n")
}

// shorten cuts what is too long to be looked at.
func shorten(s string) string {
	const most = 2000
	if r := []rune(s); len(r) > most {
		return string(slices.Concat(r[:most], []rune(" …")))
	}
	return s
}
