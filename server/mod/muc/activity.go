package muc

import (
	"context"
	"strconv"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
)

// activity counts messages by the hour: the current one and the day before (XEP-0502#impl).
type activity struct {
	hour   int64 // of counts[0], since 1970
	counts [25]int
}

func (a *activity) turn(now time.Time) {
	hour := now.Unix() / 3600
	by := hour - a.hour
	if by >= int64(len(a.counts)) {
		a.counts = [25]int{}
	} else if by > 0 {
		copy(a.counts[by:], a.counts[:])
		clear(a.counts[:by])
	}
	a.hour = max(a.hour, hour)
}

func (a *activity) perHour() float64 {
	sum := 0
	for _, n := range a.counts[1:] {
		sum += n
	}
	return float64(sum) / 24
}

// addActivity tells how lively a room is that anybody may find and enter (XEP-0502#retrieve, #privacy).
func (m *module) addActivity() {
	counts := new(local[activity])
	on("activity", &m.points.speak, hook.Copy, func(ev *speaking) error {
		correction := hasOwnChild(ev.st, func(e elem.Elem) bool { return e.Is("urn:xmpp:message-correct:0", "replace") })
		if ev.st.Has(stanza.NSClient, "body") && !correction {
			a := counts.of(ev.room)
			a.turn(ev.now)
			a.counts[0]++
		}
		return nil
	})
	m.points.loaded.Add("activity", hook.Rewrite, func(ctx context.Context, ev *loading) error {
		now := time.Now()
		page, err := m.archive.Query(ctx, ev.room.addr.String(), store.Query{Start: now.Add(-24 * time.Hour), WantCount: true})
		a := counts.of(ev.room)
		a.turn(now)
		a.counts[1] = max(0, page.Count) // when in the day is not worth a query more
		return err
	})
	on("activity", &m.points.info, hook.Rewrite, func(ev *informing) error {
		r, now := ev.room, time.Now()
		a := counts.of(r)
		a.turn(now)
		if r.stored && publicRoom.of(r) && !membersOnly.of(r) && roomSecret.of(r) == "" {
			ev.tell("{urn:xmpp:muc-activity}message-activity", "Messages per hour", strconv.FormatFloat(a.perHour(), 'f', 2, 64))
		}
		return nil
	})
}
