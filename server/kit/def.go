// Package kit is the contract between the server and its modules: whoever writes a module reads this package and
// nothing else of the server.
//
// A module is a folder server/mod/<name> with a Def, a Config and a New. New gets an Env: the domains it serves, the
// store, the router, the accounts, a logger. It ties itself into the server there and only there:
//
//   - On and Tell join the Points: typed hooks on the way of a stanza, and notes of what has happened;
//   - HandleIQ answers requests to the host, to accounts or to a service, by the type of their payload;
//   - Serve takes over a subdomain such as conference.DOMAIN;
//   - AddFeature and HandleNonza extend stream negotiation;
//   - AddCommand offers an ad-hoc command, which is also how the command line and the admin console do things;
//   - Need finds what another module provides, by the small interface that the one in need declares.
//
// All of this happens before the server starts; a conflict (two owners of one payload, nobody who provides what is
// needed) is a start-up error. Afterwards the wiring never changes.
//
// Concurrency: handlers run in the goroutine of the stanza's sender, many at a time. What a module keeps in memory it
// guards itself; it holds no lock while it calls the router or the store. A handler may block on the store, and must
// not block on the network.
package kit

import (
	"context"
	"reflect"

	"github.com/stonechat-im/stonechat/spec"
)

// Info describes a module.
type Info struct {
	Name    string      // folder = config section = log and metric label
	Specs   []spec.Spec // what it carries out
	Host    []string    // disco#info features of the host (XEP-0030)
	Account []string    // disco#info features of accounts
}

// Module is what New returns. Abilities are optional interfaces: Runner, Closer, Reloader.
type Module any

// Runner is a module with work of its own. Run returns when ctx ends.
type Runner interface {
	Run(ctx context.Context) error
}

// Closer is a module that must put things away when the server stops, after its sessions have gone.
type Closer interface {
	Close(ctx context.Context) error
}

// Reloader is a module whose configuration can change while it runs.
type Reloader[C any] interface {
	Reload(cfg C) error
}

// Checker is a Config that can say what is wrong with itself. The error should be a *ConfigError.
type Checker interface {
	Check() error
}

// ConfigError names the key that is wrong, so that the reader of the file is shown its line.
type ConfigError struct {
	Key  string // within the module's section
	Text string
}

func (e *ConfigError) Error() string { return e.Key + ": " + e.Text }

// Def is a module as the server sees it before it is built.
type Def struct {
	Info
	defaults any // a C
	build    func(env *Env, cfg any) (Module, error)
	reload   func(m Module, cfg any) (taken bool, err error)
}

// Define joins a description, the default configuration and the constructor.
func Define[C any](info Info, defaults C, build func(env *Env, cfg C) (Module, error)) Def {
	return Def{
		Info:     info,
		defaults: defaults,
		build:    func(env *Env, cfg any) (Module, error) { return build(env, cfg.(C)) },
		reload: func(m Module, cfg any) (bool, error) {
			r, ok := m.(Reloader[C])
			if !ok {
				return false, nil
			}
			return true, r.Reload(cfg.(C))
		},
	}
}

// Defaults returns the default configuration, a value of the module's Config type.
func (d Def) Defaults() any { return d.defaults }

// ConfigType is the module's Config type.
func (d Def) ConfigType() reflect.Type { return reflect.TypeOf(d.defaults) }

// Build makes the module. cfg is of ConfigType.
func (d Def) Build(env *Env, cfg any) (Module, error) { return d.build(env, cfg) }

// Reload hands a running module a new configuration. taken is false for modules that keep the one they began with.
func (d Def) Reload(m Module, cfg any) (taken bool, err error) { return d.reload(m, cfg) }
