package pubsub

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// subscribe is XEP-0060#subscriber-subscribe.
func (c *call) subscribe(ctx context.Context, req *wire.PubSub) (stanza.Payload, error) {
	if req.Node == "" {
		return nil, errNodeID
	}
	j, err := jid.Parse(req.JID)
	if err != nil || j.Bare() != c.who {
		return nil, wire.Error(stanza.BadRequest, "invalid-jid", "one subscribes oneself")
	}
	if req.With && req.WithNode {
		return nil, stanza.BadRequest.With("the options of a new subscription name neither node nor address")
	}
	var want *forms.Form
	if req.With {
		if cancelled, err := submitted(req.Form, wire.FormOptions); err != nil {
			return nil, err
		} else if !cancelled {
			want = req.Form
		}
	}
	n, err := c.find(ctx, req.Node)
	if err != nil {
		return nil, err
	}
	r, err := c.e.relate(ctx, n.Settings.Access, c.e.ownersOf(c.host, n), c.who)
	if err != nil {
		return nil, err
	}
	s := &subscription{JID: strings.Clone(j.String()), State: wire.StateSubscribed}
	err = c.change(ctx, func(v *Tx) error { return c.enrol(v, req.Node, s, &r, want) })
	if err != nil {
		return nil, err
	}
	out := &wire.PubSub{Verb: wire.Subscribed, Subscription: &wire.Subscription{Node: req.Node, JID: s.JID, State: s.State, Options: !req.With}}
	if req.With {
		out.With, out.Form = true, optionsForm(forms.Result, s)
	}
	return out, nil
}

// find returns a node.
func (c *call) find(ctx context.Context, id string) (n *node, err error) {
	err = c.read(ctx, func(v *Tx) error {
		n, err = v.node(id)
		return err
	})
	return n, err
}

// enrol adds a subscription, or asks the owners whether they approve it, and fills in what comes of it.
func (c *call) enrol(v *Tx, id string, s *subscription, r *relation, want *forms.Form) error {
	n, err := v.node(id)
	if err != nil {
		return err
	}
	p, err := v.person(id, c.who)
	if err != nil {
		return err
	}
	a := v.affiliation(c.who, &p)
	if n.Settings.Closed && a != wire.OwnerOf {
		return wire.Unsupported("subscribe", "the node takes no subscriptions")
	}
	verdict := admit(&n.Settings, a, r)
	if verdict != nil && verdict != error(errApproval) {
		return verdict
	}
	p.Subs = slices.DeleteFunc(p.Subs, func(s subscription) bool { return !s.live(v.now) })
	was := p.sub(s.JID)
	if was != nil {
		if was.State == wire.StatePending {
			return wire.Error(stanza.NotAuthorized, "pending-subscription", "the subscription waits for approval")
		}
		if want == nil {
			*s = *was // XEP-0060#subscriber-subscribe-multi: as if it had been approved just now
			return nil
		}
		*s = *was
	}
	if err := setOptions(s, want, v.now); err != nil {
		return err
	}
	if was == nil {
		if err := c.room(v, id, &p); err != nil {
			return err
		}
		if verdict != nil && !p.follows(v.now) { // who has been approved with one address need not be again
			s.State, s.Ask = wire.StatePending, newID()
		}
		p.Subs = append(p.Subs, *s)
	} else {
		*was = *s
	}
	if err := v.putPerson(id, n, c.who, p); err != nil {
		return err
	}
	if was != nil {
		return nil
	}
	if s.State == wire.StatePending {
		v.ask(id, n, s)
		return nil
	}
	return c.enrolled(v, id, n, s)
}

// maxSubs is how many addresses one user may subscribe to one node with.
const maxSubs = 20

