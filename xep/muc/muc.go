// Package muc is Multi-User Chat (XEP-0045): what users and rooms say to each other, in its four namespaces. It has no
// state. Start reading at User, which is in nearly everything that a room sends, then Join, Admin and Owner.
package muc

import (
	"errors"

	"github.com/stonechat-im/stonechat/elem"
)

// The namespaces of XEP-0045 (§16.1).
const (
	NS      = "http://jabber.org/protocol/muc"
	NSUser  = NS + "#user"
	NSAdmin = NS + "#admin"
	NSOwner = NS + "#owner"
)

// The FORM_TYPEs of XEP-0045 (§16.5).
const (
	FormRegister = NS + "#register"
	FormRequest  = NS + "#request"
	FormConfig   = NS + "#roomconfig"
	FormInfo     = NS + "#roominfo"
)

// Features and nodes of service discovery (§16.3, §16.4).
const (
	FeatureStableID = NS + "#stable_id"
	FeatureSelfPing = NS + "#self-ping-optimization" // XEP-0410#serveroptimization
	NodeRooms       = NS + "#rooms"
	NodeTraffic     = NS + "#traffic"
	NodeReserved    = "x-roomuser-item"
)

// Affiliation is somebody's lasting relation to a room (§5.2), in the order of power.
type Affiliation uint8

const (
	Outcast Affiliation = iota + 1
	NoAffiliation
	Member
	Admin
	Owner
)

var affiliations = [...]string{Outcast: "outcast", NoAffiliation: "none", Member: "member", Admin: "admin", Owner: "owner"}

// String is the attribute's value; empty for the zero Affiliation, which is an absent attribute.
func (a Affiliation) String() string {
	if int(a) < len(affiliations) {
		return affiliations[a]
	}
	return ""
}

// Role is what an occupant may do during a visit (§5.1), in the order of power.
type Role uint8

const (
	NoRole Role = iota + 1
	Visitor
	Participant
	Moderator
)

var roles = [...]string{NoRole: "none", Visitor: "visitor", Participant: "participant", Moderator: "moderator"}

// String is the attribute's value; empty for the zero Role, which is an absent attribute.
func (r Role) String() string {
	if int(r) < len(roles) {
		return roles[r]
	}
	return ""
}

var (
	ErrAffiliation = errors.New("an affiliation is one of owner, admin, member, none and outcast")
	ErrRole        = errors.New("a role is one of moderator, participant, visitor and none")
	ErrNumber      = errors.New("a number is expected")
	ErrEmpty       = errors.New("the query asks for nothing")
)

// ParseAffiliation reads an attribute; the empty string is the zero Affiliation.
func ParseAffiliation(s string) (Affiliation, error) {
	for a, name := range affiliations {
		if name == s {
			return Affiliation(a), nil
		}
	}
	return 0, ErrAffiliation
}

// MarshalText writes the attribute's value, for stores.
func (a Affiliation) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads it.
func (a *Affiliation) UnmarshalText(b []byte) (err error) {
	*a, err = ParseAffiliation(string(b))
	return err
}

// ParseRole reads an attribute; the empty string is the zero Role.
func ParseRole(s string) (Role, error) {
	for r, name := range roles {
		if name == s {
			return Role(r), nil
		}
	}
	return 0, ErrRole
}

// Item is somebody in muc#user and muc#admin. Attributes that are empty or zero are absent.
type Item struct {
	Affiliation Affiliation
	Role        Role
	JID         string
	Nick        string
	NickSet     bool // the attribute is there even where Nick is empty (§9.5: unset a reserved nickname)
	ActorJID    string
	ActorNick   string
	Reason      string
}

func (it *Item) encode(w *elem.Writer, ns string) {
	w.Start(ns, "item")
	w.OptAttr("affiliation", it.Affiliation.String())
	w.OptAttr("jid", it.JID)
	if it.Nick != "" || it.NickSet {
		w.Attr("nick", it.Nick)
	}
	w.OptAttr("role", it.Role.String())
	if it.ActorJID != "" || it.ActorNick != "" {
		w.Start(ns, "actor")
		w.OptAttr("jid", it.ActorJID)
		w.OptAttr("nick", it.ActorNick)
		w.End()
	}
	if it.Reason != "" {
		w.Elem(ns, "reason", it.Reason)
	}
	w.End()
}

func (it *Item) decode(e elem.Elem, ns string) (err error) {
	*it = Item{JID: e.Attr("jid"), Reason: e.ChildText(ns, "reason")}
	it.Nick, it.NickSet = e.LookupAttr("", "nick")
	actor := e.Child(ns, "actor")
	it.ActorJID, it.ActorNick = actor.Attr("jid"), actor.Attr("nick")
	if it.Affiliation, err = ParseAffiliation(e.Attr("affiliation")); err != nil {
		return err
	}
	it.Role, err = ParseRole(e.Attr("role"))
	return err
}
