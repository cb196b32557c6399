package muc

import (
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// moderated lets only those speak who have voice; those without affiliation enter without it (XEP-0045#roles-default).
const moderated flag = "muc#roomconfig_moderatedroom"

func (m *module) addModerated() {
	m.offerFlag(moderated, "Who is no member needs leave to speak", m.cfg.Moderated)
	m.either(moderated, "muc_moderated", "muc_unmoderated")
	on("moderated", &m.points.speak, hook.Guard, func(ev *speaking) error { // #message
		if ev.by.in.role < wire.Participant && !ev.subject {
			return stanza.Forbidden.With("you have no voice in this room")
		}
		return nil
	})
}
