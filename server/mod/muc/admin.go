package muc

import (
	"context"
	"slices"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// changesMost is how many changes one request may bring.
const changesMost = 200

// adminGet answers with a list of occupants of a role, or of people of an affiliation (XEP-0045#modifyvoice, #modifyban,
// #modifymember, #modifymod, #modifyowner, #modifyadmin).
func adminGet(_ context.Context, q *request, in *wire.AdminQuery) (stanza.Payload, error) {
	if len(in.Items) != 1 {
		return nil, stanza.BadRequest.With("ask for one role or one affiliation")
	}
	it := in.Items[0]
	switch {
	case (it.Role == 0) == (it.Affiliation == 0), it.Role == wire.NoRole, it.Affiliation == wire.NoAffiliation:
		return nil, stanza.BadRequest.With("ask for one role or one affiliation")
	case it.Role != 0:
		return q.roleList(it.Role)
	case !q.mayList(it.Affiliation):
		return nil, stanza.Forbidden.With("that list is not for you")
	}
	out := new(wire.AdminQuery)
	for _, b := range q.room.listed(it.Affiliation) {
		out.Items = append(out.Items, wire.Item{Affiliation: it.Affiliation, JID: b.String(), Reason: q.room.affiliations[b].Reason})
	}
	return out, nil
}

func (q *request) roleList(role wire.Role) (stanza.Payload, error) {
	if q.affiliation < wire.Admin && q.role() < wire.Moderator {
		return nil, stanza.Forbidden.With("only moderators may see that list")
	}
	out := new(wire.AdminQuery)
	for _, o := range q.room.occupants() {
		if o.role == role {
			out.Items = append(out.Items, wire.Item{Affiliation: q.room.affiliationOf(o.who), Role: role, JID: o.face().jid.String(), Nick: o.nick})
		}
	}
	return out, nil
}

// mayList says who sees which list: the banned are for admins, members for admins and for whom the configuration says so,
// admins and owners for owners. Where addresses are no secret, members and occupants see the latter as well.
func (q *request) mayList(a wire.Affiliation) bool {
	if q.affiliation == wire.Owner || q.affiliation == wire.Admin && a < wire.Admin {
		return true
	}
	if a == wire.Outcast {
		return false
	}
	role := q.role()
	if a == wire.Member && role == wire.Moderator && memberList.has(q.room, role.String()) {
		return true
	}
	return q.room.discloses(wire.NoRole) && (q.affiliation >= wire.Member || memberList.has(q.room, role.String()))
}

// roleSet is a change of an occupant's role.
type roleSet struct {
	who    *occupant
	role   wire.Role
	reason string
}

// affiliationChange is a change of somebody's affiliation.
type affiliationChange struct {
	who    jid.Bare
	to     wire.Affiliation
	reason string
	nick   *string // reserve it; empty: give it back; nil: leave it
}

// adminSet changes roles and affiliations: all that is asked for, or nothing (XEP-0045#modifyban).
func adminSet(ctx context.Context, q *request, in *wire.AdminQuery) (stanza.Payload, error) {
	if len(in.Items) == 0 || len(in.Items) > changesMost {
		return nil, stanza.BadRequest.With("say what to change")
	}
	var roles []roleSet
	var affs []affiliationChange
	for i := range in.Items {
		it := &in.Items[i]
		switch {
		case (it.Role == 0) == (it.Affiliation == 0): // #bizrules-iq
			return nil, stanza.BadRequest.With("change either a role or an affiliation")
		case it.Role != 0:
			c, err := q.roleSet(it)
			if err != nil {
				return nil, err
			}
			roles = append(roles, c)
		default:
			c, err := q.affiliationChange(it)
			if err != nil {
				return nil, err
			}
			affs = append(affs, c)
		}
	}
	if err := q.mayChange(affs); err != nil {
		return nil, err
	}
	for _, c := range roles {
		q.room.setRole(c, q.actor())
	}
	for _, c := range affs {
		if err := q.room.change(ctx, c, q.actor(), &q.wait); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (q *request) roleSet(it *wire.Item) (roleSet, error) {
	o := q.room.nicks[it.Nick]
	if o == nil {
		return roleSet{}, stanza.ItemNotFound.With("nobody has that nickname")
	}
	actor := standing{q.affiliation, q.role()}
	target := standing{q.room.affiliationOf(o.who), o.role}
	return roleSet{o, it.Role, it.Reason}, roleChange(actor, target, it.Role)
}

// affiliationChange reads who is meant: an address, of which the bare one counts, or an occupant's nickname.
func (q *request) affiliationChange(it *wire.Item) (c affiliationChange, err error) {
	c = affiliationChange{to: it.Affiliation, reason: it.Reason}
	if it.JID == "" {
		o := q.room.nicks[it.Nick]
		if o == nil {
			return c, stanza.ItemNotFound.With("nobody has that nickname")
		}
		c.who = o.who
		return c, nil
	}
	j, err := jid.Parse(it.JID)
	if err != nil {
		return c, stanza.JIDMalformed.With(err.Error())
	}
	c.who = j.Bare()
	if it.NickSet {
		if c.nick, err = q.room.reservable(it.Nick, c.who); err != nil {
			return c, err
		}
	}
	return c, nil
}

// mayChange asks whether all changes together are allowed and leave the room with an owner.
func (q *request) mayChange(list []affiliationChange) error {
	if len(list) == 0 {
		return nil
	}
	owners := make(map[jid.Bare]bool)
	for _, b := range q.room.listed(wire.Owner) {
		owners[b] = true
	}
	had := len(owners) > 0
	for _, c := range list {
		if c.who == q.by && c.to == wire.Outcast && q.affiliation >= wire.Admin { // #ban
			return stanza.Conflict.With("you cannot ban yourself")
		}
		from := q.room.affiliationOf(c.who)
		if q.room.m.isOperator(c.who) { // operators are owners of all rooms, but on no list
			from = q.room.affiliations[c.who].Affiliation
		}
		if err := affiliationRule(q.affiliation, from, c.to); err != nil {
			return err
		}
		delete(owners, c.who)
		if c.to == wire.Owner {
			owners[c.who] = true
		}
	}
	if had && len(owners) == 0 { // #revokeowner
		return stanza.Conflict.With("a room needs an owner")
	}
	return nil
}

// setRole changes an occupant's role and tells everybody (XEP-0045#roles-change).
func (r *Room) setRole(c roleSet, by *actor) {
	if len(c.who.clients) == 0 { // kicked by an item before this one
		return
	}
	was := c.who.role
	if c.role == wire.NoRole {
		r.remove(c.who, removal{codes: []wire.Code{wire.CodeKicked}, actor: by, reason: c.reason})
		return
	}
	if c.who.role = c.role; was != c.role {
		r.changed(c.who, was, by, c.reason)
	}
}

// change changes somebody's affiliation, and what follows from it for his role and his presence in the room
// (XEP-0045#affil-change). What must be stored before it can be confirmed is appended to wait.
func (r *Room) change(ctx context.Context, c affiliationChange, by *actor, wait *[]*store.Commit) error {
	was := r.affiliations[c.who]
	if was.Affiliation == 0 {
		was.Affiliation = wire.NoAffiliation
	}
	now := affiliation{Affiliation: c.to, Reason: c.reason, Nick: was.Nick}
	if c.nick != nil {
		now.Nick = *c.nick
	}
	if c.to <= wire.NoAffiliation { // #ban: "MUST remove the outcast's nickname"
		now.Nick = ""
	}
	ev := &affiliated{room: r, who: c.who, was: was, now: &now}
	if err := r.m.points.affiliated.Run(ctx, ev); err != nil {
		return err
	}
	*wait = append(*wait, r.setAffiliation(c.who, now))
	present := false
	for _, o := range r.occupants() {
		if o.who == c.who || c.who.IsDomain() && o.who.Domain() == c.who.Domain() && r.affiliationOf(o.who) == wire.Outcast {
			present = true
			r.followAffiliation(o, was.Affiliation, c, by)
		}
	}
	if !present && was.Affiliation != c.to && r.state == open {
		r.announceChange(c)
	}
	return nil
}

// followAffiliation gives an occupant the role that goes with his new affiliation, or puts him out.
func (r *Room) followAffiliation(o *occupant, was wire.Affiliation, c affiliationChange, by *actor) {
	role := o.role
	to := r.affiliationOf(o.who)
	switch {
	case to == wire.Outcast:
		r.remove(o, removal{codes: []wire.Code{wire.CodeBanned}, actor: by, reason: c.reason})
	case to < wire.Member && membersOnly.of(r): // #revokemember
		r.remove(o, removal{codes: []wire.Code{wire.CodeLostAffiliation}, actor: by, reason: c.reason})
	default:
		o.role = roleAfter(role, was, to, moderated.of(r))
		r.changed(o, role, by, c.reason)
	}
}

// announceChange tells of a change of somebody who is not in the room: the occupants who may know addresses (#grantowner).
func (r *Room) announceChange(c affiliationChange) {
	x := &wire.User{Items: []wire.Item{{Affiliation: c.to, JID: c.who.String(), Reason: c.reason}}}
	if c.to == wire.Outcast {
		x.Codes = []wire.Code{wire.CodeBanned}
	}
	to := slices.DeleteFunc(slices.Clone(r.all), func(x *client) bool { return !r.discloses(x.in.role) })
	r.notice(x, to)
}
