// Package hats is hats (XEP-0317): what occupants of rooms are besides their roles. It has no state.
package hats

import (
	"errors"

	"github.com/stonechat-im/stonechat/elem"
)

// NS is the namespace of hats; FormCommands is the FORM_TYPE of the commands that manage them, whose nodes begin with it.
const (
	NS           = "urn:xmpp:hats:0"
	FormCommands = "urn:xmpp:hats:commands"
)

// The commands (XEP-0317#protocol).
const (
	NodeCreate       = FormCommands + ":create"
	NodeDestroy      = FormCommands + ":destroy"
	NodeList         = FormCommands + ":list"
	NodeAssign       = FormCommands + ":assign"
	NodeUnassign     = FormCommands + ":unassign"
	NodeListAssigned = FormCommands + ":list-assigned"
)

// ErrIncomplete says that a hat lacks its title or its URI.
var ErrIncomplete = errors.New("a hat lacks its title or its uri")

// Hat is one hat: its URI says which, its title is for people.
type Hat struct {
	Title string `json:"title"`
	URI   string `json:"uri"`
	Hue   string `json:"hue,omitempty"` // angle of a colour, in degrees
	Lang  string `json:"lang,omitempty"`
}

// Hats is what somebody wears.
type Hats []Hat

// Name is {urn:xmpp:hats:0}hats.
func (Hats) Name() elem.Name { return elem.Name{Space: NS, Local: "hats"} }

// Encode writes the payload.
func (h Hats) Encode(w *elem.Writer) {
	w.Start(NS, "hats")
	for _, x := range h {
		w.Start(NS, "hat")
		w.Attr("title", x.Title)
		w.Attr("uri", x.URI)
		w.OptAttr("hue", x.Hue)
		w.Lang(x.Lang)
		w.End()
	}
	w.End()
}

// Decode reads the payload.
func (h *Hats) Decode(e elem.Elem) error {
	*h = nil
	for c := range e.Children() {
		if !c.Is(NS, "hat") {
			continue
		}
		x := Hat{c.Attr("title"), c.Attr("uri"), c.Attr("hue"), c.Lang()}
		if x.Title == "" || x.URI == "" {
			return ErrIncomplete
		}
		*h = append(*h, x)
	}
	return nil
}
