package kit

import (
	"context"

	"github.com/stonechat-im/stonechat/elem"
)

// StreamFeature is something that client streams are told they may use once they are authenticated (RFC 6120 §4.3.2).
type StreamFeature struct {
	Owner     string
	Advertise func(w *elem.Writer)
}

// AddFeature advertises an element in the stream features after authentication.
func AddFeature(env *Env, advertise func(w *elem.Writer)) {
	env.features = append(env.features, StreamFeature{env.Name, advertise})
}

// Features lists what modules advertise, in order.
func (r *Realm) Features() []StreamFeature { return r.features }

// NonzaHandler deals with a stream-level element that is no stanza. An error ends the stream.
type NonzaHandler func(ctx context.Context, s Session, e elem.Elem) error

type nonzaEntry struct {
	owner string
	run   NonzaHandler
}

// HandleNonza takes stream-level elements with a name, from bound sessions.
func HandleNonza(env *Env, name elem.Name, h NonzaHandler) {
	if env.nonzas == nil {
		env.nonzas = make(map[elem.Name]nonzaEntry)
	}
	if other, ok := env.nonzas[name]; ok {
		env.Problem("takes {%s}%s, and so does module %s", name.Space, name.Local, other.owner)
		return
	}
	env.nonzas[name] = nonzaEntry{env.Name, h}
}

// Nonza finds who takes an element; nil for nobody.
func (r *Realm) Nonza(name elem.Name) NonzaHandler { return r.nonzas[name].run }
