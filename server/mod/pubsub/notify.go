package pubsub

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/delay"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// Notice is something to be told of a node, once it is committed.
type Notice struct {
	Host      jid.Bare
	Node      string
	Event     *wire.Event
	Publisher jid.JID // who caused it; zero for nobody in particular
	Quiet     bool    // for Rules.Changing alone: nobody is notified
	e         *Engine
	to        []jid.JID // these alone; nil: whoever follows the node
	payload   stanza.Payload
	settings  Settings
	owners    []jid.Bare
	people    []store.Pair[person]
	now       time.Time
	id        string // of the message; empty: a new one
	all       bool   // those whose subscription waits for approval as well
}

// notify queues an event for the followers of a node. It is told when the transaction is committed.
func (v *Tx) notify(id string, n *node, by jid.JID, ev *wire.Event) (*Notice, error) {
	people, err := v.everybody(id)
	if err != nil {
		return nil, err
	}
	out := &Notice{Host: v.host, Node: strings.Clone(id), Event: ev, Publisher: by, e: v.e, settings: n.Settings,
		owners: v.e.ownersOf(v.host, n), people: people, now: v.now, Quiet: !n.Settings.Notify}
	v.notices = append(v.notices, out)
	return out, nil
}

// post queues a message for certain addresses.
func (v *Tx) post(to []jid.JID, p stanza.Payload, s *Settings) {
	v.notices = append(v.notices, &Notice{Host: v.host, e: v.e, to: to, payload: p, settings: *s, now: v.now})
}

// state queues what tells a subscriber of the state of his subscription (XEP-0060#impl-subchange).
func (v *Tx) state(node, address string, st wire.State, s *Settings) {
	to, err := jid.Parse(address)
	if err != nil {
		return
	}
	v.post([]jid.JID{to}, &wire.Event{What: wire.EventSubscription, Subscription: &wire.Subscription{Node: node, JID: address, State: st}}, s)
}

// Admits says whether somebody may learn what happens at the node.
func (n *Notice) Admits(ctx context.Context, who jid.Bare) bool {
	p := n.person(who)
	a := p.Affiliation
	if n.e.rules.Owns(n.Host, who) {
		a = wire.OwnerOf
	}
	r, err := n.e.relate(ctx, n.settings.Access, n.owners, who)
	if err != nil {
		n.e.env.Log.Error("looking into a roster", "jid", n.Host, "contact", who, "err", err)
		return false
	}
	err = admit(&n.settings, a, &r)
	return err == nil || err == error(errApproval) && p.follows(n.now)
}

func (n *Notice) person(who jid.Bare) person {
	i, ok := slices.BinarySearchFunc(n.people, who.String(), func(p store.Pair[person], s string) int { return strings.Compare(p.Key, s) })
	if !ok {
		return person{}
	}
	return n.people[i].Value
}

// message is the notification, without its recipient.
func (n *Notice) message() *stanza.Stanza {
	typ := stanza.Headline // not for offline storage (XEP-0060#impl-offline)
	if n.settings.Kind != kindHeadline {
		typ = stanza.Normal
	}
	p := n.payload
	if p == nil {
		p = n.Event
	}
	id := n.id
	if id == "" {
		id = newID()
	}
	return stanza.New(stanza.Message, typ, n.Host.JID(), jid.JID{}, id, p).Index()
}

// tell notifies everybody who is to be.
func (e *Engine) tell(ctx context.Context, n *Notice) {
	if n.Quiet {
		return
	}
	msg := n.message()
	send := func(to jid.JID) { e.env.Router.Route(ctx, msg.Readdress(msg.From, to)) }
	if n.to != nil {
		for _, to := range n.to {
			send(to)
		}
		return
	}
	reached := make(map[jid.JID]bool) // addresses, and the bare addresses of those
	e.rules.Audience(ctx, n, func(to jid.JID) {
		if !reached[to] {
			reached[to], reached[to.Bare().JID()] = true, true
			send(to)
		}
	})
	for i := range n.people {
		n.subscribers(ctx, &n.people[i], func(to jid.JID) {
			if !reached[to] { // XEP-0163#notify-num
				send(to)
			}
		})
	}
}

// subscribers calls tell for the addresses that somebody has subscribed with.
func (n *Notice) subscribers(ctx context.Context, p *store.Pair[person], tell func(to jid.JID)) {
	admitted := false
	for i := range p.Value.Subs {
		s := &p.Value.Subs[i]
		if s.State != wire.StateSubscribed && !n.all || s.Silent || !s.live(n.now) {
			continue
		}
		to, err := jid.Parse(s.JID)
		if err != nil {
			continue
		}
		if !admitted && !n.all && !n.Admits(ctx, to.Bare()) { // access may have been lost since (XEP-0163#impl-subscriptions)
			return
		}
		admitted = true
		tell(to)
	}
}

// SendLast sends the last item of each of some nodes to an address that has become available (XEP-0163#notify-last), where
// it is admitted.
func (e *Engine) SendLast(ctx context.Context, host jid.Bare, nodes []string, to jid.JID) {
	var out []*Notice
	var last []*item
	err := e.read(ctx, host, func(v *Tx) error {
		for _, id := range nodes {
			n, err := v.node(id)
			if missing(err) {
				continue
			}
			if err != nil {
				return err
			}
			if n.Settings.Last != lastOnPresence || !n.Settings.Notify {
				continue
			}
			it, err := v.last(id, &n.Settings)
			if err != nil {
				return err
			}
			if it == nil {
				continue
			}
			notice, err := v.notify(id, n, jid.JID{}, nil)
			if err != nil {
				return err
			}
			out, last = append(out, notice), append(last, it)
		}
		return nil
	})
	if err != nil {
		e.env.Log.Error("reading last items", "jid", host, "to", to, "err", err)
		return
	}
	for i, n := range out {
		if n.Admits(ctx, to.Bare()) {
			e.env.Router.Route(ctx, n.late(last[i], to))
		}
	}
}

// late is the notification of an item that was published before (XEP-0060#subscriber-subscribe-last).
func (n *Notice) late(it *item, to jid.JID) *stanza.Stanza {
	n.Event = &wire.Event{What: wire.EventItems, Node: n.Node, Items: []wire.Item{n.shown(it)}}
	s := n.message().With(&delay.Delay{From: n.Host.JID(), Stamp: it.At.Truncate(time.Millisecond)})
	s.To = to
	return s
}

// shown is an item as notifications show it.
func (n *Notice) shown(it *item) wire.Item {
	out := shown(it, &n.settings, n.Host)
	if !n.settings.Payloads {
		out.Payload = nil
	}
	return out
}

// shown is an item as everybody sees it (XEP-0060#impl-association).
func shown(it *item, s *Settings, host jid.Bare) wire.Item {
	out := wire.Item{ID: it.ID, Payload: it.Payload}
	if s.Reply == replyPublisher {
		if j, err := jid.Parse(it.Publisher); err == nil {
			out.Publisher = j.Bare().String()
		}
	}
	if s.Reply == replyOwner && host.Local() != "" {
		out.Publisher = host.String()
	}
	return out
}

// configurationEvent tells of new settings (XEP-0060#owner-configure-process-notify).
func (e *Engine) configurationEvent(id string, s *Settings) *wire.Event {
	ev := &wire.Event{What: wire.EventConfiguration, Node: id}
	if s.Payloads {
		ev.Form = e.form(forms.Result, s)
	}
	return ev
}
