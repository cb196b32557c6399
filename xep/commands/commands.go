// Package commands is ad-hoc commands (XEP-0050): the payload of both sides. Start reading at Command.
package commands

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// NS is the namespace of ad-hoc commands, and the disco node of the list of commands (XEP-0050#retrieve).
const NS = "http://jabber.org/protocol/commands"

// Action is what the requester wants (XEP-0050#desc-command).
type Action string

const (
	Execute  Action = "execute" // start, or do what the responder named as the default; the zero value means this
	Cancel   Action = "cancel"
	Prev     Action = "prev"
	Next     Action = "next"
	Complete Action = "complete"
)

// Status is how far the responder has got (XEP-0050#desc-command).
type Status string

const (
	Executing Status = "executing"
	Completed Status = "completed"
	Canceled  Status = "canceled"
)

// NoteType is how serious a note is (XEP-0050#desc-note).
type NoteType string

const (
	Info  NoteType = "info"
	Warn  NoteType = "warn"
	Error NoteType = "error"
)

// Note is a sentence for people.
type Note struct {
	Type NoteType
	Text string
}

// Actions is what the requester may do next (XEP-0050#desc-actions).
type Actions struct {
	Default              Action // what execute stands for; next where it is empty
	Prev, Next, Complete bool
}

// Command is one step of a command, asked or answered.
type Command struct {
	Node      string
	SessionID string
	Action    Action // of requests; Execute when none was given
	Status    Status // of answers
	Lang      string // xml:lang
	Actions   *Actions
	Form      *forms.Form
	Notes     []Note
}

// Name is {http://jabber.org/protocol/commands}command.
func (*Command) Name() elem.Name { return elem.Name{Space: NS, Local: "command"} }

// Encode writes the payload.
func (c *Command) Encode(w *elem.Writer) {
	w.Start(NS, "command")
	w.Attr("node", c.Node)
	w.OptAttr("sessionid", c.SessionID)
	if c.Action != Execute {
		w.OptAttr("action", string(c.Action))
	}
	w.OptAttr("status", string(c.Status))
	w.Lang(c.Lang)
	if a := c.Actions; a != nil {
		w.Start(NS, "actions")
		w.OptAttr("execute", string(a.Default))
		for _, x := range []struct {
			allowed bool
			action  Action
		}{{a.Prev, Prev}, {a.Next, Next}, {a.Complete, Complete}} {
			if x.allowed {
				w.Elem(NS, string(x.action), "")
			}
		}
		w.End()
	}
	for _, n := range c.Notes {
		w.Start(NS, "note")
		w.OptAttr("type", string(n.Type))
		w.Text(n.Text)
		w.End()
	}
	if c.Form != nil {
		c.Form.Encode(w)
	}
	w.End()
}

// Decode reads the payload. Errors are those of XEP-0050#desc-errors: a command without a node, an action that there is
// not, a form that is none.
func (c *Command) Decode(e elem.Elem) error {
	*c = Command{Node: e.Attr("node"), SessionID: e.Attr("sessionid"), Status: Status(e.Attr("status")), Lang: e.Lang()}
	if c.Node == "" {
		return stanza.BadRequest.With("a command needs a node")
	}
	switch c.Action = Action(e.Attr("action")); c.Action {
	case "":
		c.Action = Execute
	case Execute, Cancel, Prev, Next, Complete:
	default:
		return MalformedAction.With("there is no such action")
	}
	for x := range e.Children() {
		switch {
		case x.Is(NS, "actions"):
			c.Actions = &Actions{
				Default: Action(x.Attr("execute")), Prev: x.Child(NS, "prev").Ok(),
				Next: x.Child(NS, "next").Ok(), Complete: x.Child(NS, "complete").Ok(),
			}
		case x.Is(NS, "note"):
			c.Notes = append(c.Notes, Note{noteType(x.Attr("type")), x.Text()})
		case x.Is(forms.NS, "x") && c.Form == nil: // the first takes precedence, XEP-0050#impl-payloads
			c.Form = new(forms.Form)
			if err := c.Form.Decode(x); err != nil {
				return BadPayload.With(err.Error())
			}
		}
	}
	return nil
}

// noteType reads a note's type; info is the default (XEP-0050#desc-note).
func noteType(s string) NoteType {
	if s == "" {
		return Info
	}
	return NoteType(s)
}

// Condition is an application-specific error condition (XEP-0050#desc-errors).
type Condition string

const (
	MalformedAction Condition = "malformed-action" // there is no such action
	BadAction       Condition = "bad-action"       // the action is not allowed at this stage
	BadLocale       Condition = "bad-locale"
	BadPayload      Condition = "bad-payload" // the form is missing or wrong
	BadSessionID    Condition = "bad-sessionid"
	SessionExpired  Condition = "session-expired" // completed, canceled or timed out
)

// Name is the condition's element.
func (c Condition) Name() elem.Name { return elem.Name{Space: NS, Local: string(c)} }

// Encode writes the condition.
func (c Condition) Encode(w *elem.Writer) { w.Elem(NS, string(c), "") }

// With makes the stanza error that the condition goes with, and adds a text for people.
func (c Condition) With(text string) *stanza.Error {
	general := stanza.BadRequest
	if c == SessionExpired {
		general = stanza.NotAllowed
	}
	return general.With(text).WithApp(c)
}
