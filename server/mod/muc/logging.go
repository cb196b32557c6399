package muc

import (
	"github.com/stonechat-im/stonechat/hook"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// logging makes the archive public: whoever may enter the room may read it. Otherwise it is for occupants and those with an
// affiliation. People are warned (XEP-0045#enter-logging, #security-privacy).
const logging flag = "muc#roomconfig_enablelogging"

func (m *module) addLogging() {
	m.offerFlag(logging, "Everybody who may enter may read what was said", false)
	on("logging", &m.points.enter, hook.Rewrite, func(ev *entering) error {
		if ev.join != nil && logging.of(ev.room) {
			ev.codes = append(ev.codes, wire.CodeLogging)
		}
		return nil
	})
	on("logging", &m.points.configured, hook.Deliver, func(ev *configuring) error {
		switch {
		case !ev.changed[string(logging)]:
		case logging.of(ev.room):
			ev.codes[wire.CodeLogging] = true
		default:
			ev.codes[wire.CodeNoLogging] = true
		}
		return nil
	})
}
