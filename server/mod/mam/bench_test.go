package mam

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/sqlite"
	wire "github.com/stonechat-im/stonechat/xep/mam"
	"github.com/stonechat-im/stonechat/xep/rsm"
)

var words = strings.Fields("but soft what light through yonder window breaks it is the east and Juliet is the sun arise fair sun and kill the envious moon")

// fill archives n messages of 20 peers for juliet, one a second. Every thousandth speaks of a nightingale.
func fill(b *testing.B, w *world, n int) time.Time {
	b.Helper()
	at := time.Date(1595, 1, 30, 19, 0, 0, 0, time.UTC)
	var last *store.Commit
	for i := range n {
		text := strings.Join([]string{words[i%len(words)], words[i/7%len(words)], words[i/31%len(words)], "so", words[i/3%len(words)]}, " ")
		if i%1000 == 500 {
			text += " nightingale"
		}
		peer := fmt.Sprintf("montague%d@montague.example", i%20)
		last = w.m.log.Append(juliet.String(), store.Item{ID: fmt.Sprintf("%026d", i), At: at.Add(time.Duration(i) * time.Second), Peer: peer, Resource: "orchard", Text: text,
			Value: []byte("<message xmlns='jabber:client' from='" + peer + "/orchard' to='juliet@capulet.example' type='chat' id='9d1c6a8e-0000-4d6e-9d5f-1b0a7c1f2e3d'><body>" + text +
				"</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/><origin-id xmlns='urn:xmpp:sid:0' id='9d1c6a8e-0000-4d6e-9d5f-1b0a7c1f2e3d'/></message>")})
	}
	if err := last.Wait(context.Background()); err != nil {
		b.Fatal(err)
	}
	return at
}

// BenchmarkQuery asks an archive of a thousand and one of a million messages for the same pages. It takes a minute or two
// to fill the latter.
func BenchmarkQuery(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		if testing.Short() && n > 1_000 {
			continue
		}
		db, err := sqlite.Open(filepath.Join(b.TempDir(), "archive.db"))
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		w := newWorld(b, db, config(nil))
		began := time.Now()
		at := fill(b, w, n)
		b.Logf("%d messages archived, %.0f a second", n, float64(n)/time.Since(began).Seconds())
		for _, c := range []struct {
			name string
			q    wire.Query
		}{
			{"first page", wire.Query{RSM: set(rsm.Query{Max: 50})}},
			{"last page", wire.Query{RSM: set(rsm.Query{Max: 50, Last: true})}},
			{"last page with a peer", wire.Query{Form: (&wire.Filter{With: jid.MustParse("montague3@montague.example")}).Form(), RSM: set(rsm.Query{Max: 50, Last: true})}},
			{"after the middle", wire.Query{RSM: set(rsm.Query{Max: 50, After: fmt.Sprintf("%026d", n/2)})}},
			{"from a time", wire.Query{Form: (&wire.Filter{Start: at.Add(time.Duration(n-100) * time.Second)}).Form(), RSM: set(rsm.Query{Max: 50})}},
			{"search", wire.Query{Form: (&wire.Filter{Text: "nightingale"}).Form(), RSM: set(rsm.Query{Max: 50, Last: true})}},
		} {
			b.Run(fmt.Sprintf("%s of %d", c.name, n), func(b *testing.B) {
				for range b.N {
					w.ask(b, &c.q)
				}
			})
		}
	}
}
