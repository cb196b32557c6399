package pubsub

import (
	"context"
	"strings"

	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// create is XEP-0060#owner-create.
func (c *call) create(ctx context.Context, req *wire.PubSub) (stanza.Payload, error) {
	if !c.e.rules.MayCreate(c.host, c.who) {
		return nil, stanza.Forbidden.With("you may not create nodes here")
	}
	if req.WithNode {
		return nil, stanza.BadRequest.With("the configuration of a new node does not name it again")
	}
	s := c.e.defaults
	if req.With && req.Form != nil {
		cancelled, err := submitted(req.Form, wire.FormConfig)
		if err != nil {
			return nil, err
		}
		if !cancelled {
			if s, _, err = c.e.merged(s, req.Form); err != nil {
				return nil, err
			}
		}
	}
	id := strings.Clone(req.Node)
	if id == "" { // XEP-0060#owner-create-general: an instant node
		id = newID()
	}
	err := c.change(ctx, func(v *Tx) error {
		_, err := v.node(id)
		if err == nil {
			return stanza.Conflict.With("there is such a node already")
		}
		if missing(err) {
			_, err = v.create(id, c.who, s)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &wire.PubSub{Verb: wire.Create, Node: id}, nil
}

// configuration is XEP-0060#owner-configure-request.
func (c *call) configuration(ctx context.Context, req *wire.Owner) (stanza.Payload, error) {
	out := &wire.Owner{Verb: wire.Configure, Node: req.Node}
	err := c.read(ctx, func(v *Tx) error {
		n, err := c.owned(v, req.Node)
		if err == nil {
			out.Form = c.e.form(forms.Ask, &n.Settings)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// defaultSettings is XEP-0060#owner-default.
func (c *call) defaultSettings(*wire.Owner) (stanza.Payload, error) {
	return &wire.Owner{Verb: wire.Default, Form: c.e.form(forms.Ask, &c.e.defaults)}, nil
}

// configure is XEP-0060#owner-configure-submit. What the form does not name stays as it was.
func (c *call) configure(ctx context.Context, req *wire.Owner) (stanza.Payload, error) {
	if req.Node == "" {
		return nil, errNodeID
	}
	cancelled, err := submitted(req.Form, wire.FormConfig)
	if err != nil {
		return nil, err
	}
	return nil, c.change(ctx, func(v *Tx) error {
		n, err := c.owned(v, req.Node)
		if err != nil || cancelled {
			return err
		}
		if n.Settings, _, err = c.e.merged(n.Settings, req.Form); err != nil {
			return err
		}
		if err := v.putNode(req.Node, n); err != nil {
			return err
		}
		if n.Settings.MaxItems != Max {
			if err := v.trim(req.Node, &n.Settings, n.Settings.MaxItems); err != nil {
				return err
			}
		}
		if !n.Settings.Persist {
			if _, err := v.purge(req.Node); err != nil {
				return err
			}
		}
		notice, err := v.notify(req.Node, n, c.iq.From, c.e.configurationEvent(req.Node, &n.Settings))
		if err == nil && !n.Settings.NotifyConfig {
			notice.Quiet = true
		}
		return err
	})
}

// delete is XEP-0060#owner-delete.
func (c *call) delete(ctx context.Context, req *wire.Owner) (stanza.Payload, error) {
	return nil, c.change(ctx, func(v *Tx) error {
		n, err := c.owned(v, req.Node)
		if err != nil {
			return err
		}
		notice, err := v.notify(req.Node, n, c.iq.From, &wire.Event{What: wire.EventDelete, Node: req.Node, Redirect: req.Redirect})
		if err != nil {
			return err
		}
		notice.all, notice.Quiet = true, !n.Settings.NotifyDelete
		return v.drop(req.Node)
	})
}

// purge is XEP-0060#owner-purge.
func (c *call) purge(ctx context.Context, req *wire.Owner) (stanza.Payload, error) {
	return nil, c.change(ctx, func(v *Tx) error {
		n, err := c.owned(v, req.Node)
		if err != nil {
			return err
		}
		if !n.Settings.Persist {
			return wire.Unsupported("persistent-items", "the node does not keep items")
		}
		if _, err := v.purge(req.Node); err != nil {
			return err
		}
		_, err = v.notify(req.Node, n, c.iq.From, &wire.Event{What: wire.EventPurge, Node: req.Node})
		return err
	})
}
