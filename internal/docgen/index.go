package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stonechat-im/stonechat/xmpptest"
)

const indexIntro = `# From specification to code

<!-- ` + notice + ` -->

Where the sections of specifications are carried out, by the marks in comments (` + "`RFC 6120 §8.1.3`, `XEP-0191#block`" + `), and which
transcripts show it.
`

// places is where a section is cited.
type places struct{ code, plays []string }

// indexPage is docs/spec-index.md.
func indexPage(marks []mark, plays []play) []byte {
	all := make(map[xmpptest.Mark]*places)
	at := func(m xmpptest.Mark) *places {
		if all[m] == nil {
			all[m] = new(places)
		}
		return all[m]
	}
	for _, m := range marks {
		p := at(m.Mark)
		p.code = append(p.code, strings.TrimSpace(m.file+" "+m.in))
	}
	for _, p := range plays {
		for _, m := range p.Marks {
			at(m).plays = append(at(m).plays, p.name)
		}
	}
	keys := make([]xmpptest.Mark, 0, len(all))
	for m := range all {
		keys = append(keys, m)
	}
	slices.SortFunc(keys, compare)
	var b bytes.Buffer
	b.WriteString(indexIntro)
	spec := ""
	for _, m := range keys {
		if m.Spec != spec {
			spec = m.Spec
			fmt.Fprintf(&b, "\n## %s\n\n| Section | Code | Transcripts |\n|---|---|---|\n", spec)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", m.Section, lines(all[m].code), lines(all[m].plays))
	}
	return b.Bytes()
}

func lines(all []string) string {
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "<br>")
}

// compare orders marks: RFCs, then XEPs, by number; sections of RFCs by their numbers, those of XEPs by name.
func compare(a, b xmpptest.Mark) int {
	if c := cmp.Compare(a.Spec, b.Spec); c != 0 {
		return c
	}
	as, bs := strings.Split(strings.TrimPrefix(a.Section, "§"), "."), strings.Split(strings.TrimPrefix(b.Section, "§"), ".")
	for i := range min(len(as), len(bs)) {
		x, errx := strconv.Atoi(as[i])
		y, erry := strconv.Atoi(bs[i])
		if errx != nil || erry != nil {
			return cmp.Compare(a.Section, b.Section)
		}
		if x != y {
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(as), len(bs))
}
