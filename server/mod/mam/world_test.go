package mam

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/mam"
	"github.com/stonechat-im/stonechat/xep/rsm"
)

// world is the module without a server around it: nobody is online, and what is sent goes to a function.
type world struct {
	kit.Router
	m     *module
	realm *kit.Realm
	sent  func(*stanza.Stanza)
}

func newWorld(t testing.TB, db store.DB, cfg Config) *world {
	t.Helper()
	w := &world{sent: func(*stanza.Stanza) {}}
	w.realm = &kit.Realm{Name: "capulet.example", Domains: []string{"capulet.example"}, Store: db, Router: w, Points: new(kit.Points)}
	mod, err := New(w.realm.NewEnv(Def.Info, slog.New(slog.DiscardHandler)), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if bad := w.realm.Freeze(nil); len(bad) > 0 {
		t.Fatal(bad)
	}
	w.m = mod.(*module)
	return w
}

func (w *world) Route(_ context.Context, s *stanza.Stanza) { w.sent(s) }
func (w *world) Sessions(jid.Bare) []kit.Session           { return nil }
func (w *world) Session(jid.Full) (kit.Session, bool)      { return nil, false }

func config(change func(*Config)) Config {
	cfg := Def.Defaults().(Config)
	if change != nil {
		change(&cfg)
	}
	return cfg
}

var juliet = jid.MustBare("juliet@capulet.example")

// ask queries juliet's archive and returns the messages in the order in which they are sent.
func (w *world) ask(t testing.TB, q *wire.Query) (ids []string, fin *wire.Fin) {
	t.Helper()
	w.sent = func(s *stanza.Stanza) { ids = append(ids, s.Child(wire.NS, "result").Attr("id")) }
	defer func() { w.sent = func(*stanza.Stanza) {} }()
	p, err := w.m.query(context.Background(), asks(), q)
	if err != nil {
		t.Fatal(err)
	}
	return ids, p.(*wire.Fin)
}

func asks() *kit.IQ {
	return &kit.IQ{Stanza: &stanza.Stanza{Kind: stanza.IQ, Type: stanza.Set, From: jid.MustParse("juliet@capulet.example/balcony")}, Account: juliet}
}

func set(q rsm.Query) *rsm.Query {
	if q.Max == 0 {
		q.Max = rsm.None
	}
	if q.Index == 0 {
		q.Index = rsm.None
	}
	return &q
}
