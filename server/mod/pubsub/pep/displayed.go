package pep

import (
	"context"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/mod/pubsub"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

const (
	nsDisplayed = "urn:xmpp:mds:displayed:0"     // name of the node as well
	nsAssist    = "urn:xmpp:mds:server-assist:0" // feature of an account
)

// assistDisplayed publishes on behalf of clients what they have displayed (XEP-0490#interaction).
func (m *module) assistDisplayed(env *kit.Env) {
	m.features = append(m.features, nsAssist)
	kit.On(env, &env.Points.FromClient, hook.Rewrite, m.displayed)
}

// displayed takes what is for the user's own clients out of a message, before anybody else sees or stores it.
func (m *module) displayed(ctx context.Context, ev *kit.FromClient) error {
	s := ev.Stanza
	if s.Kind != stanza.Message {
		return nil
	}
	e := s.Child(nsDisplayed, "displayed")
	if !e.Ok() {
		return nil
	}
	is := func(e elem.Elem) bool { return e.Space() == nsDisplayed }
	c := s.Without(is)
	c.Custody, ev.Stanza = s.Custody, c
	if s.To.IsZero() || len(e.Raw()) > int(m.cfg.ItemSize) {
		return nil
	}
	owner := ev.Session.JID().Bare()
	err := m.engine.Change(ctx, owner, func(tx *pubsub.Tx) error {
		if ok, err := closed(tx, nsDisplayed); err != nil || !ok {
			return err
		}
		return tx.Publish(nsDisplayed, wire.Item{ID: s.To.String(), Payload: e.AppendTo(nil, "-")}, secret(pubsub.Max))
	})
	if se, meant := stanza.AsError(err); err != nil && meant { // a limit, which is no reason to keep the message back
		m.env.Log.Debug("what was displayed is not published", "jid", owner, "err", se)
		return nil
	}
	return err
}
