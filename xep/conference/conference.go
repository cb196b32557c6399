// Package conference is direct invitations to rooms (XEP-0249): the payload. It has no state.
package conference

import (
	"errors"

	"github.com/stonechat-im/stonechat/elem"
)

// NS is the namespace of direct invitations.
const NS = "jabber:x:conference"

// ErrNoRoom says that an invitation names no room.
var ErrNoRoom = errors.New("the invitation names no room")

// Invitation asks somebody to join a room (XEP-0249#howitworks).
type Invitation struct {
	JID      string // of the room
	Password string
	Reason   string
	Continue bool
	Thread   string
}

// Name is {jabber:x:conference}x.
func (*Invitation) Name() elem.Name { return elem.Name{Space: NS, Local: "x"} }

// Encode writes the payload.
func (i *Invitation) Encode(w *elem.Writer) {
	w.Start(NS, "x")
	if i.Continue {
		w.Attr("continue", "true")
	}
	w.Attr("jid", i.JID)
	w.OptAttr("password", i.Password)
	w.OptAttr("reason", i.Reason)
	w.OptAttr("thread", i.Thread)
	w.End()
}

// Decode reads the payload.
func (i *Invitation) Decode(e elem.Elem) error {
	c := e.Attr("continue")
	*i = Invitation{e.Attr("jid"), e.Attr("password"), e.Attr("reason"), c == "1" || c == "true", e.Attr("thread")}
	if i.JID == "" {
		return ErrNoRoom
	}
	return nil
}
