package xmpptest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/stonechat-im/stonechat/server/c2s"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/run"
)

// setUp deals with the lines that come before the server is there.
func (p *script) setUp(st Step) (done bool, err error) {
	switch st.Verb {
	case "ground": // chosen by Run
	case "host":
		err = p.host(st.Text)
	case "config":
		mod, line, _ := strings.Cut(st.Text, " ")
		p.toml[mod] += line + "\n"
	case "admin":
		p.admins = append(p.admins, strings.Fields(st.Text)...)
	case "limit":
		p.limits = append(p.limits, func(l *c2s.Limits) error { return setLimit(l, st.Text) })
		err = setLimit(new(c2s.Limits), st.Text)
	default:
		return false, nil
	}
	return true, err
}

// realms makes sure that there is a first host.
func (p *script) realms() []run.Realm {
	if len(p.cfg.Realms) == 0 {
		p.cfg.Realms = []run.Realm{{Domains: []string{Host}}}
	}
	return p.cfg.Realms
}

// host adds a realm, or changes the first: host NAME option=value …
func (p *script) host(text string) error {
	words := strings.Fields(text)
	r := &p.realms()[0]
	if name := words[0]; name != "{host}" && name != r.Domains[0] {
		p.cfg.Realms = append(p.cfg.Realms, run.Realm{Domains: []string{name}})
		r = &p.cfg.Realms[len(p.cfg.Realms)-1]
	}
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(w, "=")
		switch k {
		case "plain":
			r.Plain = v == "true"
		case "anonymous":
			r.Anonymous = v == "true"
		case "without":
			r.Without = strings.Split(v, ",")
		default:
			return fmt.Errorf("a host has the options plain, anonymous and without, but not %s", k)
		}
	}
	return nil
}

// start starts the server with what was set up.
func (p *script) start() error {
	realms := p.realms()
	if err := p.configure(realms); err != nil {
		return err
	}
	p.cfg.Limit = func(l *c2s.Limits) {
		for _, set := range p.limits {
			_ = set(l) // was tried when it was read
		}
	}
	srv, err := start(p.t, p.cfg)
	if err != nil {
		return err
	}
	p.srv = srv
	return nil
}

// configure reads the sections of modules and the list of admins into the realms.
func (p *script) configure(realms []run.Realm) error {
	mods := make(map[string]any)
	for name, text := range p.toml {
		i := slices.IndexFunc(p.cfg.Modules, func(d kit.Def) bool { return d.Name == name })
		if i < 0 {
			return fmt.Errorf("there is no module %s to configure", name)
		}
		d := p.cfg.Modules[i]
		v := reflect.New(d.ConfigType())
		v.Elem().Set(reflect.ValueOf(d.Defaults()))
		dec := toml.NewDecoder(strings.NewReader(text)).DisallowUnknownFields()
		if err := dec.Decode(v.Interface()); err != nil {
			return fmt.Errorf("configuration of %s: %w", name, err)
		}
		if c, ok := v.Elem().Interface().(kit.Checker); ok {
			if err := c.Check(); err != nil {
				return fmt.Errorf("configuration of %s: %w", name, err)
			}
		}
		mods[name] = v.Elem().Interface()
	}
	names := &Server{cfg: Config{Realms: realms}}
	for i := range realms {
		realms[i].Modules = maps.Clone(mods)
		for _, a := range p.admins {
			text, err := names.expand(a, false)
			if err != nil {
				return err
			}
			b, err := names.account(text)
			if err != nil {
				return err
			}
			realms[i].Admins = append(realms[i].Admins, b)
		}
	}
	return nil
}

// setLimit changes one of the limits on clients: limit NAME = VALUE, where NAME is a field of c2s.Limits in small letters.
func setLimit(l *c2s.Limits, text string) error {
	name, value, _ := strings.Cut(text, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	v := reflect.ValueOf(l).Elem()
	if n, ok := strings.CutPrefix(name, "session."); ok {
		v, name = v.FieldByName("Session"), n
	}
	f := v.FieldByNameFunc(func(s string) bool { return strings.EqualFold(s, name) })
	if !f.IsValid() || f.Kind() == reflect.Struct {
		return fmt.Errorf("there is no limit %s", name)
	}
	if f.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(value)
		f.SetInt(int64(d))
		return err
	}
	n, err := strconv.ParseInt(value, 10, 64)
	f.SetInt(n)
	return err
}
