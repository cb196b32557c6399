package mam_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/mod/all"
	"github.com/stonechat-im/stonechat/server/run"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/sqlite"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/stream"
	"github.com/stonechat-im/stonechat/transport"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// lanes is how many pairs chat at the same time.
const lanes = 16

// BenchmarkChat is messages from one half of the accounts to the other over loopback, on SQLite, with and without an
// archive. A message counts when the server has acknowledged it to its sender (XEP-0198): then it is committed.
func BenchmarkChat(b *testing.B) {
	for _, c := range []struct {
		name    string
		without []string
	}{{"archived", nil}, {"not archived", []string{"mam"}}} {
		b.Run(c.name, func(b *testing.B) {
			db, err := sqlite.Open(filepath.Join(b.TempDir(), "chat.db"))
			if err != nil {
				b.Fatal(err)
			}
			chat(b, db, c.without)
		})
	}
}

func chat(b *testing.B, db store.DB, without []string) {
	lim := run.DefaultLimits()
	lim.Rate = 0
	s, err := run.New(b.Context(), run.Config{Plaintext: true, Limits: lim, Realms: []run.Realm{{Domains: []string{"localhost"}, Without: without}}},
		all.Defs(), db, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Start(run.Listen{Client: []string{"127.0.0.1:0"}}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(b.Context()), 10*time.Second)
		defer cancel()
		if err := errors.Join(s.Stop(ctx), db.Close()); err != nil {
			b.Error(err)
		}
	})
	var from, to []transport.Conn
	var full []string
	for i := range lanes {
		c, _ := enter(b, s, fmt.Sprintf("romeo%d", i))
		from = append(from, c)
		c, f := enter(b, s, fmt.Sprintf("juliet%d", i))
		to, full = append(to, c), append(full, f)
	}
	before := db.Stats()
	b.ResetTimer()
	done := make(chan error)
	per := b.N/lanes + 1
	for i := range lanes {
		go func() { done <- hear(to[i], per) }()
		go func() { done <- say(from[i], full[i], per) }()
	}
	for range 2 * lanes {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	after := db.Stats()
	b.ReportMetric(float64(lanes*per)/b.Elapsed().Seconds(), "msg/s")
	if n := after.Commits - before.Commits; n > 0 {
		b.ReportMetric(float64(after.Rows-before.Rows)/float64(n), "rows/commit")
	}
}

// enter logs a user in, with stream management and presence.
func enter(b *testing.B, s *run.Server, user string) (transport.Conn, string) {
	if err := s.Accounts.Create(b.Context(), jid.MustBare(user+"@localhost"), "secret"); err != nil {
		b.Fatal(err)
	}
	nc, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = nc.Close() })
	var full string
	st := &stream.Stream{Conn: transport.New(nc, xmlscan.Limits{})}
	role := &stream.Role{Content: stanza.NSClient, Features: []*stream.Feature{
		stream.UseSASL(&stream.Credentials{User: user, Password: "secret"}), stream.UseBind("", func(f string) { full = f })}}
	if err := st.Initiate(b.Context(), role, "localhost", ""); err != nil {
		b.Fatal(err)
	}
	_, _ = st.Conn.Write([]byte("<enable xmlns='urn:xmpp:sm:3'/><presence/>"))
	for range 2 {
		if _, err := take(st.Conn); err != nil {
			b.Fatal(err)
		}
	}
	return st.Conn, full
}

func take(c transport.Conn) (elem.Elem, error) {
	for {
		ev, err := c.Next()
		if err != nil || ev != elem.Element {
			return elem.Elem{}, fmt.Errorf("%v: %w", ev, err)
		}
		t := new(elem.Tree)
		c.Take(t)
		if !t.Root().Is("urn:xmpp:sm:3", "r") {
			return t.Root(), nil
		}
	}
}

// say sends n messages, at most a window of them without an acknowledgement.
func say(c transport.Conn, to string, n int) error {
	const window = 64
	msg := []byte("<message to='" + to + "' type='chat' id='9d1c6a8e-0000-4d6e-9d5f-1b0a7c1f2e3d'><body>" + strings.Repeat("But soft, what light? ", 4) +
		"</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/><origin-id xmlns='urn:xmpp:sid:0' id='9d1c6a8e-0000-4d6e-9d5f-1b0a7c1f2e3d'/></message>")
	for sent := 0; sent < n; {
		k := min(window, n-sent)
		if _, err := c.Write(append(bytes.Repeat(msg, k), "<r xmlns='urn:xmpp:sm:3'/>"...)); err != nil {
			return err
		}
		sent += k
		for {
			e, err := take(c)
			if err != nil {
				return err
			}
			if e.Is("urn:xmpp:sm:3", "a") && e.Attr("h") == fmt.Sprint(sent+1) { // with the presence
				break
			}
		}
	}
	return nil
}

// hear takes n messages and acknowledges them when asked.
func hear(c transport.Conn, n int) error {
	seen := 1 // the presence
	for got := 0; got < n; {
		ev, err := c.Next()
		if err != nil || ev != elem.Element {
			return fmt.Errorf("%v: %w", ev, err)
		}
		var t elem.Tree
		c.Take(&t)
		if t.Root().Is("urn:xmpp:sm:3", "r") {
			if _, err := c.Write(fmt.Appendf(nil, "<a xmlns='urn:xmpp:sm:3' h='%d'/>", seen)); err != nil {
				return err
			}
			continue
		}
		seen++
		got++
	}
	_, err := c.Write(fmt.Appendf(nil, "<a xmlns='urn:xmpp:sm:3' h='%d'/>", seen))
	return err
}
