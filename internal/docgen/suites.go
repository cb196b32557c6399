package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/stonechat-im/stonechat/spec"
)

// suite is one category of XEP-0479 with what it asks of servers.
type suite struct {
	name     string
	features []feature
}

// feature is a row of a suite's table. Both levels ask for it unless advanced is set.
type feature struct {
	name     string
	advanced bool
	specs    []spec.Spec // all of them are needed
}

func rfc(n int) spec.Spec { return spec.Spec{RFC: n} }
func xep(n int) spec.Spec { return spec.Spec{XEP: n} }

// suites is XEP-0479#categories, the columns Server and Advanced Server.
var suites = []suite{
	{"Core", []feature{
		{"Core features", false, []spec.Spec{rfc(6120)}},
		{"TLS", false, []spec.Spec{rfc(7590)}},
		{"Direct TLS", true, []spec.Spec{xep(368)}},
		{"Feature discovery", false, []spec.Spec{xep(30)}},
		{"Feature broadcasts", true, []spec.Spec{xep(115)}},
		{"Server extensibility", false, []spec.Spec{xep(114)}},
		{"Event publishing", true, []spec.Spec{xep(163)}},
	}},
	{"Web", []feature{
		{"Web connection mechanisms", false, []spec.Spec{rfc(7395), xep(206)}},
	}},
	{"IM", []feature{
		{"Core features", false, []spec.Spec{rfc(6121)}},
		{"User avatar compatibility", true, []spec.Spec{xep(398), xep(153)}},
		{"vcard-temp", false, []spec.Spec{xep(54)}},
		{"Outbound message synchronization", false, []spec.Spec{xep(280)}},
		{"User blocking", true, []spec.Spec{xep(191)}},
		{"Group chat", false, []spec.Spec{xep(45), xep(249)}},
		{"Advanced group chat", true, []spec.Spec{xep(48), xep(313), xep(402), xep(410)}},
		{"Persistent storage of private data via PubSub", true, []spec.Spec{xep(223)}},
		{"Private XML storage", true, []spec.Spec{xep(49)}},
		{"Stream management", true, []spec.Spec{xep(198)}},
		{"History storage and retrieval", true, []spec.Spec{xep(313)}},
		{"File upload", false, []spec.Spec{xep(363)}},
	}},
	{"Mobile", []feature{
		{"Stream management", false, []spec.Spec{xep(198)}},
		{"Client state indication", false, []spec.Spec{xep(352)}},
		{"Third-party push notifications", true, []spec.Spec{xep(357)}},
	}},
	{"A/V calling", []feature{
		{"STUN/TURN server discovery", false, []spec.Spec{xep(215)}},
	}},
}

// missing lists what rows lack of a feature.
func (f feature) missing(rows []*row) []string {
	var out []string
	for _, s := range f.specs {
		found := "absent"
		for _, r := range rows {
			if r.Name() == s.Name() {
				found = r.status()
			}
		}
		if found != spec.Complete.String() {
			out = append(out, s.Name()+" ("+found+")")
		}
	}
	return out
}

// lacks lists what rows lack of a level of a suite. All suites include Core.
func (s suite) lacks(rows []*row, advanced bool) []string {
	var out []string
	if s.name != suites[0].name && len(suites[0].lacks(rows, advanced)) > 0 {
		out = []string{"Core"}
	}
	for _, f := range s.features {
		if !f.advanced || advanced {
			out = append(out, f.missing(rows)...)
		}
	}
	return out
}

const suitesIntro = `
## Compliance suites

The levels of [XEP-0479](https://xmpp.org/extensions/xep-0479.html) (2023) for servers. A level counts as reached when every
specification that it names is complete above; the other suites include Core.

| Suite | Level | Reached | Lacking |
|---|---|---|---|
`

func suitesSection(b *bytes.Buffer, rows []*row) {
	b.WriteString(suitesIntro)
	for _, s := range suites {
		for _, advanced := range []bool{false, true} {
			level, reached := "Server", "yes"
			if advanced {
				level = "Advanced server"
			}
			lacks := s.lacks(rows, advanced)
			if len(lacks) > 0 {
				reached = "no"
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", s.name, level, reached, strings.Join(lacks, ", "))
		}
	}
}
