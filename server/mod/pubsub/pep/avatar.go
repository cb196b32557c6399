package pep

import (
	"context"
	"fmt"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/mod/pubsub"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/avatar"
	wire "github.com/stonechat-im/stonechat/xep/pubsub"
)

// Cards keeps vCards (XEP-0054).
type Cards interface {
	Card(tx store.Tx, owner jid.Bare) ([]byte, bool, error)
	PutCard(tx store.Tx, owner jid.Bare, card []byte) error
	WhenSet(f func(ctx context.Context, owner jid.Bare, write func(store.Tx) error) error)
}

// avatars keeps the avatar at an account's nodes and the photo in its vCard the same (XEP-0398), each in the transaction
// that changes the other, and says in presence which it is (XEP-0153).
type avatars struct {
	m     *module
	cards Cards
	hash  *kit.Held[string] // of the photo in the vCard; empty for none
}

func (m *module) convertAvatars(env *kit.Env, cards Cards) {
	a := &avatars{m: m, cards: cards}
	a.hash = kit.Hold(env, func(ctx context.Context, account jid.Bare) (h string, err error) {
		err = env.Store.View(ctx, func(tx store.Tx) (err error) {
			h, err = a.current(tx, account)
			return err
		})
		return h, err
	})
	m.avatars = a
	m.features = append(m.features, avatar.NSConversion)
	cards.WhenSet(a.cardSet)
	kit.On(env, &env.Points.FromClient, hook.Rewrite, a.announce)
}

// current is the hash of the photo in an account's vCard; empty where there is none.
func (a *avatars) current(tx store.Tx, account jid.Bare) (string, error) {
	card, ok, err := a.cards.Card(tx, account)
	if err != nil || !ok {
		return "", err
	}
	p, err := avatar.Photo(card)
	if err != nil {
		return "", nil
	}
	return p.ID(), nil
}

// refresh notes what the vCard has after a commit.
func (a *avatars) refresh(ctx context.Context, account jid.Bare) error {
	return a.hash.Update(ctx, account, func(tx store.Tx) (string, error) { return a.current(tx, account) }, nil)
}

// public is how the nodes of a photo are made that anybody can see in the vCard.
func public() pubsub.Settings {
	s := pubsub.AccountDefaults()
	s.Access = pubsub.Open
	return s
}

// cardSet carries out a client's change of the vCard, and publishes the photo when it is a new one (XEP-0398#vcard2pep).
func (a *avatars) cardSet(ctx context.Context, owner jid.Bare, write func(store.Tx) error) error {
	changed := false
	err := a.m.engine.Change(ctx, owner, func(tx *pubsub.Tx) error {
		was, err := a.current(tx.Store(), owner)
		if err != nil {
			return err
		}
		if err := write(tx.Store()); err != nil {
			return err
		}
		card, _, err := a.cards.Card(tx.Store(), owner)
		if err != nil {
			return err
		}
		p, err := avatar.Photo(card)
		now := ""
		if err == nil {
			now = p.ID()
		}
		if changed = now != was; !changed {
			return nil
		}
		return a.publish(tx, p, was, now)
	})
	if err != nil || !changed {
		return err
	}
	return a.refresh(ctx, owner)
}

// publish brings the nodes in line with a photo; was and now are hashes, empty for none.
func (a *avatars) publish(tx *pubsub.Tx, p *avatar.Image, was, now string) error {
	shown, id, err := published(tx)
	if err != nil || id == now {
		return err
	}
	if now == "" {
		if !shown || id != was { // what was taken out of the vCard is not what the nodes have
			return nil
		}
		return tx.Publish(avatar.NSMetadata, wire.Item{ID: "none", Payload: encoded(new(avatar.Metadata))}, public())
	}
	if err := tx.Publish(avatar.NSData, wire.Item{ID: now, Payload: encoded(p)}, public()); err != nil {
		return err
	}
	meta := &avatar.Metadata{Infos: []avatar.Info{{ID: now, Type: p.Type, Bytes: len(p.Data)}}}
	return tx.Publish(avatar.NSMetadata, wire.Item{ID: now, Payload: encoded(meta)}, public())
}

