package muc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/commands"
	"github.com/stonechat-im/stonechat/xep/forms"
	"github.com/stonechat-im/stonechat/xep/hats"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// hatsMost is how many hats a room has at most.
const hatsMost = 100

// wardrobe is the hats of a room. It is replaced, never changed, since the store may be writing it.
type wardrobe struct {
	Hats []hats.Hat          `json:"hats"`
	Worn map[string][]string `json:"worn"` // bare address → URIs
}

func (r *Room) wardrobe() *wardrobe {
	w := &wardrobe{Worn: make(map[string][]string)}
	if old := r.record.Hats; old != nil {
		w.Hats = slices.Clone(old.Hats)
		maps.Copy(w.Worn, old.Worn)
	}
	return w
}

func (w *wardrobe) find(uri string) int {
	return slices.IndexFunc(w.Hats, func(h hats.Hat) bool { return h.URI == uri })
}

// worn are somebody's hats, in the order of the room's list.
func (w *wardrobe) worn(b jid.Bare) (out hats.Hats) {
	if w == nil {
		return nil
	}
	for _, h := range w.Hats {
		if slices.Contains(w.Worn[b.String()], h.URI) {
			out = append(out, h)
		}
	}
	return out
}

// hatCommand is one of the commands of XEP-0317#protocol. Without fields it runs at once.
type hatCommand struct {
	title  string
	fields func(w *wardrobe) []forms.Field
	run    func(q *request, w *wardrobe, in *forms.Form) (*forms.Form, error)
	open   bool // to everybody in the room; otherwise to admins
}

func (m *module) addHats() {
	list := map[string]hatCommand{
		hats.NodeCreate:       {"Creating a hat", createFields, createHat, false},
		hats.NodeDestroy:      {"Destroying a hat", hatFields, destroyHat, false},
		hats.NodeAssign:       {"Assigning a hat", wearerFields, assignHat, false},
		hats.NodeUnassign:     {"Removing a hat", wearerFields, unassignHat, false},
		hats.NodeList:         {"Hats", nil, listHats, true},
		hats.NodeListAssigned: {"Assigned hats", nil, listAssigned, false},
	}
	m.feature(hats.NS, commands.NS)
	m.points.present = append(m.points.present, func(r *Room, o *occupant, w *elem.Writer) {
		if worn := r.record.Hats.worn(o.who); len(worn) > 0 {
			worn.Encode(w)
		}
	})
	on("hats", &m.points.info, hook.Rewrite, func(ev *informing) error { // #disco
		if w := ev.room.record.Hats; w != nil && len(w.Hats) > 0 {
			h := sha256.New()
			for _, x := range w.Hats {
				h.Write([]byte(strconv.Quote(x.URI) + strconv.Quote(x.Title) + strconv.Quote(x.Hue)))
			}
			ev.tell("hats#hash", "Hash of the hats", hex.EncodeToString(h.Sum(nil)[:20]))
		}
		return nil
	})
	onRoom(m, stanza.Set, func(_ context.Context, q *request, in *commands.Command) (stanza.Payload, error) {
		c, ok := list[in.Node]
		if !ok {
			return nil, stanza.ItemNotFound.With("there is no such command")
		}
		return q.hatCommand(&c, in)
	})
}

// hatCommand shows a command's form, or runs it with what was filled in. It keeps nothing in between, so that a client
// that knows the fields can fill them in at once (XEP-0317#destroy).
func (q *request) hatCommand(c *hatCommand, in *commands.Command) (stanza.Payload, error) {
	if q.affiliation < wire.Admin && !(c.open && q.client != nil) {
		return nil, stanza.Forbidden.With("only admins may do that")
	}
	out := &commands.Command{Node: in.Node, SessionID: in.SessionID, Status: commands.Completed}
	if out.SessionID == "" {
		out.SessionID = rand.Text()
	}
	w := q.room.wardrobe()
	var asked *forms.Form
	if c.fields != nil {
		asked = forms.New(forms.Ask, hats.FormCommands).Add(c.fields(w)...)
		asked.Title = c.title
	}
	switch {
	case in.Action == commands.Cancel:
		out.Status = commands.Canceled
		return out, nil
	case asked != nil && (in.Form == nil || in.Form.Type != forms.Submit):
		out.Status, out.Form = commands.Executing, asked
		return out, nil
	case asked != nil:
		good, err := asked.Validate(in.Form)
		if err != nil {
			return nil, commands.BadPayload.With(err.Error())
		}
		in.Form = good
	}
	res, err := c.run(q, w, in.Form)
	if out.Form = res; res != nil {
		res.Title = c.title
	}
	return out, err
}

func createFields(*wardrobe) []forms.Field {
	return []forms.Field{{Var: "hats#title", Type: forms.TextSingle, Label: "Title", Required: true},
		{Var: "hats#uri", Type: forms.TextSingle, Label: "URI", Required: true}, {Var: "hats#hue", Type: forms.TextSingle, Label: "Hue"}}
}

