package muc

import (
	"cmp"
	"context"
	"crypto/rand"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/conference"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// allowInvites lets members, too, invite people to a members-only room (XEP-0045#invite-mediated).
const allowInvites flag = "muc#roomconfig_allowinvites"

// invitesMost is how many people one message may invite.
const invitesMost = 50

func (m *module) addInvitations() {
	m.offerFlag(allowInvites, "Members may invite others to a members-only room", false)
	m.points.messages.Add("invitations", hook.Deliver, func(ctx context.Context, ev *addressed) error {
		var x wire.User
		e := ev.st.Child(wire.NSUser, "x")
		if !e.Ok() {
			return nil
		}
		if err := x.Decode(e); err != nil {
			return stanza.BadRequest.With(err.Error())
		}
		var err error
		switch {
		case x.Decline != nil:
			err = ev.decline(x.Decline)
		case len(x.Invites) > invitesMost:
			err = stanza.PolicyViolation.With("too many invitations at once")
		case len(x.Invites) > 0:
			err = ev.invite(ctx, x.Invites)
		default:
			return nil
		}
		if err != nil {
			return err
		}
		return hook.Stop
	})
	on("invitations", &m.points.affiliated, hook.Deliver, func(ev *affiliated) error { // #modifymember
		if r := ev.room; ev.invited() {
			r.post(r.invitation(wire.Invite{From: r.addr.String(), Reason: ev.now.Reason}, ev.who.JID(), ""))
		}
		return nil
	})
}

// invited says whether somebody is to be invited because he is a new member of a members-only room.
func (ev *affiliated) invited() bool {
	return ev.was.Affiliation == wire.NoAffiliation && ev.now.Affiliation == wire.Member && membersOnly.of(ev.room) && len(ev.room.find(ev.who)) == 0
}

// invite passes invitations on. All are looked at before the first is sent.
func (ev *addressed) invite(ctx context.Context, list []wire.Invite) error {
	r := ev.room
	by := ev.st.From.Bare()
	has := r.affiliationOf(by)
	switch {
	case ev.by == nil && has < wire.Admin:
		return notOccupant()
	case membersOnly.of(r) && has < wire.Admin && !(allowInvites.of(r) && has == wire.Member):
		return stanza.Forbidden.With("only admins may invite to this room")
	}
	to := make([]jid.JID, len(list))
	for i := range list {
		j, err := jid.Parse(list[i].To)
		if err != nil {
			return stanza.JIDMalformed.With(err.Error())
		}
		if err := r.invitable(ctx, j.Bare()); err != nil {
			return err
		}
		to[i] = j
	}
	for i, inv := range list {
		inv.From = by.String()
		if ev.by != nil {
			inv.From = ev.by.in.addr.String()
		}
		if b := to[i].Bare(); membersOnly.of(r) && r.affiliationOf(b) == wire.NoAffiliation { // "the service MAY also add the invitee"
			commit := r.setAffiliation(b, affiliation{Affiliation: wire.Member})
			r.announceChange(affiliationChange{who: b, to: wire.Member})
			ev.st.Custody.Take()
			commit.OnDone(ev.st.Custody.Release)
		}
		r.post(r.invitation(inv, to[i], ev.st.ID))
	}
	return nil
}

// invitable says why somebody cannot be invited.
func (r *Room) invitable(ctx context.Context, b jid.Bare) error {
	if r.affiliationOf(b) == wire.Outcast {
		return stanza.NotAllowed.With("that user is banned from the room")
	}
	if b.Local() == "" || !r.m.env.Serves(b.Domain()) {
		return nil
	}
	ok, err := r.m.env.Accounts.Exists(ctx, b)
	if err == nil && !ok {
		err = stanza.ItemNotFound.With("there is no such user")
	}
	return err
}

// invitation is what the invited get: mediated, and for those who know it better, direct (XEP-0249), and in words.
func (r *Room) invitation(inv wire.Invite, to jid.JID, id string) *stanza.Stanza {
	secret := roomSecret.of(r)
	inv.To = ""
	words := inv.From + " invites you to the room " + r.addr.String()
	if inv.From == r.addr.String() {
		words = "You are a member of the room " + inv.From + " now"
	}
	if inv.Reason != "" {
		words += " (" + inv.Reason + ")"
	}
	return stanza.New(stanza.Message, stanza.Normal, r.addr.JID(), to, cmp.Or(id, rand.Text()),
		&wire.User{Invites: []wire.Invite{inv}, Password: secret},
		&conference.Invitation{JID: r.addr.String(), Password: secret, Reason: inv.Reason, Continue: inv.Continue, Thread: inv.Thread},
		plain{"body", words})
}

// decline tells an occupant that somebody does not come (XEP-0045#invite-mediated).
func (ev *addressed) decline(d *wire.Decline) error {
	r := ev.room
	to, err := jid.Parse(d.To)
	if err != nil {
		return stanza.JIDMalformed.With(err.Error())
	}
	if r.affiliationOf(ev.st.From.Bare()) == wire.Outcast {
		return stanza.Forbidden.With("you are banned from the room")
	}
	var clients []*client
	for _, o := range r.occupants() {
		if o.addr == to || o.who == to.Bare() {
			clients = append(clients, o.clients...)
		}
	}
	if len(clients) == 0 {
		return stanza.ItemNotFound.With("who has invited you is not in the room any more")
	}
	from := ev.st.From.Bare().String()
	r.send(stanza.New(stanza.Message, stanza.Normal, r.addr.JID(), r.addr.JID(), ev.st.ID,
		&wire.User{Decline: &wire.Decline{From: from, Reason: d.Reason}}), clients)
	return nil
}
