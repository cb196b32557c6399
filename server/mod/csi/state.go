package csi

import (
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
)

// state is what is kept with a session whose client has been inactive at some time.
type state struct {
	idle atomic.Bool

	mu     sync.Mutex
	held   []*stanza.Stanza // in the order in which they go out; nil where a later presence came
	count  int              // without the nils
	latest map[jid.JID]int  // places of presence in held, by sender
}

var states = kit.NewVar[*state]("csi").Kept()

func stateOf(s kit.Session) *state {
	if x, ok := states.Get(s); ok && x != nil {
		return x
	}
	x := new(state)
	states.Set(s, x)
	return x
}

func (x *state) inactive() bool { return x.idle.Load() }

// set makes the client inactive, or active: then it gets what was kept back.
func (x *state) set(s kit.Session, inactive bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !inactive {
		x.release(s)
	}
	x.idle.Store(inactive)
}

// flush delivers what was kept back. That is in the queue when it returns, also when somebody else was at it.
func (x *state) flush(s kit.Session) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.release(s)
}

func (x *state) release(s kit.Session) {
	for _, st := range x.held {
		if st != nil {
			s.Queue(st)
		}
	}
	x.held, x.latest, x.count = nil, nil, 0
}

// keep keeps a stanza back; a presence takes the place of the last one from the same sender, which is returned. It is not
// kept when the client is active by now, or when there are most of them already: then all of them are delivered before it.
func (x *state) keep(s kit.Session, st *stanza.Stanza, most int) (kept bool, old *stanza.Stanza) {
	st = st.Readdress(st.From, st.To) // whoever sent it need not wait
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.idle.Load() {
		return false, nil
	}
	if st.Kind == stanza.Presence {
		if i, ok := x.latest[st.From]; ok {
			old, x.held[i] = x.held[i], nil
			x.count--
		}
	}
	if x.count >= most {
		x.release(s)
		return false, old
	}
	if len(x.held) > 2*most { // mostly nils
		x.compact()
	}
	if st.Kind == stanza.Presence {
		if x.latest == nil {
			x.latest = make(map[jid.JID]int)
		}
		delete(x.latest, st.From) // the key shares the memory of the old one
		x.latest[st.From] = len(x.held)
	}
	x.held = append(x.held, st)
	x.count++
	return true, old
}

func (x *state) compact() {
	all := x.held
	x.held, x.latest = make([]*stanza.Stanza, 0, x.count), make(map[jid.JID]int)
	for _, st := range all {
		if st == nil {
			continue
		}
		if st.Kind == stanza.Presence {
			x.latest[st.From] = len(x.held)
		}
		x.held = append(x.held, st)
	}
}

// MarshalJSON keeps what was kept back over a restart.
func (x *state) MarshalJSON() ([]byte, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := make([]string, 0, x.count)
	for _, st := range x.held {
		if st != nil {
			out = append(out, string(st.AppendTo(nil)))
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote. The client is inactive until it resumes its session.
func (x *state) UnmarshalJSON(b []byte) error {
	var all []string
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	x.idle.Store(true)
	for _, xml := range all {
		st, err := stanza.Parse([]byte(xml))
		if err != nil {
			return err
		}
		x.held = append(x.held, st)
	}
	x.count = len(x.held)
	x.compact()
	return nil
}
