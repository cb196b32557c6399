package run

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Reload hands the modules their sections of a new configuration, without touching a session. What a running server
// cannot take over is listed in restart, in words for the log. A module that refuses its section keeps the old one and is in err.
func (s *Server) Reload(cfg Config) (restart []string, err error) {
	if cfg.Limits != s.C2S.Limits || cfg.Plaintext != s.C2S.Plaintext {
		restart = append(restart, "limits of clients")
	}
	names := func(rc Realm) string { return rc.Domains[0] }
	for _, rc := range cfg.Realms {
		i := slices.IndexFunc(s.realms, func(r *realm) bool { return names(r.cfg) == names(rc) })
		if i < 0 {
			restart = append(restart, "new host "+names(rc))
			continue
		}
		changed, e := s.realms[i].reload(rc)
		err = errors.Join(err, e)
		if changed {
			restart = append(restart, "options of host "+names(rc))
		}
	}
	for _, r := range s.realms {
		if !slices.ContainsFunc(cfg.Realms, func(rc Realm) bool { return names(rc) == names(r.cfg) }) {
			restart = append(restart, "removal of host "+names(r.cfg))
		}
	}
	return restart, err
}

// reload says whether something besides the modules has changed.
func (r *realm) reload(rc Realm) (changed bool, err error) {
	for _, b := range r.mods {
		now, ok := rc.Modules[b.def.Name]
		if !ok {
			now = b.def.Defaults()
		}
		was, ok := r.cfg.Modules[b.def.Name]
		if !ok {
			was = b.def.Defaults()
		}
		if reflect.DeepEqual(was, now) {
			continue
		}
		if e := b.def.Reload(b.mod, now); e != nil {
			err = errors.Join(err, fmt.Errorf("module %s of %s: %w", b.def.Name, r.Name, e))
			continue
		}
		if r.cfg.Modules == nil {
			r.cfg.Modules = make(map[string]any)
		}
		r.cfg.Modules = maps.Clone(r.cfg.Modules) // it is the caller's
		r.cfg.Modules[b.def.Name] = now
	}
	old := r.cfg
	changed = !slices.Equal(old.Domains, rc.Domains) || !slices.Equal(old.Admins, rc.Admins) || old.Plain != rc.Plain ||
		old.Anonymous != rc.Anonymous || !old.ClientCAs.Equal(rc.ClientCAs) || !slices.Equal(old.Without, rc.Without)
	return changed, err
}
