//go:build linux

package faults

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/config/datadir"
	"github.com/stonechat-im/stonechat/server/control"
)

// patience bounds everything that is waited for and should come soon.
const patience = 20 * time.Second

// TestMain removes the program that the tests have built.
func TestMain(m *testing.M) {
	code := m.Run()
	if binDir != "" {
		_ = os.RemoveAll(binDir)
	}
	os.Exit(code)
}

var binDir string

// program builds the server once and returns its path.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "stonechat-faults")
	if err != nil {
		return "", err
	}
	binDir = dir
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "stonechat"), "../../cmd/stonechat").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return filepath.Join(dir, "stonechat"), nil
})

// server is the server's process, one life after the other.
type server struct {
	path string        // of the program
	conf string        // path of the configuration
	data datadir.Path  // its data folder
	log  *os.File      // what it says
	addr atomic.Value  // string: where it takes clients in this life
	life atomic.Int32  // counts from 1
	cmd  *exec.Cmd     // of this life
	gone chan struct{} // closed when it has ended

	mu    sync.Mutex
	kills []time.Time // when lives ended by kill; index life-1
}

// newServer writes a configuration with extra lines for a server whose data is in dir.
func newServer(t *testing.T, dir, extra string) *server {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal("building the server: ", err)
	}
	home := t.TempDir()
	s := &server{path: path, conf: filepath.Join(home, "stonechat.toml"), data: datadir.Path(dir)}
	text := fmt.Sprintf("domains = [\"localhost\"]\ndata = %q\n[listen]\nclient = [\"127.0.0.1:0\"]\nclient_tls = []\n%s", dir, extra)
	if err := os.WriteFile(s.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.log, err = os.Create(filepath.Join(home, "log")); err != nil {
		t.Fatal(err)
	}
	s.addr.Store("")
	t.Cleanup(func() {
		s.kill()
		s.showLog(t)
		_ = s.log.Close()
	})
	return s
}

// showLog prints the end of what the server said when the test has failed.
func (s *server) showLog(t *testing.T) {
	if !t.Failed() {
		return
	}
	text, _ := os.ReadFile(s.log.Name())
	if keep := 6000; len(text) > keep {
		text = text[len(text)-keep:]
	}
	t.Logf("the server's log ends:\n%s", text)
}

// start begins a life and returns when the server takes connections.
func (s *server) start(t *testing.T) {
	t.Helper()
	cmd := exec.Command(s.path, "serve", "--config", s.conf)
	cmd.Stderr = s.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone, ready := make(chan struct{}), make(chan string, 1)
	s.cmd, s.gone = cmd, gone
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, at, ok := strings.Cut(lines.Text(), "STARTTLS on "); ok {
				addr, _, _ := strings.Cut(at, ",")
				ready <- addr
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
		close(gone)
	}()
	select {
	case addr := <-ready:
		s.life.Add(1)
		s.addr.Store(addr)
	case <-gone:
		t.Fatal("the server did not come up")
	case <-time.After(patience):
		t.Fatal("the server does not come up")
	}
}

// kill ends a life as a loss of power would, as far as the kernel lets it.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	s.mu.Lock()
	for len(s.kills) < int(s.life.Load()) {
		s.kills = append(s.kills, time.Now())
	}
	s.mu.Unlock()
	_ = s.cmd.Process.Kill()
	<-s.gone
	s.cmd = nil
}

// killed returns when a life ended by kill; false when it did not.
func (s *server) killed(life int32) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := int(life) - 1; i < len(s.kills) && !s.kills[i].IsZero() {
		return s.kills[i], true
	}
	return time.Time{}, false
}

// stop ends a life in order.
func (s *server) stop(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	for len(s.kills) < int(s.life.Load()) {
		s.kills = append(s.kills, time.Time{})
	}
	s.mu.Unlock()
	s.signal(t, syscall.SIGTERM)
	select {
	case <-s.gone:
	case <-time.After(patience):
		t.Fatal("the server does not stop")
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the server stopped with exit code %d", code)
	}
	s.cmd = nil
}

func (s *server) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// alive says whether this life goes on.
func (s *server) alive() bool {
	select {
	case <-s.gone:
		return false
	default:
		return true
	}
}

// rss is the memory that the server occupies, in bytes.
func (s *server) rss(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize()
}

// said says whether the server has logged something.
func (s *server) said(what string) bool {
	text, _ := os.ReadFile(s.log.Name())
	return strings.Contains(string(text), what)
}

// addAccount makes an account while the server runs.
func (s *server) addAccount(t *testing.T, user, password string) {
	t.Helper()
	a, err := control.Ask(t.Context(), s.data.Socket(), &control.Request{Op: control.Add, JID: jid.MustBare(user + "@localhost"), Password: password})
	if err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	if err != nil {
		t.Fatal(err)
	}
}
