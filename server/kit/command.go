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
	Admin bool   // only for operators of the realm
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
