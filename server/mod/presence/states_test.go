package presence

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/roster"
)

// The tables of RFC 6121 Appendix A, written down a second time and in another way: a letter for each state, in the order
// of Appendix A.1, and below it the state that follows; a capital letter means that the stanza goes on.
//
//	n None   o Pending Out   i Pending In   b Pending Out+In   t To   u To + Pending In   f From   g From + Pending Out   m Both
var expected = []struct {
	inbound bool
	typ     stanza.Type
	table   int    // number of the table in the RFC
	next    string // for "noibtufgm"
	reply   string // - none, + subscribed, x unsubscribed
}{
	{false, stanza.Subscribe, 2, "OOBBTUGGM", "---------"},
	{false, stanza.Unsubscribe, 3, "NNIINIFFF", "---------"},
	{false, stanza.Subscribed, 4, "noFGtMfgm", "---------"},
	{false, stanza.Unsubscribed, 5, "noNOtTNOT", "---------"},
	{true, stanza.Subscribe, 6, "IBibUufgm", "------+++"},
	{true, stanza.Unsubscribe, 7, "noNOtTNOT", "--xx-xxxx"},
	{true, stanza.Subscribed, 8, "nTiUtufMm", "---------"},
	{true, stanza.Unsubscribed, 9, "nNiINIfFF", "---------"},
}

const letters = "noibtufgm"

var states = []roster.State{
	0,
	roster.PendingOut,
	roster.PendingIn,
	roster.PendingOut | roster.PendingIn,
	roster.To,
	roster.To | roster.PendingIn,
	roster.From,
	roster.From | roster.PendingOut,
	roster.To | roster.From,
}

func state(letter byte) roster.State {
	return states[strings.IndexByte(letters, letter|0x20)]
}

func direction(inbound bool) string {
	if inbound {
		return "inbound"
	}
	return "outbound"
}

// Every stanza in every state, through the module: what becomes of the roster, what is routed, what is delivered, what is
// answered.
func TestSubscriptionTables(t *testing.T) {
	for _, e := range expected {
		for i, was := range states {
			next, pass := state(e.next[i]), e.next[i] < 'a'
			for _, approved := range []bool{false, true} {
				name := fmt.Sprintf("%s %s in %v approved %v", direction(e.inbound), e.typ, was, approved)
				t.Run(name, func(t *testing.T) {
					c := row1{typ: e.typ, was: was, next: next, pass: pass, reply: e.reply[i]}
					c.approve(e.inbound, approved)
					if e.inbound {
						c.testInbound(t)
					} else {
						c.testOutbound(t)
					}
				})
			}
		}
	}
}

// row1 is one row of a table, with approval.
type row1 struct {
	typ       stanza.Type
	was, next roster.State
	pass      bool
	reply     byte
}

// approve says what approval in advance makes of a row (RFC 6121 §3.4.2, §3.2.2 rules 2 and 3, §A.3.1 [1]).
func (c *row1) approve(inbound, approved bool) {
	grants := !inbound && c.typ == stanza.Subscribed && !c.was.Has(roster.From) && !c.was.Has(roster.PendingIn)
	if grants {
		c.next |= roster.Approved
	}
	if !approved {
		return
	}
	if inbound && c.typ == stanza.Subscribe {
		c.pass, c.reply = false, '+'
		c.next = c.was&^roster.PendingIn | roster.From
	}
	c.was |= roster.Approved
	if inbound || c.typ != stanza.Unsubscribed {
		c.next |= roster.Approved
	}
}

func (c *row1) testOutbound(t *testing.T) {
	st := newStage(t, Def.Defaults().(Config))
	x := st.enter("romeo@montague.example/orchard")
	if _, err := st.says(x, stanza.New(stanza.Presence, stanza.Available, jid.JID{}, jid.JID{}, "")); err != nil {
		t.Fatal(err)
	}
	x.take()
	st.roster.states[pair{romeo, juliet}] = c.was
	passed, err := st.says(x, stanza.New(stanza.Presence, c.typ, jid.JID{}, jid.MustParse("juliet@capulet.example/balcony"), "s1"))
	if err != nil || passed {
		t.Fatalf("passed on by itself: %v, error %v", passed, err)
	}
	if got := st.roster.states[pair{romeo, juliet}]; got != c.next {
		t.Errorf("the state is %v, want %v", got, c.next)
	}
	var want []string
	if c.pass && c.typ == stanza.Unsubscribed && c.was.Has(roster.From) { // §3.2.2
		want = append(want, "unavailable romeo@montague.example/orchard > juliet@capulet.example")
	}
	if c.pass {
		want = append(want, c.typ.String()+" romeo@montague.example > juliet@capulet.example")
	}
	if c.pass && c.typ == stanza.Subscribed { // §3.1.5
		want = append(want, " romeo@montague.example/orchard > juliet@capulet.example")
	}
	compare(t, "routed", lines(st.router.take()), want)
	compare(t, "delivered", lines(x.take()), nil)
}

