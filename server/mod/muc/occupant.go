package muc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"unicode"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/delay"
	"github.com/stonechat-im/stonechat/xep/hats"
	wire "github.com/stonechat-im/stonechat/xep/muc"
	"github.com/stonechat-im/stonechat/xep/occupantid"
	"github.com/stonechat-im/stonechat/xep/stanzaid"
)

// occupant is somebody in the room under a nickname, with one or more sessions (XEP-0045#enter-conflict).
type occupant struct {
	nick    string
	addr    jid.JID // room@service/nick
	who     jid.Bare
	id      occupantid.OccupantID
	role    wire.Role
	clients []*client // replaced, never changed
}

// client is one session in the room.
type client struct {
	jid   jid.JID // full
	in    *occupant
	shown []byte // the children of its last presence, as they are passed on
	rank  int    // how available that presence is; the lowest of an occupant's is shown
	turn  uint64 // when it last changed, in the room's count
}

// occupants returns all in the order of their first session's entering.
func (r *Room) occupants() []*occupant {
	out := make([]*occupant, 0, len(r.nicks))
	for _, c := range r.all {
		if c == c.in.clients[0] {
			out = append(out, c.in)
		}
	}
	return out
}

// occupantJID is the address of a nickname, which must have passed checkNick.
func (r *Room) occupantJID(nick string) jid.JID {
	full, _ := r.addr.WithResource(nick) // it was a resource before
	return full.JID()
}

// occupantID derives who somebody is in this room, and nowhere else (XEP-0421#id-generation).
func (r *Room) occupantID(b jid.Bare) occupantid.OccupantID {
	h := hmac.New(sha256.New, r.record.Salt)
	h.Write([]byte(b.String()))
	return occupantid.OccupantID(hex.EncodeToString(h.Sum(nil)[:20]))
}

// find returns the occupants that are somebody's.
func (r *Room) find(b jid.Bare) []*occupant {
	var out []*occupant
	for _, o := range r.occupants() {
		if o.who == b {
			out = append(out, o)
		}
	}
	return out
}

// seat puts a session behind a nickname; the occupant is made where there is none.
func (r *Room) seat(c *client, nick string, role wire.Role) {
	o := r.nicks[nick]
	if o == nil {
		who := c.jid.Bare()
		addr := r.occupantJID(nick).Clone()
		o = &occupant{nick: addr.Resource(), addr: addr, who: who, id: r.occupantID(who), role: role}
		r.nicks[o.nick] = o
	}
	c.in = o
	o.clients = append(slices.Clip(o.clients), c)
}

// unseat takes a session away from its nickname.
func (r *Room) unseat(c *client) {
	o := c.in
	o.clients = without(o.clients, c)
	if len(o.clients) == 0 {
		delete(r.nicks, o.nick)
	}
}

// admit adds a session to the room, behind all others.
func (r *Room) admit(c *client, nick string, role wire.Role) {
	r.seat(c, nick, role)
	r.clients[c.jid] = c
	r.all = append(slices.Clip(r.all), c)
}

// dismiss removes a session from the room.
func (r *Room) dismiss(c *client) {
	r.unseat(c)
	delete(r.clients, c.jid)
	r.all = without(r.all, c)
}

func without(list []*client, c *client) []*client {
	out := make([]*client, 0, len(list))
	for _, x := range list {
		if x != c {
			out = append(out, x)
		}
	}
	return out
}

// face is the session whose presence stands for the occupant: the most available one, of those the latest.
func (o *occupant) face() *client {
	best := o.clients[0]
	for _, c := range o.clients[1:] {
		if c.rank < best.rank || c.rank == best.rank && c.turn > best.turn {
			best = c
		}
	}
	return best
}

// defaultRole is XEP-0045#roles-default.
func (r *Room) defaultRole(a wire.Affiliation) wire.Role {
	return initialRole(a, moderated.of(r))
}

// checkNick refuses nicknames that nobody can see, or that hide what they are (XEP-0045#bizrules-jids, #security-dos).
func checkNick(nick string) error {
	visible := false
	for i, c := range nick {
		switch {
		case unicode.IsSpace(c) && (i == 0 || i+len(string(c)) == len(nick)), unicode.In(c, unicode.Zl, unicode.Zp, unicode.Cc, unicode.Co, unicode.Bidi_Control):
			return stanza.JIDMalformed.With("that is no nickname")
		case c == '\u200d' || c == '\u200c', unicode.IsSpace(c), unicode.In(c, unicode.Mn, unicode.Cf):
		default:
			visible = true
		}
	}
	if !visible {
		return stanza.JIDMalformed.With("a nickname must be something that can be seen")
	}
	return nil
}

// stripped returns the bytes of those children that the room passes on: none of those that only the room may speak
// (XEP-0045#bizrules-presence, XEP-0421#rules).
func (r *Room) stripped(s *stanza.Stanza) []byte {
	return s.Without(r.reserved).Inner()
}

// reserved says whether a child is one that only the room itself may send.
func (r *Room) reserved(e elem.Elem) bool {
	switch e.Space() {
	case wire.NS, wire.NSUser, occupantid.NS, hats.NS:
		return true
	}
	return stanzaid.Forged(e, r.addr.String()) || e.Is(delay.NS, "delay") && e.Attr("from") == r.addr.String()
}

// rank orders presence by how likely its sender is to answer.
func rank(s *stanza.Stanza) int {
	switch s.Root().ChildText(stanza.NSClient, "show") {
	case "", "chat":
		return 0
	case "dnd":
		return 1
	case "away":
		return 2
	}
	return 3
}
