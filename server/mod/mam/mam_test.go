package mam

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/memory"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/mam"
	"github.com/stonechat-im/stonechat/xep/rsm"
)

// A page is cut where it gets too large, at the side that was asked for; one message always goes out.
func TestPageSize(t *testing.T) {
	w := newWorld(t, memory.New(), config(func(c *Config) { c.PageSize = 2500 }))
	for i := range 5 {
		w.m.log.Append(juliet.String(), store.Item{ID: fmt.Sprint(i), At: time.Unix(int64(i), 0), Value: []byte("<message xmlns='jabber:client'><body>" + strings.Repeat("x", 1000) + "</body></message>")})
	}
	w.m.log.Append(juliet.String(), store.Item{ID: "5", At: time.Unix(5, 0), Value: []byte("<message xmlns='jabber:client'><body>" + strings.Repeat("x", 9000) + "</body></message>")})
	if err := w.m.env.Store.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		q    wire.Query
		ids  []string
		fin  wire.Fin
	}{
		{"forwards", wire.Query{}, []string{"0", "1"}, wire.Fin{Page: rsm.Page{First: "0", Last: "1", Index: 0, Count: 6}}},
		{"backwards", wire.Query{RSM: set(rsm.Query{Before: "5"})}, []string{"3", "4"}, wire.Fin{Page: rsm.Page{First: "3", Last: "4", Index: 3, Count: 6}}},
		{"one that is too large", wire.Query{RSM: set(rsm.Query{Last: true})}, []string{"5"}, wire.Fin{Page: rsm.Page{First: "5", Last: "5", Index: 5, Count: 6}}},
		{"the other order", wire.Query{Orders: []wire.Order{{By: "creation", Desc: true}}, RSM: set(rsm.Query{After: "5"})}, []string{"4", "3"}, wire.Fin{Page: rsm.Page{First: "4", Last: "3", Index: 1, Count: 6}}},
		{"the end of the other order", wire.Query{Orders: []wire.Order{{By: "creation", Desc: true}}, RSM: set(rsm.Query{Max: 2, Last: true})}, []string{"1", "0"}, wire.Fin{Page: rsm.Page{First: "1", Last: "0", Index: 4, Count: 6}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ids, fin := w.ask(t, &c.q)
			if d := cmp.Diff(c.ids, ids); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(&c.fin, fin); d != "" {
				t.Error(d)
			}
		})
	}
}

// The acknowledgement waits for the commit, and what cannot be stored is not acknowledged.
func TestCustody(t *testing.T) {
	db := memory.New()
	w := newWorld(t, db, config(nil))
	send := func() *keeper {
		var r stanza.Received
		r.Stanza = *stanza.Raw(stanza.Message, stanza.Chat, jid.MustParse("romeo@montague.example/orchard"), juliet.JID(), "m1", []byte("<body>x</body>"))
		k := &keeper{done: make(chan error, 1)}
		c := r.Hold(k, 1)
		if err := w.realm.Points.ToAccount.Run(t.Context(), &kit.ToAccount{Account: juliet, Stanza: &r.Stanza}); err != nil {
			t.Fatal(err)
		}
		c.Release(nil)
		return k
	}
	if err := <-send().done; err != nil {
		t.Error(err)
	}
	if n, err := w.m.log.Count(t.Context(), juliet.String()); n != 1 || err != nil {
		t.Errorf("acknowledged and %d there, %v", n, err)
	}
	if err := w.m.prefs.Update(t.Context(), juliet, func(store.Tx) (*prefs, error) { return nil, errors.New("x") }, nil); err == nil {
		t.Error("an update that failed")
	}
}

type keeper struct{ done chan error }

func (k *keeper) Secured(_ uint32, err error) { k.done <- err }

// Nobody makes us look for more than a few retracted messages a minute.
func TestRetractionsAreLimited(t *testing.T) {
	var l limiter
	now := time.Unix(0, 0)
	romeo, nurse := jid.MustBare("romeo@montague.example"), jid.MustBare("nurse@capulet.example")
	for i := range 100 {
		if got := l.allow(juliet, romeo, now); got != (i < retractMost) {
			t.Fatalf("%d: %v", i, got)
		}
	}
	if !l.allow(juliet, nurse, now) || !l.allow(romeo, romeo, now) || !l.allow(juliet, romeo, now.Add(time.Minute)) {
		t.Error("others, and later, may")
	}
}

// Who has no choice made for him has the one of the configuration, and nobody is in a roster that is not there.
func TestDefaults(t *testing.T) {
	for _, c := range []struct {
		def  wire.Default
		want bool
	}{{wire.Always, true}, {wire.Never, false}, {wire.Roster, false}} {
		w := newWorld(t, memory.New(), config(func(cfg *Config) { cfg.Default = string(c.def) }))
		if got, err := w.m.wanted(context.Background(), juliet, jid.MustParse("romeo@montague.example")); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", c.def, got, err)
		}
	}
}
