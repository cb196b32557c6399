package muc

import (
	"context"
	"fmt"
	"strconv"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// formRooms is the FORM_TYPE of the operators' commands, and what their nodes begin with.
const formRooms = "urn:stonechat:rooms"

// addCommands lets operators list and destroy rooms.
func (m *module) addCommands() {
	kit.AddCommand(m.env, kit.Command{Node: formRooms + "#list", Name: "List the rooms", Admin: true, Run: func(ctx context.Context, c *kit.Call, _ *forms.Form) (*kit.Outcome, error) {
		return m.listRooms(ctx, c)
	}})
	kit.AddCommand(m.env, kit.Command{Node: formRooms + "#destroy", Name: "Destroy rooms", Admin: true, Form: m.destroyForm, Run: m.destroyRooms})
}

func (m *module) listRooms(ctx context.Context, c *kit.Call) (*kit.Outcome, error) {
	all, err := m.listings(ctx, func(l *listing) bool { return l.addr.Domain() == m.cfg.Host+"."+c.Domain })
	if err != nil {
		return nil, err
	}
	f := forms.New(forms.Result, formRooms)
	f.Reported = []forms.Field{{Var: "room", Type: forms.JIDSingle, Label: "Room"}, {Var: "name", Type: forms.TextSingle, Label: "Name"},
		{Var: "creator", Type: forms.TextSingle, Label: "Created by"}, {Var: "public", Type: forms.Boolean, Label: "Listed"}}
	for _, l := range all {
		f.Items = append(f.Items, []forms.Field{{Var: "room", Values: []string{l.addr.String()}}, {Var: "name", Values: []string{l.name}},
			{Var: "creator", Values: []string{l.creator.String()}}, {Var: "public", Values: forms.BoolValue(l.public)}})
	}
	return &kit.Outcome{Note: strconv.Itoa(len(all)) + " rooms", Form: f}, nil
}

func (m *module) destroyForm(context.Context, *kit.Call) (*forms.Form, error) {
	f := forms.New(forms.Ask, formRooms).Add(
		forms.Field{Var: "rooms", Type: forms.JIDMulti, Label: "The addresses of the rooms", Required: true},
		forms.Field{Var: "reason", Type: forms.TextSingle, Label: "What their occupants are told"})
	f.Title = "Destroying rooms"
	return f, nil
}

// destroyRooms destroys rooms with all that is stored of them; none, when one of them is not there.
func (m *module) destroyRooms(ctx context.Context, c *kit.Call, in *forms.Form) (*kit.Outcome, error) {
	var all []jid.Bare
	for _, v := range in.Values("rooms") {
		b, err := jid.ParseBare(v)
		if err != nil || b.Domain() != m.cfg.Host+"."+c.Domain {
			return nil, stanza.NotAcceptable.With(v + " is no room of this domain")
		}
		r, err := m.acquire(ctx, b)
		if err == nil && r == nil {
			err = stanza.ItemNotFound.With("there is no room " + v)
		}
		if err != nil {
			return nil, err
		}
		r.release(ctx)
		all = append(all, b)
	}
	for _, b := range all {
		r, err := m.acquire(ctx, b)
		if err != nil {
			return nil, err
		}
		if r == nil {
			continue // gone in the meantime
		}
		r.destroy(&wire.Destroy{Reason: in.Value("reason")})
		last := r.last
		r.release(ctx)
		if err := last.Wait(ctx); err != nil {
			return nil, err
		}
		m.log.Info("a room was destroyed", "room", b, "by", c.By)
	}
	return &kit.Outcome{Note: fmt.Sprintf("%d rooms destroyed", len(all))}, nil
}
