// Package control is how the operator at the machine gives orders to a server: a Unix socket in the data folder, small JSON
// requests and answers, one of each on a connection. Whoever can open the socket (mode 0600) is the operator.
//
// The same orders are carried out without a socket where the server does not run: Operator.Do is the one place that knows
// them, and Ask and Serve only carry them across.
//
// The package holds no state. Start reading at Request, then Operator.Do.
package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/run"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// Op is what is to be done.
type Op string

// The orders. All but List, Commands and Run are about the account JID.
const (
	Add      Op = "account-add"     // with Password
	Passwd   Op = "account-passwd"  // with Password
	Remove   Op = "account-remove"  // and everything stored for it
	Disable  Op = "account-disable" // may not log in
	Enable   Op = "account-enable"  // may again
	List     Op = "account-list"    // of Domain, or of all
	Commands Op = "commands"        // what Run can do for Domain
	Run      Op = "command"         // runs the ad-hoc command Node of Domain (XEP-0050) with Fields
)

// Request is one order.
type Request struct {
	Op       Op                  `json:"op"`
	JID      jid.Bare            `json:"jid,omitzero"`
	Password string              `json:"password,omitempty"`
	Domain   string              `json:"domain,omitempty"`
	Node     string              `json:"node,omitempty"`
	Fields   map[string][]string `json:"fields,omitempty"`
}

// Answer is what came of it.
type Answer struct {
	Error    string              `json:"error,omitempty"`
	Note     string              `json:"note,omitempty"` // a sentence for people
	Accounts []kit.AccountInfo   `json:"accounts,omitempty"`
	Commands []Command           `json:"commands,omitempty"`
	Fields   map[string][]string `json:"fields,omitempty"` // results of a command, or with Asks, its form
	Asks     bool                `json:"asks,omitempty"`   // the command wants Fields, which it was not given
}

// Command is an ad-hoc command on offer.
type Command struct {
	Node string `json:"node"`
	Name string `json:"name"`
}

// Operator carries out orders on a server, whether it takes connections or not.
type Operator struct{ Server *run.Server }

// Do carries out an order. What goes wrong is in the answer's Error.
func (o Operator) Do(ctx context.Context, q *Request) *Answer {
	a, err := o.do(ctx, q)
	if err != nil {
		return &Answer{Error: err.Error()}
	}
	return a
}

func (o Operator) do(ctx context.Context, q *Request) (*Answer, error) {
	switch q.Op {
	case List:
		return o.list(ctx, q.Domain)
	case Commands, Run:
		r, err := o.realm(q.Domain)
		if err != nil {
			return nil, err
		}
		if q.Op == Run {
			return command(ctx, r, q)
		}
		a := new(Answer)
		for _, c := range r.Commands() {
			a.Commands = append(a.Commands, Command{c.Node, c.Name})
		}
		return a, nil
	}
	return o.account(ctx, q)
}

// account is the orders about one account.
func (o Operator) account(ctx context.Context, q *Request) (*Answer, error) {
	if q.JID.IsZero() || q.JID.IsDomain() {
		return nil, errors.New("the address of an account looks like romeo@montague.example")
	}
	if _, err := o.realm(q.JID.Domain()); err != nil {
		return nil, err
	}
	accounts := o.Server.Accounts
	var err error
	var note string
	switch q.Op {
	case Add:
		err, note = accounts.Create(ctx, q.JID, q.Password), "has been made"
	case Passwd:
		err, note = accounts.SetPassword(ctx, q.JID, q.Password), "has a new password"
	case Remove:
		err, note = accounts.Remove(ctx, q.JID), "has been removed"
	case Disable:
		err, note = accounts.Disable(ctx, q.JID, true), "has been disabled"
	case Enable:
		err, note = accounts.Disable(ctx, q.JID, false), "may log in again"
	default:
		return nil, fmt.Errorf("unknown order %q", q.Op)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.JID, err)
	}
	return &Answer{Note: q.JID.String() + " " + note}, nil
}

func (o Operator) realm(domain string) (*kit.Realm, error) {
	var all []string
	for _, r := range o.Server.Realms() {
		if r.Serves(domain) {
			return r, nil
		}
		all = append(all, r.Domains...)
	}
	return nil, fmt.Errorf("%q is not served here; the domains are %v", domain, all)
}

func (o Operator) list(ctx context.Context, domain string) (*Answer, error) {
	if domain != "" {
		if _, err := o.realm(domain); err != nil {
			return nil, err
		}
	}
	a := new(Answer)
	for _, r := range o.Server.Realms() {
		for _, d := range r.Domains {
			if domain != "" && d != domain {
				continue
			}
			infos, err := o.Server.Accounts.List(ctx, d)
			if err != nil {
				return nil, err
			}
			a.Accounts = append(a.Accounts, infos...)
		}
	}
	return a, nil
}

// command runs an ad-hoc command as the operator: Call.By is zero.
func command(ctx context.Context, r *kit.Realm, q *Request) (*Answer, error) {
	for _, c := range r.Commands() {
		if c.Node != q.Node {
			continue
		}
		call := &kit.Call{Domain: q.Domain}
		var in *forms.Form
		if c.Form != nil {
			form, err := c.Form(ctx, call)
			if err != nil {
				return nil, err
			}
			if q.Fields == nil {
				return &Answer{Asks: true, Fields: values(form)}, nil
			}
			in = filled(form, q.Fields)
		}
		out, err := c.Run(ctx, call, in)
		if err != nil {
			return nil, err
		}
		if out == nil {
			return new(Answer), nil
		}
		return &Answer{Note: out.Note, Fields: values(out.Form)}, nil
	}
	return nil, fmt.Errorf("%s has no command %q", q.Domain, q.Node)
}

// filled is a form's submission: its defaults, with what is given in their place.
func filled(form *forms.Form, given map[string][]string) *forms.Form {
	in := forms.New(forms.Submit, form.FormType())
	for _, f := range form.Fields {
		if f.Var == "" || f.Var == "FORM_TYPE" || f.Type == forms.Fixed {
			continue
		}
		vals, ok := given[f.Var]
		if !ok {
			vals = f.Values
		}
		in.Add(forms.Field{Var: f.Var, Type: f.Type, Values: vals})
	}
	return in
}

func values(form *forms.Form) map[string][]string {
	if form == nil {
		return nil
	}
	out := make(map[string][]string, len(form.Fields))
	for _, f := range form.Fields {
		if f.Var != "" && f.Var != "FORM_TYPE" {
			out[f.Var] = f.Values
		}
	}
	return out
}
