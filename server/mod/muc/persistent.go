package muc

import "github.com/stonechat-im/stonechat/hook"

// persistentRoom makes a room outlive its last occupant's visit, and the server (XEP-0045#terms-rooms).
const persistentRoom flag = "muc#roomconfig_persistentroom"

func (m *module) addPersistent() {
	m.offerFlag(persistentRoom, "The room stays when nobody is in it", m.cfg.Persistent)
	m.either(persistentRoom, "muc_persistent", "muc_temporary")
	on("persistent", &m.points.configured, hook.Archive, func(ev *configuring) error {
		r := ev.room
		switch keep := persistentRoom.of(r); {
		case keep && !r.stored:
			r.saveAll()
		case !keep && r.stored:
			ev.room.unstore()
			r.emptied()
		}
		return nil
	})
}
