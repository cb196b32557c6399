package router_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/router"
	"github.com/stonechat-im/stonechat/server/session"
	"github.com/stonechat-im/stonechat/stanza"
)

// condition is what the recipient's account is like.
type condition string

const (
	noAccount  condition = "no such account"
	noSession  condition = "account without sessions"
	connected  condition = "only a connected session"
	negative   condition = "only negative priorities"
	one        condition = "one session"
	one0       condition = "one session of priority 0 among others"
	several    condition = "several sessions of one priority"
	priorities condition = "several priorities"
)

const (
	recipient = "juliet@capulet.example"
	sender    = "romeo@montague.example/orchard"
	theRealm  = "capulet.example"
)

// undelivered says that the chain for messages that no session took had it: offline storage.
const undelivered = "undelivered"

// resources of each condition with their priorities; -200 is not available.
const unavailable = -200

var resources = map[condition]map[string]int{
	noAccount:  nil,
	noSession:  nil,
	connected:  {"balcony": unavailable},
	negative:   {"balcony": -1, "chamber": -128},
	one:        {"balcony": 1},
	one0:       {"balcony": 0, "garden": unavailable, "hall": -5},
	several:    {"balcony": 2, "chamber": 2, "garden": unavailable},
	priorities: {"balcony": 5, "chamber": 5, "hall": 0, "cellar": -1},
}

// set is one of the sets of resources that RFC 6121 §8.5 speaks of.
func set(c condition, in func(priority, top int) bool) []string {
	top := -1000
	for _, p := range resources[c] {
		top = max(top, p)
	}
	var out []string
	for r, p := range resources[c] {
		if p != unavailable && in(p, top) {
			out = append(out, r)
		}
	}
	slices.Sort(out)
	return out
}

func allAvailable(c condition) []string { return set(c, func(int, int) bool { return true }) }
func nonNegative(c condition) []string {
	return set(c, func(p, _ int) bool { return p >= 0 })
}
func mostAvailable(c condition) []string {
	return set(c, func(p, top int) bool { return p >= 0 && p == top })
}

// outcome is where a stanza ends.
type outcome struct {
	to    []string // resources
	error stanza.Condition
	other string // undelivered, "host" for what the server answers itself, a presence type that answers
}

// target is how the stanza is addressed.
type target string

const (
	bare    target = "bare"
	match   target = "full, match"
	noMatch target = "full, no match"
)

// message is Table 1 of RFC 6121 §8.5.4, read row by row, with the choices that the server makes: bounced where it may
// choose between silence and an error, to the most available where it may choose.
func message(c condition, to target, typ stanza.Type) outcome {
	bounced := outcome{error: stanza.ServiceUnavailable}
	stored := outcome{other: undelivered}
	switch {
	case typ == stanza.TypeError && to != match: // §8.5.2.1.1, §8.5.2.2.1, §8.5.3.2.1
		return outcome{}
	case c == noAccount && typ == stanza.Headline:
		return outcome{}
	case c == noAccount: // §8.5.1
		return bounced
	case to == match: // §8.5.3.1
		return outcome{to: []string{"balcony"}}
	case typ == stanza.Groupchat:
		return bounced
	case typ == stanza.Headline && to == noMatch:
		return outcome{}
	case typ == stanza.Headline:
		return outcome{to: nonNegative(c)}
	case typ == stanza.Normal && to == noMatch:
		return bounced
	}
	if list := mostAvailable(c); len(list) > 0 {
		return outcome{to: list}
	}
	return stored
}

// presence is RFC 6121 §8.5.1, §8.5.2.1.2, §8.5.2.2.2, §8.5.3.1, §8.5.3.2.2 for the types that are not the business of the
// module presence.
func presence(c condition, to target, typ stanza.Type) outcome {
	switch {
	case c == noAccount && typ == stanza.Probe:
		return outcome{other: "unsubscribed"}
	case c == noAccount:
		return outcome{}
	case typ != stanza.Available && typ != stanza.Unavailable && typ != stanza.TypeError:
		return outcome{other: "module"}
	case to == match:
		return outcome{to: []string{"balcony"}}
	case to == bare:
		return outcome{to: allAvailable(c)}
	}
	return outcome{}
}

// iq is RFC 6121 §8.5.1, §8.5.2.1.3, §8.5.2.2.3, §8.5.3.1, §8.5.3.2.3.
func iq(c condition, to target, typ stanza.Type) outcome {
	request := typ == stanza.Get || typ == stanza.Set
	switch {
	case c != noAccount && to == match:
		return outcome{to: []string{"balcony"}}
	case !request:
		return outcome{}
	case c != noAccount && to == bare:
		return outcome{other: "host"}
	}
	return outcome{error: stanza.ServiceUnavailable}
}

