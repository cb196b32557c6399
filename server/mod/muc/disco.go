package muc

import (
	"context"
	"slices"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/disco"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/muc"
	"github.com/stonechat-im/stonechat/xep/occupantid"
	"github.com/stonechat-im/stonechat/xep/ping"
	"github.com/stonechat-im/stonechat/xep/register"
	"github.com/stonechat-im/stonechat/xep/rsm"
	"github.com/stonechat-im/stonechat/xep/vcard"
)

// listPage is how many rooms a list has that nobody has asked to be shorter.
const listPage = 100

// feature makes every room have a feature.
func (m *module) feature(names ...string) {
	on("features", &m.points.info, hook.Rewrite, func(ev *informing) error {
		ev.features = append(ev.features, names...)
		return nil
	})
}

// serviceInfo is XEP-0045#disco-service-features.
func (m *module) serviceInfo(_ context.Context, _ *kit.IQ, q *disco.Info) (stanza.Payload, error) {
	if q.Node != "" {
		return nil, stanza.ItemNotFound.With("there is no such node")
	}
	return &disco.Info{
		Identities: []disco.Identity{{Category: "conference", Type: "text", Name: m.cfg.Name}},
		Features: []string{wire.FeatureStableID, disco.NSInfo, disco.NSItems, wire.NS, rsm.NS, register.NS,
			occupantid.NS, ping.NS, vcard.NS},
	}, nil
}

// serviceItems lists the public rooms, page by page (XEP-0045#disco-rooms).
func (m *module) serviceItems(ctx context.Context, iq *kit.IQ, e elem.Elem) (stanza.Payload, error) {
	page := rsm.Query{Max: rsm.None, Index: rsm.None}
	asked := e.Child(rsm.NS, "set")
	if asked.Ok() {
		if err := page.Decode(asked); err != nil {
			return nil, stanza.BadRequest.With(err.Error())
		}
	}
	if node := e.Attr("node"); node != "" && node != wire.NodeRooms {
		return nil, stanza.ItemNotFound.With("there is no such node")
	}
	admin := m.isOperator(iq.From.Bare())
	all, err := m.listings(ctx, func(l *listing) bool { return l.addr.Domain() == iq.Domain && (l.public || admin) })
	if err != nil {
		return nil, err
	}
	from, to, err := cut(all, &page)
	if err != nil {
		return nil, err
	}
	out := &rooms{node: e.Attr("node")}
	for _, l := range all[from:to] {
		name := l.name
		if name == "" {
			name = l.addr.Local()
		}
		out.list = append(out.list, disco.Item{JID: l.addr.JID(), Name: name})
	}
	if asked.Ok() || to-from < len(all) {
		out.page = &rsm.Page{Index: rsm.None, Count: len(all)}
		if from < to {
			out.page.First, out.page.Last, out.page.Index = all[from].addr.String(), all[to-1].addr.String(), from
		}
	}
	return out, nil
}

// cut finds the part of a list that is asked for. Rooms are named by their addresses.
func cut(all []listing, q *rsm.Query) (from, to int, err error) {
	size := listPage
	if q.Max >= 0 {
		size = min(q.Max, listPage)
	}
	at := func(addr string) (int, error) {
		i, ok := slices.BinarySearchFunc(all, addr, func(l listing, s string) int { return compare(l.addr.String(), s) })
		if !ok {
			return 0, stanza.ItemNotFound.With("there is no such room in the list")
		}
		return i, nil
	}
	switch {
	case q.After != "":
		if from, err = at(q.After); err != nil {
			return 0, 0, err
		}
		from++
	case q.Backward():
		if to = len(all); q.Before != "" {
			if to, err = at(q.Before); err != nil {
				return 0, 0, err
			}
		}
		return max(0, to-size), to, nil
	case q.Index >= 0:
		from = min(q.Index, len(all))
	}
	return from, min(from+size, len(all)), nil
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// rooms is disco#items with the page that it shows of the whole.
type rooms struct {
	node string
	list []disco.Item
	page *rsm.Page
}

// Name is that of disco#items.
func (*rooms) Name() elem.Name { return elem.Name{Space: disco.NSItems, Local: "query"} }

// Encode writes the payload.
func (r *rooms) Encode(w *elem.Writer) {
	w.Start(disco.NSItems, "query")
	w.OptAttr("node", r.node)
	for _, it := range r.list {
		w.Start(disco.NSItems, "item")
		w.Attr("jid", it.JID.String())
		w.OptAttr("name", it.Name)
		w.End()
	}
	if r.page != nil {
		r.page.Encode(w)
	}
	w.End()
}

// roomInfo is XEP-0045#disco-roominfo, #reservednick and #impl-service-traffic.
func roomInfo(ctx context.Context, q *request, in *disco.Info) (stanza.Payload, error) {
	r := q.room
	switch in.Node {
	case "":
	case wire.NodeReserved:
		out := &disco.Info{Node: in.Node}
		if nick := r.affiliations[q.by].Nick; nick != "" {
			out.Identities = []disco.Identity{{Category: "conference", Type: "text", Name: nick}}
		}
		return out, nil
	case wire.NodeTraffic: // nothing is left out
		return nil, stanza.ServiceUnavailable.With("")
	default:
		return nil, stanza.ItemNotFound.With("there is no such node")
	}
	ev := &informing{room: r, from: q.iq.From, form: forms.New(forms.Result, wire.FormInfo)}
	if err := r.m.points.info.Run(ctx, ev); err != nil {
		return nil, err
	}
	ev.features = append(ev.features, wire.NS, wire.FeatureStableID, disco.NSInfo, disco.NSItems)
	slices.Sort(ev.features)
	name := roomName.of(r)
	if name == "" {
		name = r.addr.Local()
	}
	return &disco.Info{Identities: []disco.Identity{{Category: "conference", Type: "text", Name: name}},
		Features: slices.Compact(ev.features), Forms: []*forms.Form{ev.form}}, nil
}

// roomItems lists the occupants for each other; to others they are private (XEP-0045#disco-roomitems).
func roomItems(_ context.Context, q *request, in *disco.Items) (stanza.Payload, error) {
	if in.Node != "" {
		return nil, stanza.ItemNotFound.With("there is no such node")
	}
	out := new(disco.Items)
	if q.client != nil {
		for _, o := range q.room.occupants() {
			if q.room.broadcasts(o.role) || o == q.client.in {
				out.Items = append(out.Items, disco.Item{JID: o.addr, Name: o.nick})
			}
		}
	}
	return out, nil
}
