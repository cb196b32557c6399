package xmpptest

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/server/c2s"
	"github.com/stonechat-im/stonechat/server/kit"
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
	p.srv.settle() // what a line causes has happened before the next
	switch {
	case st.Who == "":
		return p.server(st)
	case st.Verb == "<?":
		return p.anyOrder(steps)
	}
	return p.client(st)
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
		return nil
	case "disable", "remove":
		return p.account(st.Verb, text)
	case "restart":
		return p.srv.restart()
	case "crash":
		return p.srv.crash()
	case "quiet":
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
		return c.quiet()
	case "closed":
		return c.closed()
	case "cuts":
		c.cut()
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
