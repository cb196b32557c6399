package muc

// publicRoom puts a room on the list of the service (XEP-0045#disco-rooms).
const publicRoom flag = "muc#roomconfig_publicroom"

func (m *module) addPublic() {
	m.offerFlag(publicRoom, "Everybody sees the room in the list", m.cfg.Public)
	m.either(publicRoom, "muc_public", "muc_hidden")
}
