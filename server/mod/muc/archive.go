package muc

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/hints"
	"github.com/stonechat-im/stonechat/xep/mam"
	wire "github.com/stonechat-im/stonechat/xep/muc"
	"github.com/stonechat-im/stonechat/xep/retract"
	"github.com/stonechat-im/stonechat/xep/rsm"
	"github.com/stonechat-im/stonechat/xep/stanzaid"
)

// queryMost is how many messages one page of the archive has at most, and queryPage how many when nobody says.
const (
	queryMost = 250
	queryPage = 50
)

// said is a message as the archive keeps it: who it was, for those who may know, and the message as everybody got it.
type said struct {
	by          string // full address; empty for the room itself
	affiliation string
	role        string
	message     []byte // as stanza.Forwarded writes it, without to
}

func (v *said) value() []byte {
	return bytes.Join([][]byte{[]byte(v.by), []byte(v.affiliation), []byte(v.role), v.message}, []byte("\n"))
}

var errArchive = errors.New("a message in a room's archive cannot be read")

func readSaid(b []byte) (v said, err error) {
	parts := bytes.SplitN(b, []byte("\n"), 4)
	if len(parts) != 4 {
		return v, errArchive
	}
	return said{string(parts[0]), string(parts[1]), string(parts[2]), parts[3]}, nil
}

// addArchive gives every room an archive (XEP-0313#archives_muc) and its messages the ids that they have there (XEP-0359).
func (m *module) addArchive() {
	m.feature(mam.NS, mam.FeatureExtended, stanzaid.NS)
	on("archive", &m.points.speak, hook.Rewrite, func(ev *speaking) error {
		if ev.keep = worthKeeping(ev); ev.keep {
			ev.id = stanzaid.New(ev.now)
			ev.st = ev.st.With(&stanzaid.StanzaID{ID: ev.id, By: ev.room.addr.String()})
		}
		return nil
	})
	on("archive", &m.points.speak, hook.Archive, func(ev *speaking) error {
		if ev.keep {
			o := ev.by.in
			ev.hold(ev.room.archived(ev.id, ev.now, o.who, o.nick, &said{by: ev.by.jid.String(),
				affiliation: ev.room.affiliationOf(o.who).String(), role: o.role.String(), message: forwarded(ev.st)}))
		}
		return nil
	})
	m.points.loaded.Add("archive", hook.Archive, m.recall)
	kit.HandleIQ(m.env, m.svc.Node(), stanza.Set, m.query)
	onRoom(m, stanza.Get, func(_ context.Context, q *request, _ *mam.Query) (stanza.Payload, error) {
		return mam.Fields(false), q.mayRead()
	})
	kit.HandleIQ(m.env, m.svc.Node(), stanza.Get, m.metadata)
}

// forwarded writes a message as it is kept and sent from the archive (XEP-0313#business-storeret-muc-archives: "the
// forwarded stanza MUST NOT have a 'to' attribute").
func forwarded(s *stanza.Stanza) []byte { return s.Readdress(s.From, jid.JID{}).Forwarded(nil) }

// worthKeeping is what a room's archive has: what was said, and what changes it (XEP-0313#business-storeret-muc-archives).
func worthKeeping(ev *speaking) bool {
	s := ev.st
	switch {
	case ev.subject:
		return true
	case hints.Has(s, hints.NoStore), hints.Has(s, hints.NoPermanentStore):
		return false
	}
	return s.Has(stanza.NSClient, "body") || hints.Has(s, hints.Store) || s.Has(retract.NS, "retract") ||
		hasOwnChild(s, func(e elem.Elem) bool {
			return e.Is("urn:xmpp:reactions:0", "reactions") || e.Is("urn:xmpp:chat-markers:0", "displayed") || e.Is("urn:xmpp:fasten:0", "apply-to")
		})
}

// hold makes the sender's acknowledgement wait for a write.
func (ev *speaking) hold(c *store.Commit) {
	ev.custody.Take()
	c.OnDone(ev.custody.Release)
}

