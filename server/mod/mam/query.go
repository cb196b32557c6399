package mam

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/mam"
	"github.com/stonechat-im/stonechat/xep/rsm"
)

// maxWords is how many words a search may have.
const maxWords = 32

// form tells which fields a query may have (XEP-0313#query-form).
func (m *module) form(context.Context, *kit.IQ, *wire.Query) (stanza.Payload, error) {
	return wire.Fields(m.cfg.Search), nil
}

// metadata tells where an archive begins and ends (XEP-0313#archive-metadata).
func (m *module) metadata(ctx context.Context, iq *kit.IQ, _ *wire.Metadata) (stanza.Payload, error) {
	if err := m.settle(ctx); err != nil {
		return nil, err
	}
	b, ok, err := m.log.Bounds(ctx, iq.Account.String())
	if err != nil || !ok {
		return &wire.Metadata{}, err
	}
	return &wire.Metadata{Start: &wire.Mark{ID: b.FirstID, At: b.FirstAt}, End: &wire.Mark{ID: b.LastID, At: b.LastAt}}, nil
}

// settle waits for the messages that are being written, so that a client finds what it has seen.
func (m *module) settle(ctx context.Context) error {
	if m.pending.Load() == 0 {
		return nil
	}
	return m.env.Store.Sync(ctx)
}

// query sends a page of an archive and says which it was (XEP-0313#query).
func (m *module) query(ctx context.Context, iq *kit.IQ, q *wire.Query) (stanza.Payload, error) {
	if q.Node != "" {
		return nil, stanza.ItemNotFound.With("an account has one archive, without nodes")
	}
	sq, desc, err := m.plan(q)
	if err != nil {
		return nil, err
	}
	if err := m.settle(ctx); err != nil {
		return nil, err
	}
	page, err := m.log.Query(ctx, iq.Account.String(), sq)
	if errors.Is(err, store.ErrNotFound) { // XEP-0313#query-limit-id, #query-paging-request
		return nil, stanza.ItemNotFound.With("the archive has no message with one of these ids")
	}
	if err != nil {
		return nil, err
	}
	if !sq.WantCount {
		page.First, page.Count = rsm.None, rsm.None
		if page.Complete && sq.After == "" && sq.Before == "" { // it is all there is
			page.First, page.Count = 0, len(page.Items)
		}
	}
	m.shorten(&page, sq.Backward)
	fin := &wire.Fin{Complete: page.Complete, Page: placed(&page, desc)}
	if desc != q.Flip { // flipping turns the page over and leaves it the same page (XEP-0313#query-paging-flip)
		slices.Reverse(page.Items)
	}
	for i := range page.Items {
		m.send(ctx, iq, q.QueryID, &page.Items[i])
	}
	return fin, nil
}

// plan works out what the store is asked. desc says that the newest message comes first in the whole result set
// (XEP-0413): its beginning is the archive's end, and the page that RSM asks for lies the other way round.
func (m *module) plan(q *wire.Query) (sq store.Query, desc bool, err error) {
	f, err := wire.ReadFilter(q.Form, m.cfg.Search)
	if err != nil {
		return sq, false, err
	}
	set := rsm.Query{Max: rsm.None, Index: rsm.None}
	if q.RSM != nil {
		set = *q.RSM
	}
	for _, o := range q.Orders {
		if o.By != "creation" && o.By != "modification" { // the same, for messages do not change
			return sq, false, stanza.FeatureNotImplemented.With("messages are ordered by creation")
		}
	}
	switch {
	case set.Index > 0: // XEP-0059#jump
		return sq, false, stanza.FeatureNotImplemented.With("pages cannot be asked for by their index")
	case len(f.IDs) > m.cfg.MaxPage:
		return sq, false, stanza.PolicyViolation.With(fmt.Sprintf("at most %d ids at once", m.cfg.MaxPage))
	case len(store.Words(f.Text)) > maxWords:
		return sq, false, stanza.PolicyViolation.With(fmt.Sprintf("at most %d words at once", maxWords))
	}
	desc = len(q.Orders) > 0 && q.Orders[0].Desc
	sq = store.Query{
		Start: f.Start, End: f.End, AfterID: f.AfterID, BeforeID: f.BeforeID, IDs: f.IDs, Text: f.Text,
		After: set.After, Before: set.Before, Backward: set.Backward(), Limit: m.cfg.Page,
		WantCount: f.Text == "", // what a search finds is not counted: it would have to be found twice
	}
	if !f.With.IsZero() { // what one sent to oneself has one's own address as the peer (XEP-0313#filter-jid)
		sq.Peer, sq.PeerResource = f.With.Bare().String(), f.With.Resource()
	}
	if set.Max != rsm.None {
		sq.Limit = min(set.Max, m.cfg.MaxPage)
	}
	if desc {
		sq.After, sq.Before, sq.Backward = set.Before, set.After, !set.Backward()
	}
	return sq, desc, nil
}

// shorten keeps a page within the size that is sent at once, at the side where it was asked for.
func (m *module) shorten(page *store.Page, backward bool) {
	left := int(m.cfg.PageSize)
	n := 0
	for ; n < len(page.Items); n++ {
		i := n
		if backward {
			i = len(page.Items) - 1 - n
		}
		if left -= len(page.Items[i].Value); left < 0 && n > 0 {
			break
		}
	}
	cut := len(page.Items) - n
	if cut == 0 {
		return
	}
	page.Complete = false
	if !backward {
		page.Items = page.Items[:n]
		return
	}
	page.Items = page.Items[cut:]
	if page.First >= 0 {
		page.First += cut
	}
}

// placed describes a page as XEP-0059 wants it.
func placed(page *store.Page, desc bool) rsm.Page {
	out := rsm.Page{Index: page.First, Count: page.Count}
	n := len(page.Items)
	if n == 0 {
		return out
	}
	out.First, out.Last = page.Items[0].ID, page.Items[n-1].ID
	if desc {
		out.First, out.Last = out.Last, out.First
		out.Index = rsm.None
		if page.First >= 0 && page.Count >= 0 {
			out.Index = page.Count - page.First - n
		}
	}
	return out
}

// send sends one message of the archive (XEP-0313#results).
func (m *module) send(ctx context.Context, iq *kit.IQ, queryID string, it *store.Item) {
	w := elem.NewWriter(make([]byte, 0, len(it.Value)+len(queryID)+256), stanza.NSClient)
	wire.At(queryID, it.ID, it.At, it.Value).Encode(w)
	s := stanza.Raw(stanza.Message, stanza.Normal, iq.Account.JID(), iq.From, "", w.Bytes())
	if iq.Session != nil {
		iq.Session.Send(ctx, s)
		return
	}
	m.env.Router.Route(ctx, s) // the session has gone
}
