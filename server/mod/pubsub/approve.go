package pubsub

import (
	"context"
	"slices"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// raw is what has been encoded already.
type raw []byte

func (raw) Name() elem.Name         { return elem.Name{} }
func (r raw) Encode(w *elem.Writer) { w.Raw(r) }

// ask sends the owners a request for their approval (XEP-0060#owner-subreq). It is an ordinary message, which waits for
// those who are not there.
func (v *Tx) ask(id string, n *node, s *subscription) {
	f := forms.New(forms.Ask, wire.FormAuthorize)
	f.Title = "Request for a subscription"
	f.Instructions = "To approve the request, say that it is allowed. To deny it, say that it is not."
	f.Add(
		forms.Field{Var: "pubsub#node", Type: forms.TextSingle, Label: "The node", Values: []string{strings.Clone(id)}},
		forms.Field{Var: "pubsub#subscriber_jid", Type: forms.JIDSingle, Label: "The address of the subscriber", Values: []string{s.JID}},
		forms.Field{Var: "pubsub#allow", Type: forms.Boolean, Label: "Whether to allow the subscription", Values: forms.BoolValue(false)},
	)
	settings := n.Settings
	settings.Kind = "normal"
	v.notices = append(v.notices, &Notice{Host: v.host, e: v.e, to: v.owners(n), payload: f, settings: settings, now: v.now, id: s.Ask})
}

// Decide takes an owner's answer to a request for approval. It is false when s is none.
func (e *Engine) Decide(ctx context.Context, host jid.Bare, s *stanza.Stanza) (taken bool, err error) {
	x := s.Child(forms.NS, "x")
	if s.Kind != stanza.Message || s.Type == stanza.TypeError || !x.Ok() {
		return false, nil
	}
	f := new(forms.Form)
	if f.Decode(x) != nil || f.FormType() != wire.FormAuthorize || f.Type != forms.Submit && f.Type != forms.Cancel {
		return false, nil
	}
	if f.Type == forms.Cancel { // the request goes on waiting
		return true, nil
	}
	allow, ok := boolean(f.Values("pubsub#allow"))
	who, bad := jid.Parse(f.Value("pubsub#subscriber_jid"))
	if !ok || bad != nil {
		return true, stanza.BadRequest.With("the form lacks pubsub#allow or pubsub#subscriber_jid")
	}
	id := strings.Clone(f.Value("pubsub#node"))
	c := &call{e: e, host: host, who: s.From.Bare()}
	return true, e.change(ctx, host, func(v *Tx) error {
		n, err := c.owned(v, id)
		if err != nil {
			return err
		}
		p, err := v.person(id, who.Bare())
		if err != nil {
			return err
		}
		i := slices.IndexFunc(p.Subs, func(s subscription) bool { return s.JID == who.String() && s.State == wire.StatePending })
		if i < 0 { // decided by another owner, or taken back
			return nil
		}
		return c.decide(v, id, n, who, p, i, allow)
	})
}

// decide ends the waiting of one subscription.
func (c *call) decide(v *Tx, id string, n *node, who jid.JID, p person, i int, allow bool) error {
	s := p.Subs[i]
	if allow {
		s.State, s.Ask = wire.StateSubscribed, ""
		p.Subs[i] = s
	} else {
		s.State = wire.StateNone
		p.Subs = slices.Delete(p.Subs, i, i+1)
	}
	if err := v.putPerson(id, n, who.Bare(), p); err != nil {
		return err
	}
	v.state(id, s.JID, s.State, &n.Settings)
	if !allow {
		return nil
	}
	return v.sendLast(id, n, s.JID)
}
