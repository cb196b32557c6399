package muc

import (
	"slices"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// presenceBroadcast are the roles whose presence everybody sees (XEP-0045#enter-pres); memberList are those that may see
// the list of members where they may know addresses (#modifymember).
const (
	presenceBroadcast list = "muc#roomconfig_presencebroadcast"
	memberList        list = "muc#roomconfig_getmemberlist"
)

var roleOptions = []forms.Option{{Label: "Moderators", Value: "moderator"}, {Label: "Participants", Value: "participant"}, {Label: "Visitors", Value: "visitor"}}

var roleValues = []string{"moderator", "participant", "visitor"}

// broadcasts says whether the presence of occupants of a role is for everybody.
func (r *Room) broadcasts(role wire.Role) bool { return presenceBroadcast.has(r, role.String()) }

func (m *module) addPresenceBroadcast() {
	m.offer(setting{Field: forms.Field{Var: string(presenceBroadcast), Type: forms.ListMulti, Label: "Whose presence is shown to everybody",
		Options: roleOptions, Values: roleValues}})
	on("presence broadcast", &m.points.configured, hook.Deliver, func(ev *configuring) error {
		before := ev.was[string(presenceBroadcast)]
		for _, o := range ev.room.occupants() {
			switch seen, was := ev.room.broadcasts(o.role), slices.Contains(before, o.role.String()); {
			case seen && !was:
				ev.room.toOthers(ev.room.portrait(o))
			case was && !seen:
				ev.room.hide(o)
			}
		}
		return nil
	})
}

func (m *module) addMemberList() {
	m.offer(setting{Field: forms.Field{Var: string(memberList), Type: forms.ListMulti, Label: "Who may see the list of members",
		Options: roleOptions, Values: roleValues}})
}

// addLists offers the lists of admins and owners as fields of the form, where they stand whole (XEP-0045#modifyowner).
func (m *module) addLists() {
	for _, l := range []struct {
		name, label string
		a           wire.Affiliation
	}{{"muc#roomconfig_roomadmins", "Admins", wire.Admin}, {"muc#roomconfig_roomowners", "Owners", wire.Owner}} {
		m.offer(setting{Field: forms.Field{Var: l.name, Type: forms.JIDMulti, Label: l.label}, show: func(r *Room) []string {
			var out []string
			for _, b := range r.listed(l.a) {
				out = append(out, b.String())
			}
			return out
		}})
		on("lists", &m.points.configure, hook.Rewrite, func(ev *configuring) error {
			values, ok := ev.set[l.name]
			delete(ev.set, l.name)
			if ok {
				ev.relist(l.a, values)
			}
			return nil
		})
	}
}

// relist notes the changes that make a list what it shall be. Who falls off it becomes a member.
func (ev *configuring) relist(a wire.Affiliation, values []string) {
	var wanted []jid.Bare
	for _, v := range values {
		if j, err := jid.Parse(v); err == nil { // it has been validated
			wanted = append(wanted, j.Bare())
		}
	}
	have := ev.room.listed(a)
	for _, b := range have {
		moved := slices.ContainsFunc(ev.sets, func(c affiliationChange) bool { return c.who == b })
		if !slices.Contains(wanted, b) && !moved {
			ev.sets = append(ev.sets, affiliationChange{who: b, to: wire.Member})
		}
	}
	for _, b := range wanted {
		if !slices.Contains(have, b) {
			ev.sets = slices.DeleteFunc(ev.sets, func(c affiliationChange) bool { return c.who == b })
			ev.sets = append(ev.sets, affiliationChange{who: b, to: a})
		}
	}
}