func hatFields(w *wardrobe) []forms.Field {
	f := forms.Field{Var: "hats#uri", Type: forms.ListSingle, Label: "The hat", Required: true}
	for _, h := range w.Hats {
		f.Options = append(f.Options, forms.Option{Label: h.Title, Value: h.URI})
	}
	return []forms.Field{f}
}

func wearerFields(w *wardrobe) []forms.Field {
	return append([]forms.Field{{Var: "hats#jid", Type: forms.JIDSingle, Label: "The user", Required: true}}, hatFields(w)...)
}

// refit makes w the room's wardrobe and shows those again for whom something is different (XEP-0317#create, #add).
func (q *request) refit(w *wardrobe, touched func(jid.Bare) bool) {
	r := q.room
	r.record.Hats = w
	q.wait = append(q.wait, r.save())
	for _, o := range r.occupants() {
		if touched(o.who) {
			r.broadcast(o, nil, "")
		}
	}
}

func (w *wardrobe) wearers(uri string) func(jid.Bare) bool {
	worn := maps.Clone(w.Worn)
	return func(b jid.Bare) bool { return slices.Contains(worn[b.String()], uri) }
}

func createHat(q *request, w *wardrobe, in *forms.Form) (*forms.Form, error) {
	h := hats.Hat{Title: in.Value("hats#title"), URI: in.Value("hats#uri"), Hue: in.Value("hats#hue")}
	if hue, err := strconv.ParseFloat(h.Hue, 64); h.Hue != "" && (err != nil || hue < 0 || hue > 360) {
		return nil, commands.BadPayload.With("a hue is an angle from 0 to 360")
	}
	if len(h.Title)+len(h.URI) > wordsMost {
		return nil, commands.BadPayload.With("that is too long")
	}
	switch i := w.find(h.URI); {
	case i >= 0:
		w.Hats[i] = h
	case len(w.Hats) >= hatsMost:
		return nil, stanza.ResourceConstraint.With("the room has as many hats as it may")
	default:
		w.Hats = append(w.Hats, h)
	}
	q.refit(w, w.wearers(h.URI))
	q.after = append(q.after, func() { q.room.announceConfig(nil) })
	return nil, nil
}

func destroyHat(q *request, w *wardrobe, in *forms.Form) (*forms.Form, error) {
	uri := in.Value("hats#uri")
	touched := w.wearers(uri)
	w.Hats = slices.DeleteFunc(w.Hats, func(h hats.Hat) bool { return h.URI == uri })
	for b := range w.Worn {
		w.doff(b, uri)
	}
	q.refit(w, touched)
	q.after = append(q.after, func() { q.room.announceConfig(nil) })
	return nil, nil
}

func (w *wardrobe) doff(b, uri string) {
	left := slices.DeleteFunc(slices.Clone(w.Worn[b]), func(u string) bool { return u == uri })
	if w.Worn[b] = left; len(left) == 0 {
		delete(w.Worn, b)
	}
}

func wearer(in *forms.Form) jid.Bare {
	j, _ := jid.Parse(in.Value("hats#jid")) // it has been validated
	return j.Bare()
}

func assignHat(q *request, w *wardrobe, in *forms.Form) (*forms.Form, error) {
	b, uri := wearer(in), in.Value("hats#uri")
	w.doff(b.String(), uri)
	w.Worn[b.String()] = append(slices.Clone(w.Worn[b.String()]), uri)
	q.refit(w, func(x jid.Bare) bool { return x == b })
	return nil, nil
}

func unassignHat(q *request, w *wardrobe, in *forms.Form) (*forms.Form, error) {
	b := wearer(in)
	w.doff(b.String(), in.Value("hats#uri"))
	q.refit(w, func(x jid.Bare) bool { return x == b })
	return nil, nil
}

func hatRow(h hats.Hat) []forms.Field {
	return []forms.Field{{Var: "hats#title", Values: []string{h.Title}}, {Var: "hats#uri", Values: []string{h.URI}}, {Var: "hats#hue", Values: []string{h.Hue}}}
}

func listHats(_ *request, w *wardrobe, _ *forms.Form) (*forms.Form, error) {
	f := forms.New(forms.Result, hats.FormCommands)
	f.Reported = []forms.Field{{Var: "hats#title"}, {Var: "hats#uri"}, {Var: "hats#hue"}}
	for _, h := range w.Hats {
		f.Items = append(f.Items, hatRow(h))
	}
	return f, nil
}

func listAssigned(_ *request, w *wardrobe, _ *forms.Form) (*forms.Form, error) {
	f := forms.New(forms.Result, hats.FormCommands)
	f.Reported = []forms.Field{{Var: "hats#jid"}, {Var: "hats#title"}, {Var: "hats#uri"}, {Var: "hats#hue"}}
	for _, b := range slices.Sorted(maps.Keys(w.Worn)) {
		for _, uri := range w.Worn[b] {
			if i := w.find(uri); i >= 0 {
				f.Items = append(f.Items, append([]forms.Field{{Var: "hats#jid", Values: []string{b}}}, hatRow(w.Hats[i])...))
			}
		}
	}
	return f, nil
}
