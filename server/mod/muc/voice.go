package muc

import (
	"context"
	"crypto/rand"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// addVoice takes requests for voice to the moderators, and their answers (XEP-0045#requestvoice, #voiceapprove).
func (m *module) addVoice() {
	m.feature(wire.FormRequest)
	m.points.messages.Add("voice", hook.Deliver, func(ctx context.Context, ev *addressed) error {
		var f forms.Form
		if e := ev.st.Child(forms.NS, "x"); !e.Ok() || f.Decode(e) != nil || f.Type != forms.Submit || f.FormType() != wire.FormRequest {
			return nil
		}
		if ev.by == nil {
			return notOccupant()
		}
		var err error
		if f.Field("muc#request_allow") == nil {
			err = ev.askVoice(&f)
		} else {
			err = ev.answerVoice(&f)
		}
		if err != nil {
			return err
		}
		return hook.Stop
	})
}

func (ev *addressed) askVoice(f *forms.Form) error {
	o, r := ev.by.in, ev.room
	switch {
	case f.Value("muc#role") != wire.Participant.String():
		return stanza.BadRequest.With("ask for the role of a participant")
	case o.role != wire.Visitor:
		return stanza.BadRequest.With("you have voice")
	}
	var moderators []*client
	for _, c := range r.all {
		if c.in.role == wire.Moderator {
			moderators = append(moderators, c)
		}
	}
	form := forms.New(forms.Ask, wire.FormRequest).Add(
		forms.Field{Var: "muc#role", Type: forms.ListSingle, Label: "Requested role", Values: []string{"participant"},
			Options: []forms.Option{{Label: "Participant", Value: "participant"}}},
		forms.Field{Var: "muc#jid", Type: forms.JIDSingle, Label: "User ID", Values: []string{ev.by.jid.String()}},
		forms.Field{Var: "muc#roomnick", Type: forms.TextSingle, Label: "Room nickname", Values: []string{o.nick}},
		forms.Field{Var: "muc#request_allow", Type: forms.Boolean, Label: "Grant voice to this person?", Values: []string{"0"}})
	form.Title = "Voice request"
	form.Instructions = "To let " + o.nick + " speak, say yes below."
	r.send(stanza.New(stanza.Message, stanza.Normal, r.addr.JID(), r.addr.JID(), rand.Text(), form), moderators)
	return nil
}

func (ev *addressed) answerVoice(f *forms.Form) error {
	r := ev.room
	yes, err := f.Bool("muc#request_allow", false)
	if err != nil {
		return stanza.BadRequest.With(err.Error())
	}
	mod := ev.by.in
	actorStanding := standing{r.affiliationOf(mod.who), mod.role}
	if mod.role < wire.Moderator {
		return stanza.Forbidden.With("only moderators may grant voice")
	}
	o := r.nicks[f.Value("muc#roomnick")]
	switch {
	case !yes:
		return nil
	case o == nil:
		return stanza.ItemNotFound.With("nobody has that nickname any more")
	case o.role != wire.Visitor:
		return nil
	}
	if err := roleChange(actorStanding, standing{r.affiliationOf(o.who), o.role}, wire.Participant); err != nil {
		return err
	}
	r.setRole(roleSet{who: o, role: wire.Participant}, &actor{nick: mod.nick, jid: mod.who.JID()})
	return nil
}
