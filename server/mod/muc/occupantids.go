package muc

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/xep/occupantid"
)

// addOccupantIDs marks presence and messages with who somebody is in this room (XEP-0421#rules).
func (m *module) addOccupantIDs() {
	m.points.present = append(m.points.present, func(_ *Room, o *occupant, w *elem.Writer) { o.id.Encode(w) })
	on("occupant ids", &m.points.speak, hook.Rewrite, func(ev *speaking) error {
		ev.st = ev.st.With(ev.by.in.id)
		return nil
	})
	on("occupant ids", &m.points.whisper, hook.Rewrite, func(ev *whispering) error {
		ev.st = ev.st.With(ev.by.in.id)
		return nil
	})
	m.feature(occupantid.NS)
}
