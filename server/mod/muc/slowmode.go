package muc

import (
	"fmt"
	"strconv"
	"time"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// slowMode is how many seconds there must be between two messages of a user (XEP-0500).
const slowMode number = "muc#roomconfig_slow_mode_duration"

// slowest is the most that can be asked for: a day.
const slowest = 24 * 60 * 60

func (m *module) addSlowMode() {
	m.offer(setting{Field: forms.Field{Var: string(slowMode), Type: forms.TextSingle, Label: "Slow mode",
		Desc: "Seconds that somebody must wait between two messages; 0 for none", Values: []string{"0"}}, check: wholeNumber(0, slowest)})
	on("slow mode", &m.points.info, hook.Rewrite, func(ev *informing) error {
		ev.tell("muc#roominfo_slow_mode_duration", "Slow mode", strconv.Itoa(slowMode.of(ev.room)))
		return nil
	})
	on("slow mode", &m.points.speak, hook.Guard, func(ev *speaking) error {
		wait := time.Duration(slowMode.of(ev.room)) * time.Second
		if wait == 0 || !ev.st.Has(stanza.NSClient, "body") || ev.room.affiliationOf(ev.by.in.who) >= wire.Admin {
			return nil
		}
		u := m.paces.of(ev.room).of(ev.by.in.who, ev.now, wait)
		if ev.now.Sub(u.spoke) < wait {
			return stanza.PolicyViolation.With(fmt.Sprintf("slow mode: there must be %d seconds between two messages of yours",
				slowMode.of(ev.room))).WithType(stanza.Wait)
		}
		u.spoke = ev.now
		return nil
	})
}
