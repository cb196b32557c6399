package muc

import (
	"strconv"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// maxUsers is how many occupants a room takes (XEP-0045#enter-maxusers).
const maxUsers number = "muc#roomconfig_maxusers"

// adminsMore is how many admins and owners may enter a full room, and sessionsMost how many sessions one occupant may have.
const (
	adminsMore   = 20
	sessionsMost = 20
)

func (m *module) addMaxUsers() {
	f := forms.Field{Var: string(maxUsers), Type: forms.ListSingle, Label: "Most occupants", Values: []string{strconv.Itoa(m.cfg.DefaultUsers)}}
	seen := map[int]bool{}
	for _, n := range []int{10, 20, 30, 50, 100, 200, 500, 1000, m.cfg.DefaultUsers, m.cfg.MaxUsers} {
		if n <= m.cfg.MaxUsers && !seen[n] {
			seen[n] = true
			f.Options = append(f.Options, forms.Option{Label: strconv.Itoa(n), Value: strconv.Itoa(n)})
		}
	}
	m.offer(setting{Field: f})
	on("max users", &m.points.info, hook.Rewrite, func(ev *informing) error {
		ev.tell("muc#roominfo_maxusers", "Most occupants", text(maxUsers).of(ev.room))
		return nil
	})
	on("max users", &m.points.enter, hook.Guard, func(ev *entering) error {
		if ev.again {
			return nil
		}
		if o := ev.room.nicks[ev.nick]; o != nil && o.who == ev.who {
			if len(o.clients) >= sessionsMost {
				return stanza.ServiceUnavailable.With("you are in the room with too many clients").WithType(stanza.Wait)
			}
			return nil
		}
		most := maxUsers.of(ev.room)
		if ev.affiliation >= wire.Admin {
			most += adminsMore
		}
		if len(ev.room.nicks) >= most {
			return stanza.ServiceUnavailable.With("the room is full").WithType(stanza.Wait)
		}
		return nil
	})
}