// archived appends a message to the archive.
func (r *Room) archived(id string, at time.Time, who jid.Bare, nick string, v *said) *store.Commit {
	r.last = r.m.archive.Append(r.addr.String(), store.Item{ID: id, At: at, Peer: who.String(), Resource: nick, Value: v.value()})
	return r.last
}

// recall fills the history of a room that was loaded.
func (m *module) recall(ctx context.Context, ev *loading) error {
	page, err := m.archive.Query(ctx, ev.room.addr.String(), store.Query{Limit: m.cfg.MaxHistory, Backward: true})
	if err != nil {
		return err
	}
	h := m.past.of(ev.room)
	for _, it := range page.Items {
		v, err := readSaid(it.Value)
		if err != nil {
			return err
		}
		s, err := stanza.Parse(v.message)
		if err != nil {
			return err
		}
		if s.Has(stanza.NSClient, "body") {
			h.add(past{it.ID, it.Peer, it.At, s.Index()}, m.cfg.MaxHistory)
		}
	}
	return nil
}

// mayRead says why somebody may not read the archive: it takes the right to enter the room, and, where the archive is not
// public, an affiliation or being inside (XEP-0313#business-storeret-muc-archives).
func (q *request) mayRead() error {
	inside := len(q.room.find(q.by)) > 0
	known := inside || q.affiliation >= wire.Member
	switch {
	case q.affiliation == wire.Outcast,
		membersOnly.of(q.room) && q.affiliation < wire.Member,
		roomSecret.of(q.room) != "" && !known,
		!logging.of(q.room) && !known:
		return stanza.Forbidden.With("the archive of this room is not open to you")
	}
	return nil
}

// reader is somebody who may read an archive, with what he may see of those who wrote it.
type reader struct {
	discloses bool
	nicks     map[string]jid.Bare // who is behind a nickname, as far as the room knows
}

func (m *module) reader(ctx context.Context, iq *kit.IQ, with jid.JID) (rd reader, err error) {
	r, err := m.acquire(ctx, iq.To.Bare())
	if err != nil {
		return rd, err
	}
	if r == nil {
		return rd, stanza.ItemNotFound.With("there is no such room")
	}
	defer r.release(ctx)
	q := &request{room: r, iq: iq, by: iq.From.Bare()}
	q.affiliation = r.affiliationOf(q.by)
	if r.state == locked && q.affiliation != wire.Owner {
		return rd, stanza.ItemNotFound.With("the room is not configured yet")
	}
	rd.discloses = r.discloses(q.role())
	if nick := with.Resource(); nick != "" && with.Bare() == r.addr {
		rd.nicks = make(map[string]jid.Bare)
		if o := r.nicks[nick]; o != nil {
			rd.nicks[nick] = o.who
		} else if b, ok := r.reservedBy(nick); ok {
			rd.nicks[nick] = b
		}
	}
	return rd, q.mayRead()
}

// query answers with a page of the archive (XEP-0313#query). The room's lock is not held.
func (m *module) query(ctx context.Context, iq *kit.IQ, in *mam.Query) (stanza.Payload, error) {
	f, err := mam.ReadFilter(in.Form, false)
	if err != nil {
		return nil, err
	}
	rd, err := m.reader(ctx, iq, f.With)
	if err != nil {
		return nil, err
	}
	sq, nothing := storeQuery(&f, in.RSM, iq.To.Bare(), &rd)
	if nothing {
		return &mam.Fin{Complete: true, Page: rsm.Page{Index: rsm.None, Count: 0}}, nil
	}
	page, err := m.archive.Query(ctx, iq.To.Bare().String(), sq)
	if errors.Is(err, store.ErrNotFound) {
		return nil, stanza.ItemNotFound.With("there is no such message in the archive")
	}
	if err != nil {
		return nil, err
	}
	fin := &mam.Fin{Complete: page.Complete, Page: rsm.Page{Index: page.First, Count: page.Count}}
	if n := len(page.Items); n > 0 {
		fin.Page.First, fin.Page.Last = page.Items[0].ID, page.Items[n-1].ID
	}
	if in.Flip {
		slices.Reverse(page.Items)
	}
	for _, it := range page.Items {
		v, err := readSaid(it.Value)
		if err != nil {
			return nil, err
		}
		res := mam.At(in.QueryID, it.ID, it.At, v.shown(rd.discloses))
		m.env.Router.Route(ctx, stanza.New(stanza.Message, stanza.Normal, iq.To, iq.From, stanzaid.New(it.At), res))
	}
	return fin, nil
}