// room refuses a subscription too many.
func (c *call) room(v *Tx, id string, p *person) error {
	known, err := v.standing(c.who)
	if err != nil {
		return err
	}
	known = slices.DeleteFunc(known, func(at store.Pair[string]) bool { return at.Key == id })
	if len(p.Subs) >= maxSubs || p.empty() && len(known) >= v.e.limits.Subscriptions {
		return wire.Error(stanza.PolicyViolation, "too-many-subscriptions", "you have too many subscriptions").WithType(stanza.Wait)
	}
	return nil
}

// enrolled tells of a subscription that has come into force: the subscriber gets the last item
// (XEP-0060#subscriber-subscribe-last), the owners are told if they want to be.
func (c *call) enrolled(v *Tx, id string, n *node, s *subscription) error {
	if n.Settings.NotifySub {
		v.post(v.owners(n), &wire.Event{What: wire.EventSubscription, Subscription: &wire.Subscription{Node: id, JID: s.JID, State: s.State}}, &n.Settings)
	}
	return v.sendLast(id, n, s.JID)
}

// sendLast has the last item sent to a new subscriber when it is committed.
func (v *Tx) sendLast(id string, n *node, address string) error {
	if n.Settings.Last == lastNever || !n.Settings.Notify {
		return nil
	}
	it, err := v.last(id, &n.Settings)
	if err != nil || it == nil {
		return err
	}
	to, err := jid.Parse(address)
	if err != nil {
		return err
	}
	notice := &Notice{Host: v.host, Node: strings.Clone(id), e: v.e, settings: n.Settings, now: v.now}
	late := notice.late(it, to)
	v.notices = append(v.notices, &Notice{Host: v.host, e: v.e, to: []jid.JID{to}, payload: raw(late.Inner()), settings: n.Settings})
	return nil
}

// owners are those who are told about subscribers.
func (v *Tx) owners(n *node) []jid.JID {
	var out []jid.JID
	for _, o := range n.Owners {
		if j, err := jid.Parse(o); err == nil {
			out = append(out, j)
		}
	}
	if v.host.Local() != "" {
		out = append(out, v.host.JID())
	}
	return out
}

// unsubscribe is XEP-0060#subscriber-unsubscribe.
func (c *call) unsubscribe(ctx context.Context, req *wire.PubSub) (stanza.Payload, error) {
	j, err := c.addressee(req)
	if err != nil {
		return nil, err
	}
	return nil, c.change(ctx, func(v *Tx) error {
		n, err := v.node(req.Node)
		if err != nil {
			return err
		}
		p, err := v.person(req.Node, c.who)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(p.Subs, func(s subscription) bool { return s.JID == j.String() })
		if i < 0 {
			return wire.Error(stanza.UnexpectedRequest, "not-subscribed", "there is no such subscription").WithType(stanza.Cancel)
		}
		s := p.Subs[i]
		p.Subs = slices.Delete(p.Subs, i, i+1)
		if n.Settings.NotifySub && s.State == wire.StateSubscribed {
			v.post(v.owners(n), &wire.Event{What: wire.EventSubscription, Subscription: &wire.Subscription{Node: strings.Clone(req.Node), JID: s.JID, State: wire.StateNone}}, &n.Settings)
		}
		return v.putPerson(req.Node, n, c.who, p)
	})
}

// addressee reads the subscriber of a request, who must be the sender.
func (c *call) addressee(req *wire.PubSub) (jid.JID, error) {
	switch {
	case req.Node == "":
		return jid.JID{}, errNodeID
	case req.JID == "":
		return jid.JID{}, wire.Error(stanza.BadRequest, "jid-required", "name the subscriber")
	}
	j, err := jid.Parse(req.JID)
	if err != nil {
		return jid.JID{}, stanza.JIDMalformed.With("the subscriber's address is not valid")
	}
	if j.Bare() != c.who {
		return jid.JID{}, stanza.Forbidden.With("the subscription is not yours")
	}
	return j, nil
}

