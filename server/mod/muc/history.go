package muc

import (
	"slices"
	"strconv"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/delay"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// maxHistory is how many messages somebody gets who enters (XEP-0045#enter-history).
const maxHistory number = "muc#maxhistoryfetch"

// historyBytes bounds what the histories keep in memory of one room.
const historyBytes = 1 << 20

// history is the latest messages of a room, oldest first.
type history struct {
	items []past
	bytes int
}

type past struct {
	id string
	by string // bare address
	at time.Time
	st *stanza.Stanza // from the occupant, to the room
}

func (h *history) add(p past, most int) {
	h.items = append(h.items, p)
	h.bytes += p.st.Size()
	for len(h.items) > most || h.bytes > historyBytes && len(h.items) > 0 {
		h.bytes -= h.items[0].st.Size()
		h.items[0] = past{}
		h.items = h.items[1:]
	}
}

// remove takes a message out; with by, only one of his.
func (h *history) remove(id string, by jid.Bare) {
	for i := range h.items {
		if p := &h.items[i]; p.id == id && (by.IsZero() || p.by == by.String()) {
			h.bytes -= p.st.Size()
			h.items = slices.Delete(slices.Clone(h.items), i, i+1)
			return
		}
	}
}

func (m *module) addHistory() {
	m.offer(setting{Field: forms.Field{Var: string(maxHistory), Type: forms.TextSingle, Label: "Messages that somebody gets who enters",
		Values: []string{strconv.Itoa(m.cfg.History)}}, check: wholeNumber(0, m.cfg.MaxHistory)})
	on("history", &m.points.info, hook.Rewrite, func(ev *informing) error {
		ev.tell(string(maxHistory), "Messages that somebody gets who enters", text(maxHistory).of(ev.room))
		return nil
	})
	on("history", &m.points.speak, hook.Copy, func(ev *speaking) error {
		if ev.keep && !ev.subject && ev.st.Has(stanza.NSClient, "body") {
			m.past.of(ev.room).add(past{ev.id, ev.by.in.who.String(), ev.now, ev.st}, m.cfg.MaxHistory)
		}
		return nil
	})
	on("history", &m.points.entered, hook.Deliver, func(ev *entering) error {
		r := ev.room
		for _, p := range wanted(m.past.of(r).items, ev.join.History, maxHistory.of(r), time.Now()) {
			s := p.st.Readdress(p.st.From, ev.from)
			if !s.Has(delay.NS, "delay") { // one that the sender put there says more (#continue)
				s = s.With(&delay.Delay{From: r.addr.JID(), Stamp: p.at})
			}
			r.post(s)
		}
		return nil
	})
}

// wanted is the part of a history that meets all limits at once (XEP-0045#enter-managehistory).
func wanted(items []past, h *wire.History, most int, now time.Time) []past {
	if h != nil && h.MaxStanzas >= 0 {
		most = min(most, h.MaxStanzas)
	}
	if len(items) > most {
		items = items[len(items)-most:]
	}
	if h == nil {
		return items
	}
	since := h.Since
	if h.Seconds >= 0 {
		if t := now.Add(-time.Duration(h.Seconds) * time.Second); t.After(since) {
			since = t
		}
	}
	from, chars := len(items), 0
	for from > 0 {
		p := &items[from-1]
		if chars += len(p.st.AppendTo(nil)); p.at.Before(since) || h.MaxChars >= 0 && chars > h.MaxChars {
			break
		}
		from--
	}
	return items[from:]
}

// hasOwnChild says whether a message has something besides what every client shows.
func hasOwnChild(s *stanza.Stanza, ok func(elem.Elem) bool) bool {
	for e := range s.Root().Children() {
		if ok(e) {
			return true
		}
	}
	return false
}
