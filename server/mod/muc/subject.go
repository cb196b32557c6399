package muc

import (
	"crypto/rand"
	"time"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/delay"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// changeSubject lets those set the subject who may speak; otherwise moderators do (XEP-0045#subject-mod).
const changeSubject flag = "muc#roomconfig_changesubject"

// subject is what the room talks about.
type subject struct {
	Message []byte    `json:"message"` // the children of the message that set it
	Text    string    `json:"text"`
	From    string    `json:"from"` // occupant address
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
}

func (m *module) addSubject() {
	m.offerFlag(changeSubject, "Participants may change the subject", false)
	on("subject", &m.points.speak, hook.Guard, m.checkSubject)
	on("subject", &m.points.speak, hook.Copy, func(ev *speaking) error {
		if ev.subject {
			ev.room.record.Subject = &subject{Message: ev.st.Inner(), Text: ev.st.Root().ChildText(stanza.NSClient, "subject"),
				From: ev.by.in.addr.String(), ID: ev.st.ID, At: ev.now.UTC()}
			ev.hold(ev.room.save())
		}
		return nil
	})
	on("subject", &m.points.entered, hook.Fallback, func(ev *entering) error { // behind the history (#enter-subject)
		ev.room.post(ev.room.subjectFor(ev.from))
		return nil
	})
	on("subject", &m.points.info, hook.Rewrite, func(ev *informing) error {
		text := ""
		if s := ev.room.record.Subject; s != nil {
			text = s.Text
		}
		ev.tell("muc#roominfo_subject", "Subject", text)
		mod := "0"
		if changeSubject.of(ev.room) {
			mod = "1"
		}
		ev.tell("muc#roominfo_subjectmod", "Participants may change the subject", mod)
		return nil
	})
}

func (m *module) checkSubject(ev *speaking) error {
	if !ev.subject {
		return nil
	}
	if role := ev.by.in.role; role < wire.Moderator && (role < wire.Participant || !changeSubject.of(ev.room)) {
		return stanza.Forbidden.With("you may not change the subject")
	}
	if len(ev.st.Root().ChildText(stanza.NSClient, "subject")) > int(m.cfg.SubjectSize) {
		return stanza.PolicyViolation.With("the subject is too long")
	}
	return nil
}

// subjectFor is the subject as somebody gets it who enters.
func (r *Room) subjectFor(to jid.JID) *stanza.Stanza {
	s := r.record.Subject
	if s == nil {
		return stanza.New(stanza.Message, stanza.Groupchat, r.addr.JID(), to, rand.Text(), plain{"subject", ""})
	}
	from, err := jid.Parse(s.From)
	if err != nil {
		from = r.addr.JID()
	}
	return stanza.Raw(stanza.Message, stanza.Groupchat, from, to, s.ID, s.Message).
		With(&delay.Delay{From: r.addr.JID(), Stamp: s.At})
}
