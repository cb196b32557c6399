package interop

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// host is the domain of all scenarios.
const host = "montague.example"

func at(name string) string { return name + "@" + host }

// server is `stonechat serve`.
type server struct {
	s      *scenario
	cmd    *exec.Cmd
	said   *lines
	clear  int // port of STARTTLS
	direct int // port of direct TLS
}

// configure writes stonechat.toml for the domain of all scenarios.
func (s *scenario) configure(more string) {
	s.Helper()
	text := "domains = ['" + host + "']\nadmins = ['romeo@" + host + "']\ndata = 'data'\n" + more +
		"\n[listen]\nclient = ['127.0.0.1:0']\nclient_tls = ['127.0.0.1:0']\n"
	if err := os.WriteFile(filepath.Join(s.dir, "stonechat.toml"), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// serve configures and starts a server that has the accounts named, each with secret as its password.
func (s *scenario) serve(more string, accounts ...string) *server {
	s.Helper()
	s.configure(more)
	srv := s.start()
	for _, name := range accounts {
		s.account(name)
	}
	return srv
}

// account makes an account while the server runs.
func (s *scenario) account(name string) {
	s.Helper()
	s.stonechat(secret(name), "account", "add", at(name), "--data", s.data, "--password-stdin")
}

func secret(name string) string { return "the secret of " + name }

// ca is the certificate that the server made, which the clients are told to trust.
func (s *scenario) ca() string { return filepath.Join(s.dir, s.data, "tls", "self-made.pem") }

var ready = regexp.MustCompile(`^Stonechat serves .*: STARTTLS on (\S+), direct TLS on (\S+)`)

// start starts a server on the configuration as it is and waits until it is ready.
func (s *scenario) start() *server {
	s.Helper()
	p, err := program()
	if err != nil {
		s.Fatal(err)
	}
	srv := &server{s: s, cmd: s.command(p, "serve", "--config", "stonechat.toml")}
	srv.said = s.listen(srv.cmd)
	m := ready.FindStringSubmatch(srv.said.wait(s, "the server is ready", ready.MatchString))
	srv.clear, srv.direct = port(s, m[1]), port(s, m[2])
	return srv
}

func port(s *scenario, addr string) int {
	s.Helper()
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		s.Fatal(err)
	}
	n, err := strconv.Atoi(p)
	if err != nil {
		s.Fatal(err)
	}
	return n
}

// kill ends the server as a power cut does.
func (srv *server) kill() {
	srv.s.Helper()
	if err := srv.cmd.Process.Kill(); err != nil {
		srv.s.Fatal(err)
	}
	<-srv.said.ended
}

// stop ends the server in order, and fails the test if it logged an error or a panic.
func (srv *server) stop() {
	srv.s.Helper()
	if err := srv.cmd.Process.Signal(os.Interrupt); err != nil {
		srv.s.Fatal(err)
	}
	<-srv.said.ended
	if code := srv.cmd.ProcessState.ExitCode(); code != 0 {
		srv.s.Errorf("the server ended with exit code %d", code)
	}
	for _, l := range srv.said.all() {
		if strings.Contains(l, "level=ERROR") || strings.Contains(l, "panic") {
			srv.s.Errorf("the server logged: %s", l)
		}
	}
}

func (srv *server) addr(p int) string { return fmt.Sprintf("127.0.0.1:%d", p) }
