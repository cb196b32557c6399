package muc

import (
	"crypto/subtle"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// A room is protected when it has a secret; the flag of the form only says so (XEP-0045#enter-pw).
const (
	passwordProtected      = "muc#roomconfig_passwordprotectedroom"
	roomSecret        text = "muc#roomconfig_roomsecret"
)

func (m *module) addPassword() {
	m.offer(setting{Field: forms.Field{Var: passwordProtected, Type: forms.Boolean, Label: "A password is needed to enter"},
		show: func(r *Room) []string { return forms.BoolValue(roomSecret.of(r) != "") }})
	m.offer(setting{Field: forms.Field{Var: string(roomSecret), Type: forms.TextPrivate, Label: "The password", Values: []string{""}},
		check: shorterThan(wordsMost)})
	on("password", &m.points.info, hook.Rewrite, func(ev *informing) error {
		if roomSecret.of(ev.room) != "" {
			ev.features = append(ev.features, "muc_passwordprotected")
		} else {
			ev.features = append(ev.features, "muc_unsecured")
		}
		return nil
	})
	on("password", &m.points.configure, hook.Rewrite, configurePassword)
	on("password", &m.points.enter, hook.Guard, func(ev *entering) error {
		secret := roomSecret.of(ev.room)
		if secret == "" || ev.inside || ev.join != nil && subtle.ConstantTimeCompare([]byte(ev.join.Password), []byte(secret)) == 1 {
			return nil
		}
		return stanza.NotAuthorized.With("the room has a password")
	})
}

// configurePassword: a secret protects the room, the flag switched off takes it away, and the flag switched on needs one
// (XEP-0045#createroom-reserved).
func configurePassword(ev *configuring) error {
	flags, flagged := ev.set[passwordProtected]
	delete(ev.set, passwordProtected)
	secret, given := ev.set[string(roomSecret)]
	if !given {
		secret = ev.room.record.Settings[string(roomSecret)]
	}
	was := roomSecret.of(ev.room)
	switch {
	case !flagged:
	case first(flags) == "1" && first(secret) == "":
		return stanza.NotAcceptable.With("a room that is protected by a password needs one")
	case first(flags) == "0" && (!given || first(secret) == was):
		ev.set[string(roomSecret)] = []string{""}
	}
	return nil
}
