package run_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stonechat-im/stonechat/server/run"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/xmpptest"
)

// XEP-0175#recommendations: what an anonymous account stores goes with its last session.
func TestGuestsLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.New(t, xmpptest.Config{Realms: []run.Realm{{Domains: []string{"verona.example"}, Anonymous: true}}})
		guest := srv.Raw(t, "guest")
		head := `<stream:stream to='verona.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
		open := func() {
			guest.Send(head)
			guest.Expect(`<stream:stream id='{*}' …>`)
			guest.Expect(`<stream:features>…</stream:features>`)
		}
		open()
		guest.Send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>`)
		guest.Expect(`<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`)
		open()
		guest.Send(`<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`)
		bound := guest.Expect(`<iq type='result' id='b'>…</iq>`)
		full := bound.First().First().Text()
		owner, _, _ := strings.Cut(full, "/")
		guest.Send(`<iq type='set' id='p'><query xmlns='jabber:iq:private'><love xmlns='urn:x'>Rosaline</love></query></iq>`)
		guest.Expect(`<iq type='result' id='p' …/>`)
		held := func() (n int) {
			db := srv.Run.Realms()[0].Store
			if err := db.Export(t.Context(), owner, func(store.Record) error { n++; return nil }); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if held() == 0 {
			t.Error("the guest's data was not stored at all")
		}
		guest.Cut()
		synctest.Wait()
		if n := held(); n != 0 {
			t.Errorf("%d records are left of a guest who has gone", n)
		}
	})
}
