package muc

import (
	"time"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
)

// burst is over how many seconds a rate is meant: so many seconds' worth may come at once.
const burst = 10

// bucket is a token bucket. The zero bucket is full.
type bucket struct {
	spent float64 // of rate*burst tokens
	at    time.Time
}

// take takes one token; false when there is none.
func (b *bucket) take(now time.Time, rate int) bool {
	if !b.at.IsZero() {
		b.spent = max(0, b.spent-now.Sub(b.at).Seconds()*float64(rate))
	}
	b.at = now
	if b.spent+1 > float64(rate*burst) {
		return false
	}
	b.spent++
	return true
}

// pace is how fast a room has been used. A user is one by his bare address, whatever his sessions and nicknames.
type pace struct {
	room  bucket
	users map[jid.Bare]*userPace
}

type userPace struct {
	bucket
	spoke time.Time // when the user last said something (XEP-0500)
}

// pacesMost is how many users' paces a room remembers before it forgets those that are idle.
const pacesMost = 256

func (p *pace) of(b jid.Bare, now time.Time, idle time.Duration) *userPace {
	u := p.users[b]
	if u != nil {
		return u
	}
	if p.users == nil {
		p.users = make(map[jid.Bare]*userPace)
	}
	if len(p.users) >= pacesMost {
		for k, x := range p.users {
			if now.Sub(x.at) > idle && now.Sub(x.spoke) > idle {
				delete(p.users, k)
			}
		}
	}
	u = new(userPace)
	p.users[b.Clone()] = u
	return u
}

// addLimits bounds what a room takes, in size and in number (XEP-0045#security-dos).
func (m *module) addLimits() {
	on("limits", &m.points.act, hook.Guard, func(ev *acting) error {
		size, most := len(ev.st.Inner()), int(m.cfg.MessageSize)
		if ev.st.Kind == stanza.Presence {
			most = int(m.cfg.PresenceSize)
		}
		if size > most {
			return stanza.PolicyViolation.With("that is too large for this room")
		}
		p := m.paces.of(ev.room)
		switch user := p.of(ev.st.From.Bare(), ev.now, burst*time.Second); {
		case !user.take(ev.now, m.cfg.UserRate),
			ev.by != nil && !p.room.take(ev.now, m.cfg.RoomRate): // strangers cannot use up what is the occupants'
			return tooFast()
		}
		return nil
	})
	on("limits", &m.points.enter, hook.Deliver, func(ev *entering) error { // a flood of people who may enter
		if !ev.inside && !m.paces.of(ev.room).room.take(time.Now(), m.cfg.RoomRate) {
			return tooFast()
		}
		return nil
	})
}

func tooFast() error {
	return stanza.PolicyViolation.With("that is too fast for this room").WithType(stanza.Wait)
}
