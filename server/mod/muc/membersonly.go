package muc

import (
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// membersOnly lets nobody in but those with an affiliation (XEP-0045#enter-members).
const membersOnly flag = "muc#roomconfig_membersonly"

func (m *module) addMembersOnly() {
	m.offerFlag(membersOnly, "Only members may enter", m.cfg.MembersOnly)
	m.either(membersOnly, "muc_membersonly", "muc_open")
	on("members only", &m.points.enter, hook.Guard, func(ev *entering) error {
		if membersOnly.of(ev.room) && ev.affiliation < wire.Member {
			return stanza.RegistrationRequired.With("only members may enter")
		}
		return nil
	})
	on("members only", &m.points.configured, hook.Deliver, func(ev *configuring) error {
		if !ev.changed[string(membersOnly)] || !membersOnly.of(ev.room) {
			return nil
		}
		for _, o := range ev.room.occupants() { // #roomconfig: "the service MUST remove any non-members"
			if ev.room.affiliationOf(o.who) < wire.Member {
				ev.room.remove(o, removal{codes: []wire.Code{wire.CodeMembersOnly}})
			}
		}
		return nil
	})
}
