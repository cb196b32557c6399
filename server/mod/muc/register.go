package muc

import (
	"context"
	"crypto/rand"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
	"github.com/stonechat-im/stonechat/xep/register"
)

const fieldNick = "muc#register_roomnick"

// reservedBy says whose a nickname is, whether he is in the room or not.
func (r *Room) reservedBy(nick string) (jid.Bare, bool) {
	for b, a := range r.affiliations {
		if a.Nick == nick {
			return b, true
		}
	}
	return jid.Bare{}, false
}

// reservable brings a nickname to normal form and says why it cannot be kept for somebody. The empty one gives back what
// was reserved.
func (r *Room) reservable(nick string, who jid.Bare) (*string, error) {
	if nick == "" {
		return &nick, nil
	}
	full, err := r.addr.WithResource(nick)
	if err != nil {
		return nil, stanza.JIDMalformed.With(err.Error())
	}
	nick = full.Clone().Resource()
	if err := checkNick(nick); err != nil {
		return nil, err
	}
	if b, ok := r.reservedBy(nick); ok && b != who {
		return nil, stanza.Conflict.With("the nickname is another's")
	}
	return &nick, nil
}

// addRegistration lets people become members and keeps their nicknames for them (XEP-0045#register).
func (m *module) addRegistration() {
	m.feature(register.NS, wire.FormRegister)
	on("registration", &m.points.enter, hook.Guard, func(ev *entering) error { // #enter-conflict
		if b, ok := ev.room.reservedBy(ev.nick); ok && b != ev.who {
			return stanza.Conflict.With("the nickname is reserved")
		}
		return nil
	})
	on("registration", &m.points.affiliated, hook.Copy, func(ev *affiliated) error {
		if o := ev.room.nicks[ev.now.Nick]; o != nil && o.who != ev.who { // who sits on somebody else's nickname goes
			ev.room.remove(o, removal{codes: []wire.Code{wire.CodeKicked}, reason: "the nickname is reserved for somebody else"})
		}
		return nil
	})
	onRoom(m, stanza.Get, registrationForm)
	onRoom(m, stanza.Set, registration)
	m.points.messages.Add("registration", hook.Deliver, approve)
}

func registrationForm(_ context.Context, q *request, _ *register.Query) (stanza.Payload, error) {
	switch nick := q.room.affiliations[q.by].Nick; {
	case q.affiliation == wire.Outcast:
		return nil, stanza.NotAllowed.With("you may not register with this room")
	case nick != "":
		return &register.Query{Registered: true, Username: &nick}, nil
	}
	f := forms.New(forms.Ask, wire.FormRegister).Add(
		forms.Field{Var: fieldNick, Type: forms.TextSingle, Label: "Desired nickname", Required: true})
	f.Title = "Registration with " + q.room.addr.String()
	return &register.Query{Instructions: "Say which nickname shall be yours in this room.", Form: f}, nil
}

// registration takes the form, or the wish to be registered no more.
func registration(ctx context.Context, q *request, in *register.Query) (stanza.Payload, error) {
	r := q.room
	has := r.affiliations[q.by]
	switch {
	case q.affiliation == wire.Outcast:
		return nil, stanza.NotAllowed.With("you may not register with this room")
	case in.Remove:
		return nil, q.unregister(ctx, has)
	case in.Form == nil || in.Form.Type != forms.Submit || in.Form.FormType() != wire.FormRegister || in.Form.Value(fieldNick) == "":
		return nil, stanza.BadRequest.With("fill in the form")
	}
	nick, err := r.reservable(in.Form.Value(fieldNick), q.by)
	if err != nil {
		return nil, err
	}
	if o := r.nicks[*nick]; o != nil && o.who != q.by {
		return nil, stanza.Conflict.With("the nickname is in use")
	}
	if q.affiliation < wire.Member && membersOnly.of(r) { // #regapprove: who may come in is not for himself to say
		r.askApproval(q.iq.From, *nick)
		return nil, nil
	}
	to := q.affiliation
	if has.Affiliation == 0 {
		to = max(to, wire.Member)
	}
	return nil, r.change(ctx, affiliationChange{who: q.by, to: to, nick: nick}, nil, &q.wait)
}

// unregister gives a nickname back; a mere member is one no more (XEP-0077#usecases-cancel).
func (q *request) unregister(ctx context.Context, has affiliation) error {
	if has.Affiliation < wire.Member {
		return stanza.RegistrationRequired.With("you are not registered")
	}
	to, none := has.Affiliation, ""
	if to == wire.Member {
		to = wire.NoAffiliation
	}
	return q.room.change(ctx, affiliationChange{who: q.by, to: to, nick: &none}, nil, &q.wait)
}

// askApproval asks the admins whether somebody may be a member (XEP-0045#regapprove).
func (r *Room) askApproval(who jid.JID, nick string) {
	f := forms.New(forms.Ask, wire.FormRegister).Add(
		forms.Field{Var: "muc#register_jid", Type: forms.JIDSingle, Label: "User ID", Values: []string{who.Bare().String()}},
		forms.Field{Var: fieldNick, Type: forms.TextSingle, Label: "Desired nickname", Values: []string{nick}},
		forms.Field{Var: "muc#register_allow", Type: forms.Boolean, Label: "Allow this person to register with the room?", Values: []string{"0"}})
	f.Title = "Registration request"
	f.Instructions = "To make " + who.Bare().String() + " a member, say yes below."
	for _, a := range []wire.Affiliation{wire.Owner, wire.Admin} {
		for _, b := range r.listed(a) {
			r.post(stanza.New(stanza.Message, stanza.Normal, r.addr.JID(), b.JID(), rand.Text(), f))
		}
	}
}

// approve takes an admin's answer to askApproval.
func approve(ctx context.Context, ev *addressed) error {
	var f forms.Form
	e := ev.st.Child(forms.NS, "x")
	if !e.Ok() || f.Decode(e) != nil || f.Type != forms.Submit || f.FormType() != wire.FormRegister {
		return nil
	}
	r := ev.room
	by := ev.st.From.Bare()
	if r.affiliationOf(by) < wire.Admin {
		return stanza.Forbidden.With("only admins may approve of members")
	}
	yes, err := f.Bool("muc#register_allow", false)
	if err != nil {
		return stanza.BadRequest.With(err.Error())
	}
	who, err := jid.Parse(f.Value("muc#register_jid"))
	if err != nil {
		return stanza.JIDMalformed.With(err.Error())
	}
	nick, err := r.reservable(f.Value(fieldNick), who.Bare())
	if err != nil {
		return err
	}
	if yes && r.affiliationOf(who.Bare()) == wire.NoAffiliation {
		var wait []*store.Commit
		if err := r.change(ctx, affiliationChange{who: who.Bare(), to: wire.Member, nick: nick}, &actor{jid: by.JID()}, &wait); err != nil {
			return err
		}
		for _, c := range wait {
			ev.st.Custody.Take()
			c.OnDone(ev.st.Custody.Release)
		}
	}
	return hook.Stop
}