// storeQuery puts a request in the store's terms. nothing says that it can find nothing.
func storeQuery(f *mam.Filter, page *rsm.Query, room jid.Bare, rd *reader) (q store.Query, nothing bool) {
	q = store.Query{Start: f.Start, End: f.End, AfterID: f.AfterID, BeforeID: f.BeforeID, IDs: f.IDs, Limit: queryPage, WantCount: true}
	if page != nil {
		q.After, q.Before, q.Backward = page.After, page.Before, page.Backward()
		if page.Max >= 0 {
			q.Limit = min(page.Max, queryMost)
		}
	}
	switch {
	case f.With.IsZero(), f.With == room.JID():
	case f.With.Bare() == room: // an occupant
		who, ok := rd.nicks[f.With.Resource()]
		q.Peer, q.PeerResource = who.String(), f.With.Resource()
		nothing = !ok
	default: // a real address (XEP-0313#filter-jid)
		q.Peer = f.With.Bare().String()
		nothing = !rd.discloses
	}
	return q, nothing
}

// shown is the message as a reader gets it: with its writer's address for those who may know it.
func (v *said) shown(discloses bool) []byte {
	if !discloses || v.by == "" {
		return v.message
	}
	it := wire.Item{JID: v.by}
	it.Affiliation, _ = wire.ParseAffiliation(v.affiliation) // we wrote them
	it.Role, _ = wire.ParseRole(v.role)
	end := []byte("</message>")
	w := elem.NewWriter(slices.Clone(bytes.TrimSuffix(v.message, end)), stanza.NSClient)
	(&wire.User{Items: []wire.Item{it}}).Encode(w)
	return append(w.Bytes(), end...)
}

// metadata tells the two ends of the archive (XEP-0313#archive-metadata).
func (m *module) metadata(ctx context.Context, iq *kit.IQ, _ *mam.Metadata) (stanza.Payload, error) {
	if _, err := m.reader(ctx, iq, jid.JID{}); err != nil {
		return nil, err
	}
	b, ok, err := m.archive.Bounds(ctx, iq.To.Bare().String())
	if err != nil || !ok {
		return &mam.Metadata{}, err
	}
	return &mam.Metadata{Start: &mam.Mark{ID: b.FirstID, At: b.FirstAt}, End: &mam.Mark{ID: b.LastID, At: b.LastAt}}, nil
}

// trim forgets what is older than archives go back.
func (m *module) trim(ctx context.Context) {
	if m.cfg.Retention == 0 {
		return
	}
	_, err := m.archive.TrimAll(ctx, store.Retention{Before: time.Now().Add(-time.Duration(m.cfg.Retention))})
	if err != nil && ctx.Err() == nil {
		m.log.Error("trimming the archives of rooms", "err", err)
	}
}

// tidy removes the archives of temporary rooms that a crash has left behind.
func (m *module) tidy(ctx context.Context) error {
	if err := m.index(ctx); err != nil {
		return err
	}
	const step = 256
	for after, more := "", true; more; {
		owners, err := m.archive.Owners(ctx, after, step)
		if err != nil {
			return err
		}
		for _, o := range owners {
			after = o
			if b, err := jid.ParseBare(o); err == nil && m.hosts(b.Domain()) {
				m.tidyOne(b)
			}
		}
		more = len(owners) == step
	}
	return nil
}

// tidyOne queues the removal while no room of that name can be made.
func (m *module) tidyOne(b jid.Bare) {
	sh := m.shard(b)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.slots[b] == nil {
		m.env.Store.Go(func(tx store.Tx) error { return m.archive.In(tx).Clear(b.String()) })
	}
}