func (c *row1) testInbound(t *testing.T) {
	st := newStage(t, Def.Defaults().(Config))
	x := st.enter("romeo@montague.example/orchard")
	if _, err := st.says(x, stanza.New(stanza.Presence, stanza.Available, jid.JID{}, jid.JID{}, "")); err != nil {
		t.Fatal(err)
	}
	x.take()
	st.roster.states[pair{romeo, juliet}] = c.was
	if err := st.arrives(romeo, stanza.New(stanza.Presence, c.typ, jid.MustParse("juliet@capulet.example/balcony"), romeo.JID(), "s1")); err == nil {
		t.Fatal("the stanza went on to the sessions")
	}
	if got := st.roster.states[pair{romeo, juliet}]; got != c.next {
		t.Errorf("the state is %v, want %v", got, c.next)
	}
	var delivered, routed []string
	if c.pass {
		delivered = []string{c.typ.String() + " juliet@capulet.example > romeo@montague.example"}
	}
	lost := c.typ == stanza.Unsubscribe && c.was.Has(roster.From)
	if lost { // §3.3.3
		routed = append(routed, "unavailable romeo@montague.example/orchard > juliet@capulet.example")
	}
	switch {
	case c.reply == '+':
		routed = append(routed, "subscribed romeo@montague.example > juliet@capulet.example", " romeo@montague.example/orchard > juliet@capulet.example")
	case c.reply == 'x':
		routed = append(routed, "unsubscribed romeo@montague.example > juliet@capulet.example")
	case c.typ == stanza.Subscribe: // §3.1.3 rule 3
		routed = append(routed, "unavailable romeo@montague.example > juliet@capulet.example")
	}
	compare(t, "delivered", lines(x.take()), delivered)
	compare(t, "routed", lines(st.router.take()), routed)
}

func lines(list []*stanza.Stanza) []string {
	var out []string
	for _, s := range list {
		out = append(out, fmt.Sprintf("%s %s > %s", s.Type, s.From, s.To))
	}
	return out
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// The tables above against the text of the RFC.
func TestExpectationsAgainstRFC(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "specs", "rfc", "rfc6121.md"))
	if err != nil {
		t.Skip("the text of RFC 6121 is not there")
	}
	rowRE := regexp.MustCompile(`(?m)^\|  "([^"]+)"\s+\|  (\S+)(?: \[\d\])?\s+\|  (.*?)\s*\|$`)
	for _, e := range expected {
		_, table, ok := strings.Cut(string(text), fmt.Sprintf("Table %d: ", e.table))
		if !ok {
			t.Fatalf("there is no table %d", e.table)
		}
		_, table, _ = strings.Cut(table, "```")
		table, _, _ = strings.Cut(table, "```")
		rows := rowRE.FindAllStringSubmatch(table, -1)
		if len(rows) != len(states) {
			t.Fatalf("table %d has %d rows", e.table, len(rows))
		}
		for i, r := range rows {
			if r[1] != states[i].String() {
				t.Fatalf("table %d, row %d: state %q, not %v", e.table, i, r[1], states[i])
			}
			if pass := r[2] == "MUST"; pass != (e.next[i] < 'a') {
				t.Errorf("table %d, %s: %s", e.table, r[1], r[2])
			}
			want := strings.Trim(r[3], `"`)
			if strings.HasPrefix(want, "no state change") || strings.HasPrefix(want, "pre-approval") {
				want = r[1]
			}
			if got := state(e.next[i]).String(); got != want {
				t.Errorf("table %d, %s: next is %s, not %s", e.table, r[1], want, got)
			}
		}
	}
}