// Every kind and type, to every form of address, in every condition.
func TestDeliver(t *testing.T) {
	kinds := []struct {
		kind  stanza.Kind
		types []stanza.Type
		want  func(condition, target, stanza.Type) outcome
	}{
		{stanza.Message, []stanza.Type{stanza.Normal, stanza.Chat, stanza.Groupchat, stanza.Headline, stanza.TypeError}, message},
		{stanza.Presence, []stanza.Type{stanza.Available, stanza.Unavailable, stanza.Subscribe, stanza.Subscribed, stanza.Unsubscribe,
			stanza.Unsubscribed, stanza.Probe, stanza.TypeError}, presence},
		{stanza.IQ, []stanza.Type{stanza.Get, stanza.Set, stanza.Result, stanza.TypeError}, iq},
	}
	for _, k := range kinds {
		for _, typ := range k.types {
			for c, there := range resources {
				for _, to := range []target{bare, match, noMatch} {
					if _, ok := there["balcony"]; to == match && !ok {
						continue
					}
					t.Run(fmt.Sprintf("%v %v/%v/%v", k.kind, typ, c, to), func(t *testing.T) {
						compare(t, deliver(t, k.kind, typ, c, to), k.want(c, to, typ))
					})
				}
			}
		}
	}
}

func compare(t *testing.T, got, want outcome) {
	t.Helper()
	slices.Sort(got.to)
	if !slices.Equal(got.to, want.to) || got.error != want.error || got.other != want.other {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// deliver sends one stanza to an account and says what became of it.
func deliver(t *testing.T, kind stanza.Kind, typ stanza.Type, c condition, to target) outcome {
	t.Helper()
	var got outcome
	j := jid.MustParse(map[target]string{bare: recipient, match: recipient + "/balcony", noMatch: recipient + "/elsewhere"}[to])
	h := newHost(t, c, j, &got)
	payload := "<query xmlns='urn:example:question'/>"
	if typ == stanza.TypeError {
		payload = "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
	}
	s := stanza.Raw(kind, typ, jid.MustParse(sender), j, "s1", []byte(payload))
	h.Route(t.Context(), s)
	for _, a := range h.answers {
		switch {
		case a.From != j && a.From != j.Bare().JID():
			t.Errorf("an answer from %v", a.From)
		case a.Type == stanza.TypeError:
			got.error = stanza.ReadError(a).Condition
		default:
			got.other = a.Type.String()
		}
	}
	if len(h.answers) > 1 {
		t.Errorf("%d answers", len(h.answers))
	}
	return got
}

// host is a router with one realm, one account, and a remote side that takes down what is sent to it.
type host struct {
	*router.Router
	answers []*stanza.Stanza
}

func (h *host) Forward(_ context.Context, s *stanza.Stanza) bool {
	h.answers = append(h.answers, s)
	return true
}

func newHost(t *testing.T, c condition, to jid.JID, got *outcome) *host {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	h := &host{Router: router.New(session.NewTable(), log)}
	h.Remote = h
	realm := &kit.Realm{Name: theRealm, Domains: []string{theRealm}, Router: h, Accounts: accounts{there: c != noAccount}, Points: new(kit.Points)}
	env := realm.NewEnv(kit.Info{Name: "test"}, log)
	kit.On(env, &realm.Points.ToSession, hook.Deliver, func(_ context.Context, ev *kit.ToSession) error {
		if ev.Stanza.To != to { // §8.5.2.1.1, §8.5.2.1.2: never rewritten
			t.Errorf("delivered with to=%v", ev.Stanza.To)
		}
		got.to = append(got.to, ev.Session.JID().Resource())
		return nil
	})
	kit.On(env, &realm.Points.ToAccount, hook.Deliver, func(_ context.Context, ev *kit.ToAccount) error {
		if s := ev.Stanza; s.Kind == stanza.Presence && (s.Type.Subscription() || s.Type == stanza.Probe) {
			got.other = "module"
			return hook.Stop
		}
		return nil
	})
	kit.On(env, &realm.Points.Undelivered, hook.Fallback, func(_ context.Context, ev *kit.Undelivered) error {
		got.other = undelivered
		return hook.Stop
	})
	answer := func(context.Context, *kit.IQ, *question) (stanza.Payload, error) {
		got.other = "host"
		return nil, kit.Later
	}
	kit.HandleIQ(env, kit.Account, stanza.Get, answer)
	kit.HandleIQ(env, kit.Account, stanza.Set, answer)
	if problems := realm.Freeze(nil); problems != nil {
		t.Fatal(problems)
	}
	h.AddRealm(realm)
	owner := &router.Owner{Router: h.Router, Realm: realm, Ctx: t.Context}
	for r, p := range resources[c] {
		x := session.New(h.Table, jid.MustFull(recipient+"/"+r), nil, "", &session.Limits{QueueBytes: 1 << 20}, owner)
		if p != unavailable {
			x.SetPresence(stanza.New(stanza.Presence, stanza.Available, jid.JID{}, jid.JID{}, ""), int8(p))
		}
		h.Table.Bind(x, 0)
	}
	return h
}

// accounts knows one account, or none.
type accounts struct {
	kit.Accounts
	there bool
}

func (a accounts) Exists(context.Context, jid.Bare) (bool, error)    { return a.there, nil }
func (a accounts) Tombstone(context.Context, jid.Bare) (bool, error) { return false, nil }

// question is a request that the realm answers.
type question struct{}

func (*question) Name() elem.Name        { return elem.Name{Space: "urn:example:question", Local: "query"} }
func (*question) Encode(*elem.Writer)    {}
func (*question) Decode(elem.Elem) error { return nil }
