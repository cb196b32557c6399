package kit

import (
	"context"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// Command is an ad-hoc command (XEP-0050) on the host. The same commands are behind the command line and the admin
// console, so an operation is written once. A command with a Form has two steps: show the form, then Run with what was
// filled in; without one it runs at once.
type Command struct {
	Node  string // "http://jabber.org/protocol/admin#add-user" (XEP-0133)
	Name  string // for people
	Admin bool   // only for operators of the realm; otherwise for all its accounts
	Form  func(ctx context.Context, c *Call) (*forms.Form, error)
	Run   func(ctx context.Context, c *Call, in *forms.Form) (*Outcome, error)
}

// Call is one use of a command.
type Call struct {
	By     jid.JID // who asks; zero for the operator at the machine
	Domain string  // the domain that was asked
}

// Outcome is what a command has to say at its end.
type Outcome struct {
	Note string      // a sentence for people
	Form *forms.Form // results
}

// Open says whether an address may run the command in the realm. The operator at the machine, with no address, always may.
func (c *Command) Open(r *Realm, by jid.JID) bool {
	switch {
	case by.IsZero(), r.Operator.IsAdmin(by.Bare()):
		return true
	case c.Admin:
		return false
	}
	return by.Local() != "" && r.Serves(by.Domain())
}

// Do runs the command with what was filled in, which it checks against the form of this moment first. Errors for people
// are *stanza.Error and *forms.FieldError; others are not for their eyes. Whether the caller may, was asked before (Open).
func (c *Command) Do(ctx context.Context, call *Call, in *forms.Form) (*Outcome, error) {
	if c.Form != nil {
		asked, err := c.Form(ctx, call)
		if err != nil {
			return nil, err
		}
		if in, err = asked.Validate(in); err != nil {
			return nil, err
		}
	}
	out, err := c.Run(ctx, call, in)
	if out == nil {
		out = new(Outcome)
	}
	return out, err
}

// AddCommand offers a command.
func AddCommand(env *Env, c Command) {
	for _, other := range env.commands {
		if other.Node == c.Node {
			env.Problem("offers command %s twice", c.Node)
			return
		}
	}
	env.commands = append(env.commands, c)
}

// Commands lists what is offered, in order.
func (r *Realm) Commands() []Command { return r.commands }

// Command finds a command by its node.
func (r *Realm) Command(node string) (*Command, bool) {
	for i := range r.commands {
		if r.commands[i].Node == node {
			return &r.commands[i], true
		}
	}
	return nil, false
}
