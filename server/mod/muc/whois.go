package muc

import (
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// whois says who sees the addresses of occupants: anyone, or moderators (XEP-0045#enter-nonanon, #enter-semianon).
const whois text = "muc#roomconfig_whois"

// The values of whois.
const (
	whoisAnyone     = "anyone"
	whoisModerators = "moderators"
)

// discloses says whether an occupant of a role sees the others' addresses.
func (r *Room) discloses(role wire.Role) bool {
	return role == wire.Moderator || whois.of(r) == whoisAnyone
}

func (m *module) addWhois() {
	def := whoisModerators
	if m.cfg.NonAnonymous {
		def = whoisAnyone
	}
	m.offer(setting{Field: forms.Field{Var: string(whois), Type: forms.ListSingle, Label: "Who sees the addresses of occupants", Values: []string{def},
		Options: []forms.Option{{Label: "Moderators", Value: whoisModerators}, {Label: "Everybody in the room", Value: whoisAnyone}}}})
	on("whois", &m.points.info, hook.Rewrite, func(ev *informing) error {
		if whois.of(ev.room) == whoisAnyone {
			ev.features = append(ev.features, "muc_nonanonymous")
		} else {
			ev.features = append(ev.features, "muc_semianonymous")
		}
		return nil
	})
	on("whois", &m.points.enter, hook.Rewrite, func(ev *entering) error {
		if ev.join != nil && whois.of(ev.room) == whoisAnyone { // #security-anon: "the service MUST warn the user"
			ev.codes = append(ev.codes, wire.CodeNonAnonymous)
		}
		return nil
	})
	on("whois", &m.points.configured, hook.Deliver, func(ev *configuring) error {
		switch {
		case !ev.changed[string(whois)]:
		case whois.of(ev.room) == whoisAnyone:
			ev.codes[wire.CodeNowNonAnonymous] = true
		default:
			ev.codes[wire.CodeNowSemiAnonymous] = true
		}
		return nil
	})
}
