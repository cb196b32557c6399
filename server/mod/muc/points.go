package muc

import (
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// points are where features have their say. All run under the room's lock, but loaded, whose room nobody else has.
type points struct {
	loaded     hook.Chain[loading]     // a room was read from the store
	enter      hook.Chain[entering]    // somebody wants to enter; an error keeps him out
	entered    hook.Chain[entering]    // he is in, and has seen the others: what comes before live messages
	act        hook.Chain[acting]      // somebody sends presence, a message of any kind, or a request to an occupant
	speak      hook.Chain[speaking]    // an occupant speaks to all
	whisper    hook.Chain[whispering]  // an occupant speaks to another
	present    []presenting            // an occupant is about to be shown
	info       hook.Chain[informing]   // somebody asks what the room is
	configure  hook.Chain[configuring] // an owner submits the configuration
	configured hook.Chain[configuring] // it has changed
	messages   hook.Chain[addressed]   // a message to the room that is not for all
	affiliated hook.Chain[affiliated]  // somebody's affiliation has changed
}

func (p *points) freeze(failed func(owner string, err error)) {
	p.loaded.Freeze(failed)
	p.enter.Freeze(failed)
	p.entered.Freeze(failed)
	p.act.Freeze(failed)
	p.speak.Freeze(failed)
	p.whisper.Freeze(failed)
	p.info.Freeze(failed)
	p.configure.Freeze(failed)
	p.configured.Freeze(failed)
	p.messages.Freeze(failed)
	p.affiliated.Freeze(failed)
}

type loading struct{ room *Room }

// entering is somebody on his way in: a new occupant, a further session of one, or one who changes his nickname.
type entering struct {
	room        *Room
	from        jid.JID
	who         jid.Bare
	affiliation wire.Affiliation
	join        *wire.Join // zero for one who changes his nickname
	nick        string     // may be rewritten
	inside      bool       // an occupant already, with this or another session
	again       bool       // this very session is in the room already
	codes       []wire.Code
	client      *client // set when he is in
}

// acting is what counts for limits: how much, and from whom.
type acting struct {
	room *Room
	by   *client // nil: from outside
	st   *stanza.Stanza
	now  time.Time
}

// speaking is a message for everybody. Handlers may replace st, which is what everybody will get.
type speaking struct {
	room    *Room
	by      *client
	st      *stanza.Stanza
	now     time.Time
	subject bool            // it changes the subject and says nothing else (XEP-0045#subject-mod)
	keep    bool            // it is worth keeping: decided in Rewrite
	id      string          // what the room calls it, if it is kept (XEP-0359)
	custody *stanza.Custody // the sender's
}

// whispering is a private message (XEP-0045#privatemessage).
type whispering struct {
	room *Room
	by   *client
	to   *occupant
	st   *stanza.Stanza
}

// presenting adds children to an occupant's presence, behind what the occupant sent.
type presenting func(r *Room, o *occupant, w *elem.Writer)

// informing collects the answer to disco#info of a room.
type informing struct {
	room     *Room
	from     jid.JID
	features []string
	form     *forms.Form // muc#roominfo
}

// configuring is a submitted configuration.
type configuring struct {
	room    *Room
	by      jid.Bare
	in      *forms.Form         // as submitted
	set     map[string][]string // what is submitted, in normal form; handlers add and remove
	was     map[string][]string // in configured: the settings before
	changed map[string]bool     // in configured: which of them are others now
	codes   map[wire.Code]bool  // what to announce
	first   bool                // the room is being created
	sets    []affiliationChange // changes of affiliations that come with it
}

// addressed is a message to the room itself that is not of type groupchat. Whoever takes it returns hook.Stop.
type addressed struct {
	room *Room
	st   *stanza.Stanza
	by   *client // nil: from outside
}

// affiliated is a change of somebody's affiliation. Handlers may change the record before it is stored.
type affiliated struct {
	room *Room
	who  jid.Bare
	was  affiliation
	now  *affiliation
}

// on joins a feature into one of the module's points.
func on[E any](owner string, c *hook.Chain[E], p hook.Phase, f func(ev *E) error) {
	c.Add(owner, p, ignoringContext(f))
}
