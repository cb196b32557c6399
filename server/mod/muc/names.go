package muc

import (
	"strconv"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// The settings that say in words what a room is.
const (
	roomName text = "muc#roomconfig_roomname"
	roomDesc text = "muc#roomconfig_roomdesc"
	roomLang text = "muc#roomconfig_lang"
)

// wordsMost bounds the settings that are texts, in bytes.
const wordsMost = 1024

func (m *module) addNames() {
	for _, s := range []struct {
		name  text
		label string
	}{{roomName, "Name"}, {roomDesc, "Description"}, {roomLang, "Language of the discussion"}} {
		m.offer(setting{Field: forms.Field{Var: string(s.name), Type: forms.TextSingle, Label: s.label, Values: []string{""}}, check: shorterThan(wordsMost)})
	}
	m.feature(wire.FormConfig, wire.FormInfo)
	on("names", &m.points.info, hook.Rewrite, func(ev *informing) error {
		ev.tell("muc#roominfo_description", "Description", roomDesc.of(ev.room))
		if lang := roomLang.of(ev.room); lang != "" {
			ev.tell("muc#roominfo_lang", "Language of the discussion", lang)
		}
		ev.tell("muc#roominfo_occupants", "Number of occupants", strconv.Itoa(len(ev.room.nicks)))
		return nil
	})
}

// tell adds a field to the answer to disco#info.
func (ev *informing) tell(name, label string, values ...string) {
	ev.form.Add(forms.Field{Var: name, Type: forms.TextSingle, Label: label, Values: values})
}

// either adds one of two features.
func (m *module) either(f flag, yes, no string) {
	on(string(f), &m.points.info, hook.Rewrite, func(ev *informing) error {
		if f.of(ev.room) {
			ev.features = append(ev.features, yes)
		} else {
			ev.features = append(ev.features, no)
		}
		return nil
	})
}
