// Package run puts a server together: configuration → realms → modules → listeners. It serves the binary, the tests, and
// programs that embed a server.
//
// Order at start: store, accounts, modules of each realm, then listeners; a mistake in the wiring ends the start with all
// of them named. Order at the end: listeners, sessions, modules, store. Start reading at New.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/auth"
	"github.com/stonechat-im/stonechat/server/c2s"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/router"
	"github.com/stonechat-im/stonechat/server/session"
	"github.com/stonechat-im/stonechat/server/store"
)

// Server is a server in operation, or about to be.
type Server struct {
	Accounts *auth.Accounts
	Router   *router.Router
	Table    *session.Table
	C2S      *c2s.Server

	db     store.DB
	shapes map[string]store.Shape // declared by realms
	log    *slog.Logger
	saved  store.Map[session.Saved]
	realms []*realm

	ctx       context.Context
	cancel    context.CancelFunc
	running   sync.WaitGroup
	listeners []net.Listener
	fail      chan error
}

type realm struct {
	*c2s.Realm
	cfg  Realm
	mods []built
}

type built struct {
	def kit.Def
	mod kit.Module
}

// New builds a server on an open database, without listening. certs may be nil when nothing is to be protected. The server
// does not close db.
func New(ctx context.Context, cfg Config, defs []kit.Def, db store.DB, certs c2s.Certificates, log *slog.Logger) (*Server, error) {
	s := &Server{db: db, shapes: make(map[string]store.Shape), log: log, Table: session.NewTable(), fail: make(chan error, 1)}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.Router = router.New(s.Table, log)
	var err error
	if s.Accounts, err = auth.Open(ctx, db, log); err != nil {
		return nil, err
	}
	s.saved = store.OpenMap[session.Saved](db, "sessions")
	s.Accounts.Hooks = auth.Hooks{EndSessions: s.endSessions, Created: s.created, Removed: s.removed}
	s.C2S = &c2s.Server{Realms: make(map[string]*c2s.Realm), Accounts: s.Accounts, Table: s.Table, Certs: certs,
		Plaintext: cfg.Plaintext, Log: log}
	s.C2S.SetLimits(cfg.Limits)
	for _, rc := range cfg.Realms {
		if err := s.addRealm(rc, defs); err != nil {
			return nil, err
		}
	}
	if err := db.Ready(); err != nil {
		return nil, err
	}
	if len(s.realms) > 0 {
		s.C2S.Default = s.realms[0].Domains[0]
	}
	s.C2S.Prepare()
	return s, s.restoreSessions(ctx)
}

// addRealm builds the modules of a realm and freezes it.
func (s *Server) addRealm(rc Realm, defs []kit.Def) error {
	if len(rc.Domains) == 0 {
		return errors.New("a host without a domain")
	}
	kr := &kit.Realm{Name: rc.Domains[0], Router: s.Router, Accounts: s.Accounts,
		Store: &realmStore{s.db, s.shapes, make(map[string]bool)}, Points: new(kit.Points)}
	for _, d := range rc.Domains {
		b, err := jid.Domain(d)
		if err != nil {
			return fmt.Errorf("host %q: %w", d, err)
		}
		if s.Router.Local(b.Domain()) {
			return fmt.Errorf("host %s is configured twice", b)
		}
		kr.Domains = append(kr.Domains, b.Domain())
	}
	kr.Operator.SetAdmins(rc.Admins)
	r := &realm{cfg: rc, Realm: &c2s.Realm{Realm: kr}}
	r.SetPolicy(rc.policy())
	r.Owner = &router.Owner{Router: s.Router, Realm: kr, Ctx: func() context.Context { return s.ctx }}
	log := s.log.With("realm", kr.Name)
	for _, d := range defs {
		if slices.Contains(rc.Without, d.Name) {
			continue
		}
		cfg, ok := rc.Modules[d.Name]
		if !ok {
			cfg = d.Defaults()
		}
		m, err := d.Build(kr.NewEnv(d.Info, log), cfg)
		if err != nil {
			return fmt.Errorf("module %s of %s: %w", d.Name, kr.Name, err)
		}
		kr.Built(m)
		r.mods = append(r.mods, built{d, m})
	}
	if rc.Anonymous {
		kr.Points.Ended.Add("run", s.forgetGuest)
	}
	problems := kr.Freeze(func(owner string, err error) { log.Error("a copy went wrong", "mod", owner, "err", err) })
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	s.Router.AddRealm(kr)
	for _, d := range kr.Domains {
		s.C2S.Realms[d] = r.Realm
	}
	s.realms = append(s.realms, r)
	return nil
}

