package muc

// addFeatures ties in all settings and features. Their order is that of the configuration form, of the checks at the door,
// and of what somebody gets who has entered.
func (m *module) addFeatures() {
	m.addNames()
	m.addLimits()
	m.addPersistent()
	m.addPublic()
	m.addPassword()
	m.addMembersOnly()
	m.addModerated()
	m.addWhois()
	m.addRegistration()
	m.addMaxUsers()
	m.addSlowMode()
	m.addLogging()
	m.addPrivateMessages()
	m.addPresenceBroadcast()
	m.addMemberList()
	m.addOccupantIDs()
	m.addRetraction()
	m.addArchive()
	m.addHistory()
	m.addSubject()
	m.addInvitations()
	m.addVoice()
	m.addLists()
	m.addActivity()
	m.addAvatar()
	m.addSelfPing()
}
