package xmpptest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/c2s"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/mod/all"
	"github.com/stonechat-im/stonechat/server/run"
	"github.com/stonechat-im/stonechat/server/store"
)

// Host is the domain of a server whose Config names none.
const Host = "verona.example"

// Password is the one of all accounts that Users makes.
const Password = "wherefore art thou"

// stopWithin bounds how long a server may take to stop.
const stopWithin = time.Minute

// Config says what server a test wants. The zero Config is one host with all modules on the memory store.
type Config struct {
	Realms  []run.Realm       // default: one, with the domain Host
	Modules []kit.Def         // default: all there are
	SQLite  bool              // keep everything in an SQLite file in place of memory
	TLS     bool              // clients use direct TLS, and a stream in the clear must be upgraded first
	Limit   func(*c2s.Limits) // changes the limits; they are wide, and idle clients are not pinged
}

// Server is a server in this process, with its clients on in-memory connections.
type Server struct {
	Run *run.Server // the server itself; another one after Restart and Crash

	t       testing.TB
	cfg     Config
	db      store.DB
	storage storage
	certs   *certificates // nil without TLS
	log     *record
	clients []*Client
	vars    map[string]string // what {name=*} has matched
}

// New starts a server that stops when the test ends. A test whose server logs an error fails.
func New(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, err := start(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
		if s.log.errors() > 0 {
			t.Error("the server logged errors")
		}
		if t.Failed() && s.log.String() != "" {
			t.Logf("log of the server:\n%s", s.log)
		}
	})
	return s
}

func start(t testing.TB, cfg Config) (*Server, error) {
	if len(cfg.Realms) == 0 {
		cfg.Realms = []run.Realm{{Domains: []string{Host}}}
	}
	if cfg.Modules == nil {
		cfg.Modules = all.Defs()
	}
	s := &Server{t: t, cfg: cfg, storage: memoryStorage{}, log: new(record), vars: make(map[string]string)}
	if cfg.SQLite {
		s.storage = &fileStorage{dir: t.TempDir()}
	}
	var err error
	if cfg.TLS {
		if s.certs, err = newCertificates(cfg.Realms); err != nil {
			return nil, err
		}
	}
	if s.db, err = s.storage.open(); err != nil {
		return nil, err
	}
	if err := s.begin(); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

// begin starts a server on the database at hand.
func (s *Server) begin() error {
	limits := run.DefaultLimits()
	limits.Ping = 1000 * time.Hour // an idle client is idle because its line is later in the play
	if s.cfg.Limit != nil {
		s.cfg.Limit(&limits)
	}
	cfg := run.Config{Limits: limits, Realms: s.cfg.Realms, Plaintext: !s.cfg.TLS}
	var certs c2s.Certificates
	if s.certs != nil {
		certs = s.certs
	}
	var err error
	if s.Run, err = run.New(s.t.Context(), cfg, s.cfg.Modules, s.db, certs, slog.New(s.log)); err != nil {
		return err
	}
	return s.Run.Start(run.Listen{})
}

// Host returns the first domain of the n-th realm.
func (s *Server) Host(n int) string { return s.cfg.Realms[n].Domains[0] }

// Users makes accounts with the Password. A name without a domain is one of Host(0).
func (s *Server) Users(names ...string) {
	s.t.Helper()
	for _, name := range names {
		if err := s.addUser(name); err != nil {
			s.t.Fatal(err)
		}
	}
}

// account returns the address of a user: a local part, or a whole bare address.
func (s *Server) account(name string) (jid.Bare, error) {
	b, err := jid.ParseBare(name)
	if err == nil && b.Local() == "" {
		b, err = jid.NewBare(name, s.Host(0))
	}
	return b, err
}

// Restart stops the server in order and starts it again on what it had stored. Clients see how it ended.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.restart(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) restart() error {
	if err := s.stop(); err != nil {
		return err
	}
	next, err := s.storage.next(s.t.Context(), s.db)
	return s.goOn(next, errors.Join(err, s.db.Close()))
}

// Crash drops the server without a word to anybody and starts it again on what it had stored by then.
func (s *Server) Crash() {
	s.t.Helper()
	if err := s.crash(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) crash() error {
	s.settle()
	next, err := s.storage.next(s.t.Context(), s.db)
	if err != nil {
		return err
	}
	// What the old one still does happens to a database that nobody will look at, and its complaints do not count.
	s.log.mute(true)
	for _, c := range s.clients {
		c.cut()
	}
	_ = s.stop()
	_ = s.db.Close()
	s.log.mute(false)
	return s.goOn(next, nil)
}

func (s *Server) goOn(next store.DB, err error) error {
	if next == nil {
		return err
	}
	s.db = next
	if err != nil {
		return err
	}
	return s.begin()
}

func (s *Server) stop() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), stopWithin)
	defer cancel()
	return s.Run.Stop(ctx)
}

// close ends everything that the test started.
func (s *Server) close() error {
	for _, c := range s.clients {
		c.cut()
	}
	return errors.Join(s.stop(), s.db.Close())
}

// dial connects to the server. direct says that TLS comes first.
func (s *Server) dial(direct bool) net.Conn {
	ours, theirs := net.Pipe()
	go s.Run.C2S.Handle(s.Run.Context(), theirs, direct)
	return ours
}