// Realms lists the realms in the order of the configuration.
func (s *Server) Realms() []*kit.Realm {
	out := make([]*kit.Realm, len(s.realms))
	for i, r := range s.realms {
		out[i] = r.Realm.Realm
	}
	return out
}

// Start runs the modules and takes connections from the addresses of l.
func (s *Server) Start(l Listen) error {
	for _, r := range s.realms {
		for _, b := range r.mods {
			if m, ok := b.mod.(kit.Runner); ok {
				s.running.Go(func() {
					if err := m.Run(s.ctx); err != nil && s.ctx.Err() == nil {
						s.log.Error("a module stopped", "realm", r.Name, "mod", b.def.Name, "err", err)
					}
				})
			}
		}
	}
	if err := s.listen(l.Client, false); err != nil {
		return err
	}
	return s.listen(l.ClientTLS, true)
}

func (s *Server) listen(addrs []string, direct bool) error {
	for _, a := range addrs {
		l, err := net.Listen("tcp", a)
		if err != nil {
			return fmt.Errorf("cannot listen on %s: %w", a, err)
		}
		s.listeners = append(s.listeners, l)
		s.running.Go(func() {
			if err := s.C2S.Serve(s.ctx, l, direct); err != nil {
				select {
				case s.fail <- err:
				default:
				}
			}
		})
	}
	return nil
}

// Context is the one that everything the server does lives in; it ends with Stop.
func (s *Server) Context() context.Context { return s.ctx }

// Addrs lists the addresses that are listened on, in the order of Listen.
func (s *Server) Addrs() []net.Addr {
	out := make([]net.Addr, len(s.listeners))
	for i, l := range s.listeners {
		out[i] = l.Addr()
	}
	return out
}

// Stop ends the server in order: no new connections, every session told system-shutdown when its queue has been written,
// modules closed, writes committed. ctx bounds how long that may take.
func (s *Server) Stop(ctx context.Context) error {
	for _, l := range s.listeners {
		_ = l.Close()
	}
	for _, r := range s.realms {
		r.Points.Stopping.Tell(ctx, &kit.Stopping{})
	}
	s.C2S.Stop(ctx)
	saved := s.saveSessions(ctx)
	s.Table.Each(func(x *session.Session) bool {
		x.End("system-shutdown", "the server is going down")
		return true
	})
	s.C2S.Wait(ctx)
	s.cancel()
	s.running.Wait()
	errs := []error{saved}
	for _, r := range s.realms {
		for _, b := range slices.Backward(r.mods) {
			if m, ok := b.mod.(kit.Closer); ok {
				errs = append(errs, m.Close(ctx))
			}
		}
	}
	return errors.Join(append(errs, s.db.Sync(ctx))...)
}

func (s *Server) endSessions(account jid.Bare, condition, text string) {
	for _, x := range s.Table.Of(account) {
		x.End(condition, text)
	}
}

// forgetGuest erases what an anonymous account has stored when its last session ends (XEP-0175#recommendations).
func (s *Server) forgetGuest(ctx context.Context, ev *kit.SessionEvent) {
	guest := ev.Session.JID().Bare()
	if len(s.Table.Of(guest)) > 0 {
		return
	}
	ctx = context.WithoutCancel(ctx) // also when the server is going down
	s.running.Go(func() {
		if err := s.db.RemoveOwner(ctx, guest.String()); err != nil {
			s.log.Error("erasing what a guest stored", "jid", guest, "err", err)
		}
	})
}

func (s *Server) created(account jid.Bare) {
	if r := s.Router.Realm(account.Domain()); r != nil {
		r.Points.Created.Tell(s.ctx, &kit.AccountEvent{Account: account})
	}
}

func (s *Server) removed(account jid.Bare) {
	if r := s.Router.Realm(account.Domain()); r != nil {
		r.Points.Removed.Tell(s.ctx, &kit.AccountEvent{Account: account})
	}
}
