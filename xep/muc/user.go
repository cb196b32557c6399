package muc

import (
	"strconv"

	"github.com/stonechat-im/stonechat/elem"
)

// Code is a status code (§12, §16.6).
type Code int

const (
	CodeNonAnonymous       Code = 100 // presence: anybody in the room sees the full JID
	CodeAffiliationChanged Code = 101 // message: the affiliation changed while the user was away
	CodeShowsUnavailable   Code = 102
	CodeHidesUnavailable   Code = 103
	CodeConfigChanged      Code = 104 // message: something that does not touch privacy
	CodeSelf               Code = 110 // presence: this is yourself
	CodeLogging            Code = 170 // logging is on
	CodeNoLogging          Code = 171 // logging is off now
	CodeNowNonAnonymous    Code = 172
	CodeNowSemiAnonymous   Code = 173
	CodeCreated            Code = 201 // presence: the room is new
	CodeNickChangedByRoom  Code = 210 // presence: the room has chosen the nickname
	CodeBanned             Code = 301
	CodeNewNick            Code = 303
	CodeKicked             Code = 307
	CodeLostAffiliation    Code = 321 // removed from a members-only room
	CodeMembersOnly        Code = 322 // removed because the room is members-only now
	CodeShutdown           Code = 332
	CodeTechnical          Code = 333 // removed because of an error
)

// User is the x of muc#user (§19.2).
type User struct {
	Codes    []Code // written first, but CodeSelf, which is written last
	Items    []Item
	Invites  []Invite
	Decline  *Decline
	Destroy  *Destroy
	Password string
}

// Invite is a mediated invitation (§7.8.2): To on its way to the room, From on its way from there.
type Invite struct {
	From, To, Reason string
	Continue         bool
	Thread           string
}

// Decline is the answer to an Invite.
type Decline struct{ From, To, Reason string }

// Destroy says that a room is no more, and where people go from there (§10.9).
type Destroy struct{ JID, Reason, Password string }

// Name is {http://jabber.org/protocol/muc#user}x.
func (*User) Name() elem.Name { return elem.Name{Space: NSUser, Local: "x"} }

// Encode writes the payload.
func (u *User) Encode(w *elem.Writer) {
	w.Start(NSUser, "x")
	self := false
	for _, c := range u.Codes {
		if c == CodeSelf {
			self = true
			continue
		}
		encodeCode(w, c)
	}
	for i := range u.Items {
		u.Items[i].encode(w, NSUser)
	}
	if self {
		encodeCode(w, CodeSelf)
	}
	for i := range u.Invites {
		u.Invites[i].encode(w)
	}
	if d := u.Decline; d != nil {
		w.Start(NSUser, "decline")
		w.OptAttr("from", d.From)
		w.OptAttr("to", d.To)
		if d.Reason != "" {
			w.Elem(NSUser, "reason", d.Reason)
		}
		w.End()
	}
	if u.Destroy != nil {
		u.Destroy.encode(w, NSUser)
	}
	if u.Password != "" {
		w.Elem(NSUser, "password", u.Password)
	}
	w.End()
}

func encodeCode(w *elem.Writer, c Code) {
	w.Start(NSUser, "status")
	w.IntAttr("code", int64(c))
	w.End()
}

func (i *Invite) encode(w *elem.Writer) {
	w.Start(NSUser, "invite")
	w.OptAttr("from", i.From)
	w.OptAttr("to", i.To)
	if i.Reason != "" {
		w.Elem(NSUser, "reason", i.Reason)
	}
	if i.Continue {
		w.Start(NSUser, "continue")
		w.OptAttr("thread", i.Thread)
		w.End()
	}
	w.End()
}

func (d *Destroy) encode(w *elem.Writer, ns string) {
	w.Start(ns, "destroy")
	w.OptAttr("jid", d.JID)
	if d.Password != "" {
		w.Elem(ns, "password", d.Password)
	}
	if d.Reason != "" {
		w.Elem(ns, "reason", d.Reason)
	}
	w.End()
}

func decodeDestroy(e elem.Elem, ns string) *Destroy {
	return &Destroy{e.Attr("jid"), e.ChildText(ns, "reason"), e.ChildText(ns, "password")}
}

// Decode reads the payload.
func (u *User) Decode(e elem.Elem) error {
	*u = User{}
	for c := range e.Children() {
		if c.Space() != NSUser {
			continue
		}
		switch c.Local() {
		case "status":
			n, err := strconv.Atoi(c.Attr("code"))
			if err != nil {
				return ErrNumber
			}
			u.Codes = append(u.Codes, Code(n))
		case "item":
			var it Item
			if err := it.decode(c, NSUser); err != nil {
				return err
			}
			u.Items = append(u.Items, it)
		case "invite":
			cont := c.Child(NSUser, "continue")
			u.Invites = append(u.Invites, Invite{From: c.Attr("from"), To: c.Attr("to"), Reason: c.ChildText(NSUser, "reason"),
				Continue: cont.Ok(), Thread: cont.Attr("thread")})
		case "decline":
			u.Decline = &Decline{c.Attr("from"), c.Attr("to"), c.ChildText(NSUser, "reason")}
		case "destroy":
			u.Destroy = decodeDestroy(c, NSUser)
		case "password":
			u.Password = c.Text()
		}
	}
	return nil
}

// Has says whether a status code is among those of u.
func (u *User) Has(c Code) bool {
	for _, x := range u.Codes {
		if x == c {
			return true
		}
	}
	return false
}