// optionsForm is the form of subscription options (XEP-0060#registrar-formtypes-subscribe).
func optionsForm(t forms.Type, s *subscription) *forms.Form {
	f := forms.New(t, wire.FormOptions)
	f.Add(forms.Field{Var: "pubsub#deliver", Type: forms.Boolean, Label: "Whether to receive notifications", Values: forms.BoolValue(!s.Silent)})
	expire := forms.Field{Var: "pubsub#expire", Type: forms.TextSingle, Label: "When the subscription ends (date and time in UTC)"}
	if !s.Expires.IsZero() {
		expire.Values = []string{s.Expires.UTC().Format(time.RFC3339)}
	}
	return f.Add(expire)
}

// setOptions takes what a form says; nil says nothing.
func setOptions(s *subscription, f *forms.Form, now time.Time) error {
	if f == nil {
		return nil
	}
	wrong := func(text string) error { return wire.Error(stanza.BadRequest, "invalid-options", text) }
	for i := range f.Fields {
		x := &f.Fields[i]
		switch x.Var {
		case "FORM_TYPE":
		case "pubsub#deliver":
			on, ok := boolean(x.Values)
			if !ok {
				return wrong("pubsub#deliver is neither true nor false")
			}
			s.Silent = !on
		case "pubsub#expire":
			v := strings.Join(x.Values, "")
			if s.Expires = (time.Time{}); v == "" {
				continue
			}
			at, err := time.Parse(time.RFC3339, v)
			if err != nil || !at.After(now) {
				return wrong("pubsub#expire is no date and time to come")
			}
			s.Expires = at.UTC()
		default:
			return wrong(x.Var + " is no option here")
		}
	}
	return nil
}

// mine finds a subscription of the sender.
func (c *call) mine(v *Tx, node string, j jid.JID) (*enrolment, error) {
	n, err := v.node(node)
	if err != nil {
		return nil, err
	}
	p, err := v.person(node, c.who)
	if err != nil {
		return nil, err
	}
	s := p.sub(j.String())
	if s == nil {
		return nil, wire.Error(stanza.UnexpectedRequest, "not-subscribed", "there is no such subscription").WithType(stanza.Modify)
	}
	return &enrolment{n, p, s}, nil
}

// enrolment is a node with one of its people and one of his subscriptions.
type enrolment struct {
	n *node
	p person
	s *subscription
}

// options is XEP-0060#subscriber-configure.
func (c *call) options(ctx context.Context, req *wire.PubSub) (stanza.Payload, error) {
	j, err := c.addressee(req)
	if err != nil {
		return nil, err
	}
	out := &wire.PubSub{Verb: wire.Options, Node: req.Node, JID: j.String(), With: true}
	err = c.read(ctx, func(v *Tx) error {
		m, err := c.mine(v, req.Node, j)
		if err == nil {
			out.Form = optionsForm(forms.Ask, m.s)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// setOptions is XEP-0060#subscriber-configure-submit.
func (c *call) setOptions(ctx context.Context, req *wire.PubSub) (stanza.Payload, error) {
	j, err := c.addressee(req)
	if err != nil {
		return nil, err
	}
	cancelled, err := submitted(req.Form, wire.FormOptions)
	if err != nil {
		return nil, err
	}
	return nil, c.change(ctx, func(v *Tx) error {
		m, err := c.mine(v, req.Node, j)
		if err != nil || cancelled {
			return err
		}
		if err := setOptions(m.s, req.Form, v.now); err != nil {
			return err
		}
		return v.putPerson(req.Node, m.n, c.who, m.p)
	})
}

// defaultOptions is XEP-0060#subscribe-default.
func (c *call) defaultOptions(ctx context.Context, req *wire.PubSub) (stanza.Payload, error) {
	if req.Node != "" {
		if _, err := c.find(ctx, req.Node); err != nil {
			return nil, err
		}
	}
	return &wire.PubSub{Verb: wire.Default, Node: req.Node, With: true, Form: optionsForm(forms.Ask, new(subscription))}, nil
}
