package muc

import wire "github.com/stonechat-im/stonechat/xep/muc"

// addSelfPing says that pings to oneself are answered by the room (XEP-0410#serveroptimization): see occupantFor.
func (m *module) addSelfPing() { m.feature(wire.FeatureSelfPing) }