// published returns the id of the avatar that the metadata node shows, and whether it shows any.
func published(tx *pubsub.Tx) (shown bool, id string, err error) {
	all, err := tx.Items(avatar.NSMetadata)
	if err != nil || len(all) == 0 {
		return false, "", err
	}
	i, ok := metadata(all[len(all)-1].Payload).Here()
	return ok, i.ID, nil
}

func metadata(payload []byte) *avatar.Metadata {
	m := new(avatar.Metadata)
	if t, err := elem.Parse(payload, stanza.NSClient); err == nil {
		_ = m.Decode(t.Root()) // it never fails
	}
	return m
}

// encoded writes a payload as items have it.
func encoded(p stanza.Payload) []byte {
	w := elem.NewWriter(nil, "")
	p.Encode(w)
	return w.Bytes()
}

// changing takes what is published at the metadata node into the vCard, in the same transaction (XEP-0398#pep2vcard).
// What not everybody may see is not shown there (XEP-0398#security).
func (a *avatars) changing(tx *pubsub.Tx, n *pubsub.Notice) error {
	if n.Node != avatar.NSMetadata || n.Event.What != wire.EventItems || len(n.Event.Items) == 0 {
		return nil
	}
	s, ok, err := tx.Settings(avatar.NSData)
	if err != nil || ok && s.Access != pubsub.Open {
		return err
	}
	all, err := tx.Items(avatar.NSMetadata) // the event may lack the payload
	if err != nil || len(all) == 0 {
		return err
	}
	was, err := a.current(tx.Store(), tx.Host())
	if err != nil {
		return err
	}
	meta := metadata(all[len(all)-1].Payload)
	info, here := meta.Here()
	var p *avatar.Image
	switch {
	case here && info.ID == was, !here && was == "":
		return nil
	case here:
		if p, err = image(tx, info); err != nil || p == nil {
			return err
		}
	case len(meta.Infos) > 0: // elsewhere
		return nil
	}
	card, _, err := a.cards.Card(tx.Store(), tx.Host())
	if err != nil {
		return err
	}
	err = a.cards.PutCard(tx.Store(), tx.Host(), avatar.WithPhoto(card, p))
	if se, meant := stanza.AsError(err); err != nil && meant { // too large for a vCard, which is no reason to refuse it
		a.m.env.Log.Debug("an avatar does not go into the vCard", "jid", tx.Host(), "err", se)
		return nil
	}
	return err
}

// image is what the data node has of an avatar; nil where it is not there, or is another.
func image(tx *pubsub.Tx, info avatar.Info) (*avatar.Image, error) {
	it, ok, err := tx.Item(avatar.NSData, info.ID)
	if err != nil || !ok {
		return nil, err
	}
	t, err := elem.Parse(it.Payload, stanza.NSClient)
	if err != nil {
		return nil, fmt.Errorf("a stored avatar: %w", err)
	}
	p := new(avatar.Image)
	if p.Decode(t.Root()) != nil || !strings.EqualFold(p.ID(), info.ID) {
		return nil, nil
	}
	p.Type = info.Type
	return p, nil
}

// announce puts the hash of the photo into presence, unless the client says that it shows none (XEP-0398#presence).
func (a *avatars) announce(ctx context.Context, ev *kit.FromClient) error {
	s := ev.Stanza
	if s.Kind != stanza.Presence || s.Type != stanza.Available {
		return nil
	}
	h, err := a.hash.Get(ctx, ev.Session.JID().Bare())
	if err != nil || h == "" {
		return err
	}
	if x := s.Child(avatar.NSUpdate, "x"); x.Ok() {
		var u avatar.Update
		if u.Decode(x) == nil && u.Ready && (u.Photo == "" || u.Photo == h) {
			return nil
		}
		s = s.Without(func(e elem.Elem) bool { return e.Is(avatar.NSUpdate, "x") })
	}
	c := s.With(&avatar.Update{Photo: h, Ready: true})
	c.Custody = ev.Stanza.Custody
	ev.Stanza = c
	return nil
}
