package interop

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// event is a line of JSON that a client's program wrote.
type event struct {
	As       string          `json:"as"`
	Event    string          `json:"event"`
	From     string          `json:"from"`
	To       string          `json:"to"`
	ID       json.RawMessage `json:"id"` // of a stanza: text; of an answer: number
	Type     string          `json:"type"`
	Body     string          `json:"body"`
	Subject  string          `json:"subject"`
	Show     string          `json:"show"`
	Status   string          `json:"status"`
	Priority string          `json:"priority"`
	Delay    string          `json:"delay"`
	Codes    []string        `json:"codes"`
	Children []string        `json:"children"` // {namespace}name
	Items    map[string]item `json:"items"`
	Text     string          `json:"text"`
	Error    string          `json:"error"`
	Result   json.RawMessage `json:"result"`
}

// item is a contact in a roster.
type item struct {
	Name         string   `json:"name"`
	Subscription string   `json:"subscription"`
	Ask          string   `json:"ask"`
	Groups       []string `json:"groups"`
}

// has says whether the stanza has an element of some name in some namespace.
func (e event) has(ns, name string) bool { return slices.Contains(e.Children, "{"+ns+"}"+name) }

func parseEvent(line string) (e event, ok bool) {
	return e, strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &e) == nil
}

// slixmpp is a Python process with clients in it.
type slixmpp struct {
	s     *scenario
	said  *lines
	in    io.Writer
	calls int
}

// client is one client of slixmpp.
type client struct {
	*slixmpp
	name string
}

func (s *scenario) slixmpp() *slixmpp {
	s.Helper()
	script, err := filepath.Abs(filepath.Join("testdata", "slix.py"))
	if err != nil {
		s.Fatal(err)
	}
	c := s.command("/usr/bin/python3", script)
	in, err := c.StdinPipe()
	if err != nil {
		s.Fatal(err)
	}
	c.Env = append(c.Env, "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1")
	s.Cleanup(func() {
		if wire, err := os.ReadFile(filepath.Join(s.dir, "slix.log")); err == nil && s.Failed() {
			s.Logf("what slixmpp saw:\n%s", wire)
		}
	})
	return &slixmpp{s: s, in: in, said: s.listen(c)}
}

// client makes a client that is not connected. Its name is the local part of its account, or that, a slash and a resource.
func (p *slixmpp) client(name string) *client {
	p.s.Helper()
	c := &client{p, name}
	account, resource, _ := strings.Cut(name, "/")
	jid := at(account)
	if resource != "" {
		jid += "/" + resource
	}
	c.do("open", args{"jid": jid, "password": secret(account), "ca": p.s.ca()})
	return c
}

// login makes a client and logs it in by STARTTLS.
func (p *slixmpp) login(name string, srv *server) *client {
	p.s.Helper()
	c := p.client(name)
	c.connect(args{"port": srv.clear})
	return c
}

type args map[string]any

// session is what a client tells of its login.
type session struct {
	JID, TLS, Mechanism, Failed string
	Features                    []string
}

// connect logs in; the options are those of do_login.
func (c *client) connect(options args) session {
	c.s.Helper()
	got := do[session](c, "login", options)
	if got.Failed != "" {
		c.s.Fatalf("%s: login: %s", c.name, got.Failed)
	}
	if c.s.Failed() {
		c.s.FailNow()
	}
	return got
}

// call gives an order and waits for the answer.
func (c *client) call(order string, a args) event {
	c.s.Helper()
	c.calls++
	id := c.calls
	if a == nil {
		a = args{}
	}
	line, err := json.Marshal(map[string]any{"id": id, "as": c.name, "do": order, "args": a})
	if err != nil {
		c.s.Fatal(err)
	}
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		c.s.Fatalf("%s: %s: %v", c.name, order, err)
	}
	var answer event
	c.said.wait(c.s, fmt.Sprintf("%s: answer to %s", c.name, line), func(l string) bool {
		e, ok := parseEvent(l)
		if !ok || e.As != "" || string(e.ID) != fmt.Sprint(id) {
			return false
		}
		answer = e
		return true
	})
	return answer
}

// do gives an order that must be followed.
func (c *client) do(order string, a args) {
	c.s.Helper()
	if e := c.call(order, a); e.Error != "" {
		c.s.Fatalf("%s: %s %v: %s (%s)", c.name, order, a, e.Error, e.Text)
	}
}

// refused gives an order that the server must refuse with some condition.
func (c *client) refused(condition, order string, a args) {
	c.s.Helper()
	if e := c.call(order, a); e.Error != condition {
		c.s.Errorf("%s: %s %v: %q (%s), want %s", c.name, order, a, e.Error, e.Text, condition)
	}
}

// do gives an order that must be followed, and returns what came of it.
func do[T any](c *client, order string, a args) (result T) {
	c.s.Helper()
	e := c.call(order, a)
	if e.Error != "" {
		c.s.Fatalf("%s: %s %v: %s (%s)", c.name, order, a, e.Error, e.Text)
	}
	if err := json.Unmarshal(e.Result, &result); err != nil {
		c.s.Fatalf("%s: %s %v: %s: %v", c.name, order, a, e.Result, err)
	}
	return result
}

// sees waits for the first event of some kind that fits and takes it. what says what is waited for.
func (c *client) sees(what, kind string, fits func(event) bool) event {
	c.s.Helper()
	return sees(c.s, c.said, c.name, what, kind, fits)
}

func sees(s *scenario, said *lines, name, what, kind string, fits func(event) bool) (got event) {
	s.Helper()
	said.wait(s, fmt.Sprintf("%s: %s: %s", name, kind, what), func(l string) bool {
		e, ok := parseEvent(l)
		if !ok || e.As != name || e.Event != kind || fits != nil && !fits(e) {
			return false
		}
		got = e
		return true
	})
	return got
}

// hears waits for a message with some body.
func (c *client) hears(body string) event {
	c.s.Helper()
	return c.sees(body, "message", func(e event) bool { return e.Body == body })
}

// seesPresence waits for presence of some type from an address or, when that is bare, from any of its resources.
func (c *client) seesPresence(typ, from string) event {
	c.s.Helper()
	return c.sees(fmt.Sprintf("%q from %s", typ, from), "presence", func(e event) bool {
		return e.Type == typ && (e.From == from || strings.HasPrefix(e.From, from+"/"))
	})
}

// pending are the client's events of some kind that nobody has taken. A ping before it makes sure that all are there.
func (c *client) pending(kind string) (all []event) {
	c.s.Helper()
	c.do("ping", nil)
	c.said.mu.Lock()
	defer c.said.mu.Unlock()
	for _, l := range c.said.fresh {
		if e, ok := parseEvent(l); ok && e.As == c.name && e.Event == kind {
			all = append(all, e)
		}
	}
	return all
}

// befriend has two clients subscribe to each other and waits until each has seen the other.
func befriend(a, b *client) {
	a.s.Helper()
	for _, pair := range [][2]*client{{a, b}, {b, a}} {
		asks, answers := pair[0], pair[1]
		asks.do("subscription", args{"to": bare(answers), "type": "subscribe"})
		answers.seesPresence("subscribe", bare(asks))
		answers.do("subscription", args{"to": bare(asks), "type": "subscribed"})
		asks.seesPresence("subscribed", bare(answers))
		asks.seesPresence("", bare(answers))
	}
}

func bare(c *client) string {
	name, _, _ := strings.Cut(c.name, "/")
	return at(name)
}

// full is the address of a client that chose its resource.
func full(c *client) string {
	_, resource, _ := strings.Cut(c.name, "/")
	return bare(c) + "/" + resource
}
