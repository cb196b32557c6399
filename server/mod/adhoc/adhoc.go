// Package adhoc lets clients find and run the commands that modules offer (XEP-0050).
//
// Every command has one or two stages (kit.Command): with a form it is shown first, and completed by what was filled in.
// Between the two there is a session, whose id the asker must bring back; sessions.go owns those, behind one mutex. What
// was filled in is checked by kit.Command.Do, so that all ways to run a command check alike. Start reading at execute.
package adhoc

import (
	"context"
	"errors"
	"time"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/commands"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name:  "adhoc",
	Specs: []spec.Spec{{XEP: 50, Version: "1.3.0", Status: spec.Complete, Since: "0.1"}},
	Host:  []string{wire.NS},
}, Config{
	Expire:      kit.Duration(10 * time.Minute),
	MaxSessions: 1000,
	MaxPerUser:  5,
}, New)

// Config is the [adhoc] section.
type Config struct {
	// Expire is how long a command waits for its form to come back.
	Expire kit.Duration
	// MaxSessions is how many commands of all users together may wait for their forms.
	MaxSessions int
	// MaxPerUser is how many commands of one account may wait for their forms; a further one ends the oldest.
	MaxPerUser int
}

// Check implements kit.Checker.
func (c Config) Check() error {
	switch {
	case c.Expire <= 0:
		return &kit.ConfigError{Key: "expire", Text: "must be more than nothing"}
	case c.MaxSessions < 1:
		return &kit.ConfigError{Key: "max_sessions", Text: "must be at least 1"}
	case c.MaxPerUser < 1:
		return &kit.ConfigError{Key: "max_per_user", Text: "must be at least 1"}
	}
	return nil
}

type module struct {
	realm    *kit.Realm
	sessions *sessions
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{env.Realm, newSessions(cfg)}
	kit.HandleIQ(env, kit.Server, stanza.Set, m.command)
	kit.On(env, &env.Points.DiscoInfo, hook.Deliver, m.info)
	kit.On(env, &env.Points.DiscoItems, hook.Deliver, m.items)
	return m, nil
}

// command answers one step (XEP-0050#execute).
func (m *module) command(ctx context.Context, iq *kit.IQ, req *wire.Command) (stanza.Payload, error) {
	c, ok := m.realm.Command(req.Node)
	if !ok {
		return nil, stanza.ItemNotFound.With("there is no such command")
	}
	if !c.Open(m.realm, iq.From) {
		return nil, notOpen()
	}
	call := &kit.Call{By: iq.From, Domain: iq.Domain}
	if req.SessionID == "" {
		return m.start(ctx, call, c, req)
	}
	id, from := req.SessionID, iq.From
	if err := m.sessions.check(id, from, c.Node); err != nil {
		return nil, err
	}
	switch req.Action {
	case wire.Cancel: // XEP-0050#cancel
		m.sessions.end(id)
		return &wire.Command{Node: c.Node, SessionID: id, Status: wire.Canceled}, nil
	case wire.Execute, wire.Complete:
		return m.finish(ctx, call, c, id, req.Form)
	}
	return nil, wire.BadAction.With("this command has no further pages")
}

// notOpen is what XEP-0050#desc-errors gives the type cancel, other than RFC 6120 does.
func notOpen() *stanza.Error {
	return stanza.Forbidden.With("this command is not for you").WithType(stanza.Cancel)
}

// start is the first step: a command without a form is done at once.
func (m *module) start(ctx context.Context, call *kit.Call, c *kit.Command, req *wire.Command) (stanza.Payload, error) {
	switch req.Action {
	case wire.Execute:
	case wire.Cancel:
		return nil, wire.BadSessionID.With("there is nothing to cancel without a session")
	default:
		return nil, wire.BadAction.With("a command starts with execute")
	}
	if c.Form == nil {
		return m.run(ctx, call, c, m.sessions.name(call.By, c.Node), nil)
	}
	form, err := c.Form(ctx, call)
	if err != nil {
		return nil, err
	}
	id, err := m.sessions.begin(call.By, c.Node)
	if err != nil {
		return nil, err
	}
	return &wire.Command{Node: c.Node, SessionID: id, Status: wire.Executing, Lang: "en",
		Actions: &wire.Actions{Default: wire.Complete, Complete: true}, Form: form}, nil
}

// finish is the last step of a command with a form. When it fails, the asker may correct the form and send it again.
func (m *module) finish(ctx context.Context, call *kit.Call, c *kit.Command, id string, in *forms.Form) (stanza.Payload, error) {
	if in == nil {
		return nil, wire.BadPayload.With("the form is missing")
	}
	if in.Type != forms.Submit && in.Type != forms.Cancel { // XEP-0050#impl-forms: cancel counts as submit
		return nil, wire.BadPayload.With("the form is not a submission")
	}
	s, err := m.sessions.take(id)
	if err != nil {
		return nil, err
	}
	out, err := m.run(ctx, call, c, id, in)
	if err != nil {
		m.sessions.giveBack(id, s)
	}
	return out, err
}

func (m *module) run(ctx context.Context, call *kit.Call, c *kit.Command, id string, in *forms.Form) (stanza.Payload, error) {
	out, err := c.Do(ctx, call, in)
	var wrong *forms.FieldError
	if errors.As(err, &wrong) {
		return nil, wire.BadPayload.With(wrong.Error())
	}
	if err != nil {
		return nil, err
	}
	done := &wire.Command{Node: c.Node, SessionID: id, Status: wire.Completed, Lang: "en", Form: out.Form}
	if out.Note != "" {
		done.Notes = []wire.Note{{Type: wire.Info, Text: out.Note}}
	}
	return done, nil
}

// asked says whether a disco request is for a domain of ours itself.
func (m *module) asked(domain, local string) bool { return local == "" && m.realm.Serves(domain) }

// info describes the list of commands and each command (XEP-0050#retrieve).
func (m *module) info(_ context.Context, ev *kit.DiscoInfo) error {
	if ev.Node == "" || !m.asked(ev.To.Domain(), ev.To.Local()) {
		return nil
	}
	if ev.Node == wire.NS {
		ev.Found = true
		ev.Identities = append(ev.Identities, kit.Identity{Category: "automation", Type: "command-list"})
		ev.Features = append(ev.Features, wire.NS)
		return nil
	}
	c, ok := m.realm.Command(ev.Node)
	if !ok {
		return nil
	}
	if !c.Open(m.realm, ev.From) {
		return notOpen()
	}
	ev.Found = true
	ev.Identities = append(ev.Identities, kit.Identity{Category: "automation", Type: "command-node", Name: c.Name})
	ev.Features = append(ev.Features, wire.NS, forms.NS)
	return nil
}

// items lists the commands that the asker may run (XEP-0050#retrieve), in the order in which modules offer them.
func (m *module) items(_ context.Context, ev *kit.DiscoItems) error {
	if !m.asked(ev.To.Domain(), ev.To.Local()) {
		return nil
	}
	if ev.Node != wire.NS {
		if _, ok := m.realm.Command(ev.Node); ok {
			ev.Found = true // there is nothing below it
		}
		return nil
	}
	ev.Found = true
	for _, c := range m.realm.Commands() {
		if c.Open(m.realm, ev.From) {
			ev.Items = append(ev.Items, kit.Item{JID: ev.To, Node: c.Node, Name: c.Name})
		}
	}
	return nil
}
