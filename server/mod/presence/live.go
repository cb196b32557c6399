package presence

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// live is what presence keeps with a session.
type live struct {
	mu       sync.Mutex
	ended    bool
	directed []jid.JID // who has been sent presence directly, and is no subscriber (RFC 6121 §4.6.1)
}

var lives = kit.NewVar[*live]("presence").Kept()

// MarshalJSON keeps the addresses over a restart.
func (l *live) MarshalJSON() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return json.Marshal(l.directed)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *live) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &l.directed) }

func (m *module) bound(_ context.Context, ev *kit.SessionEvent) { lives.Set(ev.Session, new(live)) }

// liveOf returns the live of a session. It is there from the moment in which the session is bound, or brought back.
func liveOf(s kit.Session) *live {
	if l, ok := lives.Get(s); ok && l != nil {
		return l
	}
	l := new(live)
	lives.Set(s, l)
	return l
}

// begin makes a session available; false when it has ended meanwhile.
func (l *live) begin(s kit.Session, p *stanza.Stanza, priority int8) (was *stanza.Stanza, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return nil, false
	}
	was = s.Presence()
	s.SetPresence(p, priority)
	return was, true
}

// stop makes a session unavailable. Whoever gets what it was has to tell the contacts; nobody else does.
func (l *live) stop(s kit.Session, ended bool) (was *stanza.Stanza, directed []jid.JID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = l.ended || ended
	if was = s.Presence(); was != nil {
		s.SetPresence(nil, 0)
	}
	directed, l.directed = l.directed, nil
	return was, directed
}

func (l *live) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}

// add remembers an address; false when there are too many, or the session has ended.
func (l *live) add(j jid.JID, most int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return false
	}
	if slices.Contains(l.directed, j) {
		return true
	}
	if len(l.directed) >= most {
		return false
	}
	l.directed = append(l.directed, j.Clone())
	return true
}

// drop forgets addresses, and returns them.
func (l *live) drop(forget func(jid.JID) bool) (dropped []jid.JID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.ContainsFunc(l.directed, forget) {
		return nil
	}
	l.directed = slices.DeleteFunc(l.directed, func(j jid.JID) bool {
		if forget(j) {
			dropped = append(dropped, j)
			return true
		}
		return false
	})
	return dropped
}

// sees says whether the session has sent presence directly to some resource of b: to an occupant of the room, if it is
// one. Who was told at one address is answered at all.
func (l *live) sees(b jid.Bare) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.directed, func(j jid.JID) bool { return j.Bare() == b })
}

// directed remembers whom a client sends presence to by name, so that the end of its presence is told there too (RFC
// 6121 §4.6.3). The stanza itself is routed as it is.
func (m *module) directed(ctx context.Context, x kit.Session, s *stanza.Stanza) error {
	l, owner, other := liveOf(x), x.JID().Bare(), s.To.Bare()
	if s.Type == stanza.Unavailable {
		l.drop(func(j jid.JID) bool { return j == s.To })
		return nil
	}
	if other == owner {
		return nil
	}
	state, err := m.roster.State(ctx, owner, other)
	if err != nil {
		return err
	}
	if state.Has(roster.From) && x.Presence() != nil {
		return nil // broadcasts go there (§4.6.3, rule 1)
	}
	if !l.add(s.To, m.cfg.Directed) {
		return stanza.ResourceConstraint.With("this session has sent presence to too many addresses")
	}
	return nil
}

// left forgets an address that has itself become unavailable (RFC 6121 §4.6.1).
func (m *module) left(account jid.Bare, s *stanza.Stanza) {
	full, one := s.To.Full()
	for _, x := range m.env.Router.Sessions(account) {
		if !one || x.JID() == full {
			liveOf(x).drop(func(j jid.JID) bool { return j == s.From })
		}
	}
}
