package muc

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
	"github.com/stonechat-im/stonechat/xep/vcard"
)

// addAvatar gives rooms a vCard with a picture (XEP-0486).
func (m *module) addAvatar() {
	cards := store.OpenKV[[]byte](m.env.Store, "muc-cards")
	m.feature(vcard.NS)
	on("avatar", &m.points.info, hook.Rewrite, func(ev *informing) error { // #disco-avatar-hash
		if photos := ev.room.record.Photos; len(photos) > 0 {
			ev.tell("muc#roominfo_avatarhash", "Avatar hash", photos...)
			ev.form.Field("muc#roominfo_avatarhash").Type = "text-multi"
		}
		return nil
	})
	onRoom(m, stanza.Set, func(_ context.Context, q *request, in *vcard.Card) (stanza.Payload, error) {
		r := q.room
		if q.affiliation != wire.Owner { // #owner-publish
			return nil, stanza.Forbidden.With("only owners may set the avatar")
		}
		photos, err := hashes(in.Bytes())
		if err != nil {
			return nil, err
		}
		r.record.Photos = photos
		card := in.Bytes()
		q.wait = append(q.wait, r.save(), r.queue(func(tx store.Tx) error {
			return cards.In(tx).Put(r.addr.String(), card)
		}))
		q.after = append(q.after, func() { r.announceConfig(nil) })
		return nil, nil
	})
	kit.HandleIQ(m.env, m.svc.Node(), stanza.Get, func(ctx context.Context, iq *kit.IQ, _ *vcard.Card) (stanza.Payload, error) {
		r, err := m.acquire(ctx, iq.To.Bare())
		if err == nil && r == nil {
			err = stanza.ItemNotFound.With("there is no such room")
		}
		if err != nil {
			return nil, err
		}
		r.release(ctx)
		b, _, err := cards.Get(ctx, iq.To.Bare().String())
		return vcard.FromBytes(b), err
	})
}

// hashes are those of the pictures of a card (XEP-0153, XEP-0486#multiple).
func hashes(card []byte) ([]string, error) {
	t, err := elem.Parse(card, stanza.NSClient)
	if err != nil {
		return nil, err
	}
	var out []string
	for e := range t.Root().Children() {
		if !e.Is(vcard.NS, "PHOTO") || !e.Child(vcard.NS, "BINVAL").Ok() {
			continue
		}
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(e.ChildText(vcard.NS, "BINVAL")), ""))
		if err != nil {
			return nil, stanza.NotAcceptable.With("a picture is not base64")
		}
		sum := sha1.Sum(b)
		out = append(out, hex.EncodeToString(sum[:]))
	}
	return slices.Compact(out), nil
}
