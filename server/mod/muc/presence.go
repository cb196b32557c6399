package muc

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// portrait is one presence of an occupant, for whoever is shown it. Its items have the addresses that not everybody sees.
type portrait struct {
	who   *occupant
	from  jid.JID // the occupant's address, or the one it had
	typ   stanza.Type
	shown []byte // what the occupant sent
	items []wire.Item
	codes []wire.Code
}

// portrait returns an occupant's presence as it is now: one item for each session.
func (r *Room) portrait(o *occupant) *portrait {
	return &portrait{who: o, from: o.addr, shown: o.face().shown, items: r.items(o, o.clients, o.role)}
}

func (r *Room) items(o *occupant, clients []*client, role wire.Role) []wire.Item {
	out := make([]wire.Item, len(clients))
	for i, c := range clients {
		out[i] = wire.Item{Affiliation: r.affiliationOf(o.who), Role: role, JID: c.jid.String()}
	}
	return out
}

// draw writes a portrait, with the addresses or without. extra are codes for the one who is shown it.
func (r *Room) draw(p *portrait, addresses bool, to jid.JID, id string, extra ...wire.Code) *stanza.Stanza {
	x := wire.User{Codes: append(append([]wire.Code(nil), extra...), p.codes...), Items: p.items}
	if !addresses {
		x.Items = make([]wire.Item, len(p.items))
		for i, it := range p.items {
			it.JID, it.ActorJID = "", ""
			x.Items[i] = it
		}
	}
	w := elem.NewWriter(make([]byte, 0, len(p.shown)+400), stanza.NSClient)
	w.Raw(p.shown)
	for _, f := range r.m.points.present {
		f(r, p.who, w)
	}
	x.Encode(w)
	return stanza.Raw(stanza.Presence, p.typ, p.from, to, id, w.Bytes())
}

// show sends a portrait to all that may see it: those of self get it as their own, and are told the addresses. The one
// of them that asked for it gets the id of his request and the codes that are for him.
func (r *Room) show(p *portrait, others bool, self []*client, asked *client, id string, codes ...wire.Code) {
	var plain, disclosed, own []*client
	for _, c := range self {
		if c == asked {
			r.post(r.draw(p, true, c.jid, id, append(codes, wire.CodeSelf)...))
		} else {
			own = append(own, c)
		}
	}
	for _, c := range r.all {
		switch {
		case !others || contains(self, c):
		case r.discloses(c.in.role):
			disclosed = append(disclosed, c)
		default:
			plain = append(plain, c)
		}
	}
	if len(own) > 0 {
		r.send(r.draw(p, true, jid.JID{}, "", wire.CodeSelf), own)
	}
	if len(disclosed) > 0 {
		r.send(r.draw(p, true, jid.JID{}, ""), disclosed)
	}
	if len(plain) > 0 {
		r.send(r.draw(p, false, jid.JID{}, ""), plain)
	}
}

func contains(list []*client, c *client) bool {
	for _, x := range list {
		if x == c {
			return true
		}
	}
	return false
}

// broadcast shows an occupant to everybody as it is now.
func (r *Room) broadcast(o *occupant, asked *client, id string, codes ...wire.Code) {
	r.show(r.portrait(o), r.broadcasts(o.role), o.clients, asked, id, codes...)
}

// roster shows the others to a session that has entered (XEP-0045#enter-pres).
func (r *Room) roster(c *client) {
	disclosed := r.discloses(c.in.role)
	for _, o := range r.occupants() {
		if o != c.in && r.broadcasts(o.role) {
			r.post(r.draw(r.portrait(o), disclosed, c.jid, ""))
		}
	}
}

// leave takes one session out of the room; shown is what it is seen off with. Its user's other sessions stay.
func (r *Room) leave(c *client, shown []byte, id string, codes ...wire.Code) {
	o := c.in
	p := &portrait{who: o, from: o.addr, typ: stanza.Unavailable, shown: shown, items: r.items(o, []*client{c}, wire.NoRole), codes: codes}
	r.dismiss(c)
	if len(o.clients) == 0 {
		r.show(p, r.broadcasts(o.role), []*client{c}, c, id)
	} else {
		r.show(p, false, []*client{c}, c, id)
		r.broadcast(o, nil, "")
	}
	r.emptied()
}

// removal is why somebody is put out.
type removal struct {
	codes  []wire.Code
	actor  *actor
	reason string
	shown  []byte
}

// actor is who has done something, as occupants may be told.
type actor struct {
	nick string  // empty for one who is not in the room
	jid  jid.JID // bare
}

func (a *actor) mark(items []wire.Item, reason string) {
	for i := range items {
		items[i].Reason = reason
		if a != nil {
			items[i].ActorNick, items[i].ActorJID = a.nick, a.jid.String()
		}
	}
}

// remove puts an occupant out with all sessions (XEP-0045#kick, #ban).
func (r *Room) remove(o *occupant, why removal) {
	p := &portrait{who: o, from: o.addr, typ: stanza.Unavailable, shown: why.shown, items: r.items(o, o.clients, wire.NoRole), codes: why.codes}
	why.actor.mark(p.items, why.reason)
	out, visible := o.clients, r.broadcasts(o.role)
	for _, c := range out {
		r.dismiss(c)
	}
	r.show(p, visible, out, nil, "")
	r.emptied()
}

// changed shows an occupant whose role or affiliation is another now. was is the role before.
func (r *Room) changed(o *occupant, was wire.Role, by *actor, reason string) {
	p := r.portrait(o)
	by.mark(p.items, reason)
	r.show(p, r.broadcasts(o.role), o.clients, nil, "")
	if r.broadcasts(was) && !r.broadcasts(o.role) {
		r.hide(o)
	}
}

// hide tells the others that they see an occupant no more, who stays.
func (r *Room) hide(o *occupant) {
	r.toOthers(&portrait{who: o, from: o.addr, typ: stanza.Unavailable, items: r.items(o, o.clients, o.role)})
}

// toOthers shows a portrait to all but the occupant.
func (r *Room) toOthers(p *portrait) {
	for _, c := range r.all {
		if c.in != p.who {
			r.post(r.draw(p, r.discloses(c.in.role), c.jid, ""))
		}
	}
}
