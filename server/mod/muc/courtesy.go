package muc

import (
	"crypto/rand"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/hints"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// addCourtesy tells people who are not in the room that their affiliation is another (XEP-0045#impl-service). Nobody keeps
// the message: it is for clients that have the room on a list.
func (m *module) addCourtesy() {
	on("courtesy", &m.points.affiliated, hook.Copy, func(ev *affiliated) error {
		r := ev.room
		if ev.was.Affiliation == ev.now.Affiliation || ev.who.IsDomain() || len(r.find(ev.who)) > 0 || r.state != open || ev.invited() {
			return nil
		}
		r.post(stanza.New(stanza.Message, stanza.Normal, r.addr.JID(), ev.who.JID(), rand.Text(),
			&wire.User{Codes: []wire.Code{wire.CodeAffiliationChanged}, Items: []wire.Item{{Affiliation: ev.now.Affiliation, JID: ev.who.String(), Reason: ev.now.Reason}}},
			hints.NoStore))
		return nil
	})
}
