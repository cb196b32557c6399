package muc

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

func (q *request) mustOwn() error {
	if q.affiliation != wire.Owner {
		return stanza.Forbidden.With("only owners may do that")
	}
	return nil
}

// ownerGet answers with the configuration form (XEP-0045#createroom-reserved, #roomconfig).
func ownerGet(_ context.Context, q *request, _ *wire.OwnerQuery) (stanza.Payload, error) {
	if err := q.mustOwn(); err != nil {
		return nil, err
	}
	return &wire.OwnerQuery{Form: q.room.form()}, nil
}

// form is the configuration form with what is set now.
func (r *Room) form() *forms.Form {
	f := forms.New(forms.Ask, wire.FormConfig)
	f.Title = "Configuration of " + r.addr.String()
	f.Instructions = "Leave out what is to stay as it is."
	for i := range r.m.settings {
		s := &r.m.settings[i]
		field := s.Field
		field.Values = s.valuesOf(r)
		f.Add(field)
	}
	return f
}

// ownerSet takes the configuration, or destroys the room.
func ownerSet(ctx context.Context, q *request, in *wire.OwnerQuery) (stanza.Payload, error) {
	if err := q.mustOwn(); err != nil {
		return nil, err
	}
	r := q.room
	switch {
	case in.Destroy != nil:
		r.destroy(in.Destroy)
		q.wait = append(q.wait, r.last)
		return nil, nil
	case in.Form == nil:
		return nil, stanza.BadRequest.With("there is no form")
	case in.Form.Type == forms.Cancel:
		if r.state == locked { // #createroom-general: "If the service receives a cancellation, it MUST destroy the room"
			r.destroy(new(wire.Destroy))
			q.wait = append(q.wait, r.last)
		}
		return nil, nil
	case in.Form.Type != forms.Submit, len(in.Form.Fields) > 0 && in.Form.FormType() != wire.FormConfig:
		return nil, stanza.BadRequest.With("that is no configuration of a room")
	}
	return nil, q.configure(ctx, in.Form)
}

// configure changes the configuration. What is submitted is checked as a whole before anything changes.
func (q *request) configure(ctx context.Context, in *forms.Form) error {
	r := q.room
	ev := &configuring{room: r, by: q.by, in: in, set: make(map[string][]string), changed: make(map[string]bool),
		codes: make(map[wire.Code]bool), first: r.state == locked}
	asked := r.form()
	good, err := asked.Validate(in)
	if err != nil {
		var fe *forms.FieldError
		if errors.As(err, &fe) {
			return stanza.NotAcceptable.With(fe.Error())
		}
		return err
	}
	for i := range r.m.settings {
		s := &r.m.settings[i]
		if in.Field(s.Var) == nil {
			continue
		}
		v := good.Values(s.Var)
		if s.check != nil && !slices.Equal(v, s.valuesOf(r)) {
			if wrong := s.check(v); wrong != "" {
				return stanza.NotAcceptable.With(s.Var + ": " + wrong)
			}
		}
		ev.set[s.Var] = v
	}
	if err := r.m.points.configure.Run(ctx, ev); err != nil {
		return err
	}
	if err := q.mayChange(ev.sets); err != nil {
		return err
	}
	return q.apply(ctx, ev)
}

// apply makes a configuration that has been found good the room's.
func (q *request) apply(ctx context.Context, ev *configuring) error {
	r := q.room
	if r.state == locked {
		r.state = open
	}
	ev.was = r.record.Settings
	settings := maps.Clone(ev.was)
	for k, v := range ev.set {
		if !slices.Equal(settings[k], v) {
			settings[k], ev.changed[k] = v, true
		}
	}
	r.record.Settings = settings
	for _, c := range ev.sets {
		if err := r.change(ctx, c, q.actor(), &q.wait); err != nil {
			return err
		}
	}
	if err := r.m.points.configured.Run(ctx, ev); err != nil {
		return err
	}
	if len(ev.changed) > 0 || ev.first {
		q.wait = append(q.wait, r.save())
	}
	if len(ev.changed) > 0 || len(ev.codes) > 0 {
		q.after = append(q.after, func() { r.announceConfig(ev.codes) })
	}
	return nil
}

// announceConfig tells the occupants that the configuration is another (XEP-0045#roomconfig-notify).
func (r *Room) announceConfig(codes map[wire.Code]bool) {
	x := &wire.User{Codes: []wire.Code{wire.CodeConfigChanged}}
	for _, c := range slices.Sorted(maps.Keys(codes)) {
		x.Codes = append(x.Codes, c)
	}
	r.notice(x, r.all)
}
