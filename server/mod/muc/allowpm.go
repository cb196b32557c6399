package muc

import (
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// allowPM says who may send private messages (XEP-0045#privatemessage).
const allowPM text = "muc#roomconfig_allowpm"

// leastPM is the least role that may, by the values of allowPM; none lets nobody.
func leastPM(value string) (least wire.Role, ok bool) {
	switch value {
	case "participants":
		return wire.Participant, true
	case "moderators":
		return wire.Moderator, true
	case "none":
		return 0, false
	}
	return wire.Visitor, true
}

func (m *module) addPrivateMessages() {
	m.offer(setting{Field: forms.Field{Var: string(allowPM), Type: forms.ListSingle, Label: "Who may send private messages", Values: []string{"anyone"},
		Options: []forms.Option{{Label: "Everybody in the room", Value: "anyone"}, {Label: "Those who may speak", Value: "participants"},
			{Label: "Moderators", Value: "moderators"}, {Label: "Nobody", Value: "none"}}}})
	on("private messages", &m.points.info, hook.Rewrite, func(ev *informing) error {
		ev.tell(string(allowPM), "Who may send private messages", allowPM.of(ev.room))
		return nil
	})
	on("private messages", &m.points.whisper, hook.Guard, func(ev *whispering) error {
		if least, ok := leastPM(allowPM.of(ev.room)); !ok || ev.by.in.role < least {
			return stanza.Forbidden.With("private messages are not open to you in this room")
		}
		return nil
	})
}
