package run

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Reload takes over a new configuration without touching a session: limits, administrators and ways to log in hold for
// what comes from now on, modules are handed their sections. What a running server cannot take over is listed in restart,
// in words for the log. A module that refuses its section keeps the old one and is in err.
func (s *Server) Reload(cfg Config) (restart []string, err error) {
	s.C2S.SetLimits(cfg.Limits)
	if cfg.Plaintext != s.C2S.Plaintext {
		restart = append(restart, "logins without TLS")
	}
	names := func(rc Realm) string { return rc.Domains[0] }
	for _, rc := range cfg.Realms {
		i := slices.IndexFunc(s.realms, func(r *realm) bool { return names(r.cfg) == names(rc) })
		if i < 0 {
			restart = append(restart, "new host "+names(rc))
			continue
		}
		more, e := s.realms[i].reload(rc)
		err = errors.Join(err, e)
		restart = append(restart, more...)
	}
	for _, r := range s.realms {
		if !slices.ContainsFunc(cfg.Realms, func(rc Realm) bool { return names(rc) == names(r.cfg) }) {
			restart = append(restart, "removal of host "+names(r.cfg))
		}
	}
	return restart, err
}

// reload is Reload for one host.
func (r *realm) reload(rc Realm) (restart []string, err error) {
	for _, b := range r.mods {
		more, e := r.reloadModule(b, rc)
		if e != nil {
			err = errors.Join(err, fmt.Errorf("module %s of %s: %w", b.def.Name, r.Name, e))
		}
		restart = append(restart, more...)
	}
	if !slices.Equal(r.cfg.Domains, rc.Domains) || r.cfg.Anonymous != rc.Anonymous || !slices.Equal(r.cfg.Without, rc.Without) {
		restart = append(restart, "domains, anonymous or without of host "+r.Name)
	}
	r.Operator.SetAdmins(rc.Admins)
	rc.Anonymous = r.cfg.Anonymous
	r.SetPolicy(rc.policy())
	return restart, err
}

// reloadModule hands a module its section when it has changed.
func (r *realm) reloadModule(b built, rc Realm) (restart []string, err error) {
	section := func(rc Realm) any {
		if cfg, ok := rc.Modules[b.def.Name]; ok {
			return cfg
		}
		return b.def.Defaults()
	}
	now := section(rc)
	if reflect.DeepEqual(section(r.cfg), now) {
		return nil, nil
	}
	taken, err := b.def.Reload(b.mod, now)
	switch {
	case err != nil:
		return nil, err
	case !taken:
		return []string{"[" + b.def.Name + "] of host " + r.Name}, nil
	}
	mods := maps.Clone(r.cfg.Modules) // it is the caller's
	if mods == nil {
		mods = make(map[string]any)
	}
	mods[b.def.Name] = now
	r.cfg.Modules = mods
	return nil, nil
}
