package kit

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
)

// Realm is what all modules of a set of domains share. The server makes one for each set, builds the modules into it
// and freezes it; afterwards it is only read.
type Realm struct {
	Name     string   // the first domain; label in logs and metrics
	Domains  []string // all domains with the same modules and options
	Operator Operator
	Store    store.DB
	Router   Router
	Accounts Accounts
	Points   *Points

	modules  []Module
	infos    []Info
	iqs      map[iqKey]iqEntry
	nonzas   map[elem.Name]nonzaEntry
	features []StreamFeature
	services map[string]*Service
	guests   []GuestFeature
	commands []Command
	problems []error
}

// Operator is what the configuration says of the people behind a realm. It may change while the realm runs.
type Operator struct {
	admins atomic.Pointer[[]jid.Bare]
}

// SetAdmins says who may run administrative commands.
func (o *Operator) SetAdmins(admins []jid.Bare) { o.admins.Store(&admins) }

// IsAdmin says whether an address belongs to an operator of the realm.
func (o *Operator) IsAdmin(b jid.Bare) bool {
	admins := o.admins.Load()
	return admins != nil && slices.Contains(*admins, b)
}

// Router takes stanzas to where they are addressed (RFC 6121 §8).
type Router interface {
	// Route delivers s, bounces it, or hands it to a server or component. From must be set and true. It does not wait for
	// slow recipients.
	Route(ctx context.Context, s *stanza.Stanza)
	// Ask sends an IQ request and calls answer once: with the result or error that comes from the address that was asked, or
	// with nil when none came within a minute. The realm's domain, an account, or an address of a service must be the sender. The id is set by Ask.
	Ask(ctx context.Context, s *stanza.Stanza, answer func(*stanza.Stanza))
	// Sessions returns the sessions of an account, available or not, detached ones included.
	Sessions(account jid.Bare) []Session
	// Session finds the session bound to a full address.
	Session(full jid.Full) (Session, bool)
	// EachSession calls f for every session of the realm until it returns false.
	EachSession(f func(Session) bool)
	// Local says whether stanzas for the domain stay in this server: a realm's domain or a service.
	Local(domain string) bool
}

// Env is what one module gets: the realm, and its own name for logs and problems.
type Env struct {
	*Realm
	Name string
	Log  *slog.Logger
}

// NewEnv is called by the server for each module of a realm, in order.
func (r *Realm) NewEnv(info Info, log *slog.Logger) *Env {
	r.infos = append(r.infos, info)
	return &Env{Realm: r, Name: info.Name, Log: log.With("mod", info.Name)}
}

// Built adds a finished module, from which later ones may Need something.
func (r *Realm) Built(m Module) { r.modules = append(r.modules, m) }

// Infos describes the modules of the realm, in order.
func (r *Realm) Infos() []Info { return r.infos }

// Serves says whether domain is one of the realm's own.
func (r *Realm) Serves(domain string) bool {
	for _, d := range r.Domains {
		if d == domain {
			return true
		}
	}
	return false
}

// Freeze ends the wiring and returns what was wrong with it.
func (r *Realm) Freeze(copyFailed func(owner string, err error)) []error {
	r.Points.freeze(copyFailed)
	return r.problems
}

// Problem notes something that keeps the realm from starting.
func (e *Env) Problem(format string, args ...any) {
	e.problems = append(e.problems, fmt.Errorf("module %s: "+format, append([]any{e.Name}, args...)...))
}

// On adds a handler to a chain.
func On[E any](env *Env, c *hook.Chain[E], p hook.Phase, f hook.Func[E]) { c.Add(env.Name, p, f) }

// Tell adds a handler to a note.
func Tell[E any](env *Env, n *hook.Note[E], f func(ctx context.Context, ev *E)) { n.Add(env.Name, f) }

// Need returns the one module before this one that provides I. Where none or several do, the server does not start and
// the zero I is returned.
func Need[I any](env *Env) I {
	found, n := find[I](env)
	if n != 1 {
		env.Problem("needs %T of exactly one module before it; %d provide it", (*I)(nil), n)
	}
	return found
}

// Want is Need for something that one can do without: the zero I when nobody provides it.
func Want[I any](env *Env) (I, bool) {
	found, n := find[I](env)
	return found, n == 1
}

func find[I any](env *Env) (found I, n int) {
	for _, m := range env.modules {
		if p, ok := m.(I); ok {
			found, n = p, n+1
		}
	}
	return found, n
}
