package xmpptest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/stonechat-im/stonechat/server/c2s"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/run"
)

// script plays one transcript.
type script struct {
	t      testing.TB
	cfg    Config
	toml   map[string]string // configuration of modules, by name
	admins []string
	limits []func(*c2s.Limits) error
	srv    *Server // nil while the lines still set up
	on     map[string]*Client
}

func newScript(t testing.TB, cfg Config) *script {
	return &script{t: t, cfg: cfg, toml: make(map[string]string), on: make(map[string]*Client)}
}

// play runs all steps. At the first that fails it returns the error and the number of the step.
func (p *script) play(f *File) (at int, err error) {
	for i := 0; i < len(f.Steps); i++ {
		n := 1
		for f.Steps[i].Verb == "<?" && i+n < len(f.Steps) && f.Steps[i+n].Verb == "<?" {
			n++
		}
		if err := p.step(f.Steps[i : i+n]); err != nil {
			return i, err
		}
		i += n - 1
	}
	return len(f.Steps), nil
}

func (p *script) step(steps []Step) error {
	st := steps[0]
	if p.srv == nil {
		done, err := p.setUp(st)
		if done || err != nil {
			return err
		}
		if err := p.start(); err != nil {
			return err
		}
	}
	switch {
	case st.Who == "":
		return p.server(st)
	case st.Verb == "<?":
		return p.anyOrder(steps)
	}
	return p.client(st)
}

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

// server does what concerns the whole server.
func (p *script) server(st Step) error {
	text, err := p.srv.expand(st.Text, false)
	if err != nil {
		return err
	}
	switch st.Verb {
	case "users":
		for _, u := range strings.Fields(text) {
			if err := p.srv.addUser(u); err != nil {
				return err
			}
		}
		return nil
	case "advance":
		var d kit.Duration
		if err := d.UnmarshalText([]byte(text)); err != nil {
			return err
		}
		time.Sleep(time.Duration(d)) // virtual: this runs in a bubble
		p.srv.settle()
		return nil
	case "disable", "remove":
		return p.account(st.Verb, text)
	case "restart":
		return p.srv.restart()
	case "crash":
		return p.srv.crash()
	case "quiet":
		p.srv.settle()
		for _, c := range p.srv.clients {
			if p.on[c.label] == c && c.live() {
				if err := c.quiet(); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return fmt.Errorf("%s must stand before the first user is made", st.Verb)
}

func (p *script) account(verb, name string) error {
	b, err := p.srv.account(name)
	if err != nil {
		return err
	}
	if verb == "remove" {
		return p.srv.Run.Accounts.Remove(p.t.Context(), b)
	}
	return p.srv.Run.Accounts.Disable(p.t.Context(), b, true)
}

// client does what a client does.
func (p *script) client(st Step) (err error) {
	label, err := p.srv.expand(st.Who, false)
	if err != nil {
		return err
	}
	var c *Client
	switch st.Verb {
	case "connects":
		if c, err = p.srv.connect(p.t, label); err == nil && st.Text == "available" {
			err = c.appear()
		}
	case "logs in":
		c, err = p.srv.logIn(p.t, label)
	case "opens":
		if c, err = p.srv.newClient(p.t, label); err == nil {
			c.connect(p.cfg.TLS)
			err = c.open()
		}
	case "raw":
		if c, err = p.srv.newClient(p.t, label); err == nil {
			c.connect(false)
		}
	default:
		if p.on[label] == nil {
			return fmt.Errorf("%s has not connected", label)
		}
		return p.act(p.on[label], st)
	}
	if c != nil {
		p.on[label] = c
	}
	return err
}

// act does what takes a connection.
func (p *script) act(c *Client, st Step) error {
	switch st.Verb {
	case ">":
		return p.send(c, st.Text)
	case "<":
		return p.expect(c, st.Text)
	case "quiet":
		p.srv.settle()
		return c.quiet()
	case "closed":
		return c.closed()
	case "cuts":
		c.cut()
		p.srv.settle()
		return nil
	case "leaves":
		return c.leave()
	case "authenticates":
		return c.authenticate()
	case "starttls":
		if p.srv.certs == nil {
			return errors.New("there is TLS only on its own ground: begin with \"ground tls\"")
		}
		c.startTLS()
		return nil
	}
	return fmt.Errorf("%s is not something that a client does", st.Verb)
}

// send sends XML, or quoted text as it is.
func (p *script) send(c *Client, text string) error {
	xml, err := p.srv.expand(text, true)
	if err != nil {
		return err
	}
	b := []byte(xml)
	if strings.HasPrefix(text, `"`) {
		if b, err = verbatim(xml); err != nil {
			return err
		}
	}
	c.write(b)
	return nil
}

var quoted = regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*")(?:\*(\d+))?`)

// verbatim reads "text" "more"*1000: Go strings, repeated where a number follows.
func verbatim(text string) ([]byte, error) {
	var out []byte
	for strings.TrimSpace(text) != "" {
		m := quoted.FindStringSubmatch(text)
		if m == nil {
			return nil, fmt.Errorf("quoted text is expected: %s", text)
		}
		s, err := strconv.Unquote(m[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m[1], err)
		}
		n := 1
		if m[2] != "" {
			if n, err = strconv.Atoi(m[2]); err != nil {
				return nil, err
			}
		}
		out = append(out, bytes.Repeat([]byte(s), n)...)
		text = text[len(m[0]):]
	}
	return out, nil
}

// mismatch is something else than what was expected.
type mismatch struct {
	why     error
	arrived event
}

func (m *mismatch) Error() string { return m.why.Error() }

func (p *script) expect(c *Client, xml string) error {
	x, err := expect(xml)
	if err != nil {
		return err
	}
	ev, err := c.next()
	if err != nil {
		return err
	}
	if err := p.srv.match(x, ev); err != nil {
		return &mismatch{err, ev}
	}
	return nil
}

// anyOrder takes a run of "<?" lines: each client gets what its lines say, in any order.
func (p *script) anyOrder(steps []Step) error {
	left := make(map[*Client][]expectation)
	var order []*Client
	for _, st := range steps {
		label, err := p.srv.expand(st.Who, false)
		if err != nil {
			return err
		}
		c := p.on[label]
		if c == nil {
			return fmt.Errorf("%s has not connected", label)
		}
		x, err := expect(st.Text)
		if err != nil {
			return err
		}
		if left[c] == nil {
			order = append(order, c)
		}
		left[c] = append(left[c], x)
	}
	for _, c := range order {
		for len(left[c]) > 0 {
			ev, err := c.next()
			if err != nil {
				return fmt.Errorf("%s still waits for %s: %w", c.label, left[c][0].want.Raw(), err)
			}
			var why error
			i := slices.IndexFunc(left[c], func(x expectation) bool {
				why = p.srv.match(x, ev)
				return why == nil
			})
			if i < 0 {
				return &mismatch{fmt.Errorf("%s expects nothing like it; the last of its lines does not fit because %w", c.label, why), ev}
			}
			left[c] = slices.Delete(left[c], i, i+1)
		}
	}
	return nil
}
