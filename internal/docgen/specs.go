package main

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"path"
	"slices"
	"strings"

	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/mod/all"
	"github.com/stonechat-im/stonechat/spec"
)

// row is one specification with everything that is known of it.
type row struct {
	declared
	title string
	plays []string // transcripts that prove it
}

// proved says whether there is a test of it.
func (r *row) proved() bool { return len(r.plays) > 0 || r.tests != "" }

// complete says whether the specification counts as complete: declared so, and proved.
func (r *row) complete() bool { return r.Status == spec.Complete && r.proved() }

// status is complete, partial, or what is declared complete and not proved.
func (r *row) status() string {
	if r.Status == spec.Complete && !r.proved() {
		return "not proved yet"
	}
	return r.Status.String()
}

// collect joins what core and modules declare with what transcripts prove, RFCs first, by number.
func collect(plays []play) ([]*row, error) {
	byName := make(map[string]*row)
	for _, d := range core {
		byName[d.Name()] = &row{declared: d}
	}
	whole := len(byName)
	for _, def := range all.Defs() {
		for _, s := range def.Specs {
			r := byName[s.Name()]
			if r == nil {
				r = &row{declared: declared{Spec: s}}
				byName[s.Name()] = r
			} else if !slices.ContainsFunc(core[:whole], func(d declared) bool { return d.Name() == s.Name() }) {
				r.join(s)
			}
			r.folders = append(slices.Clone(r.folders), folderOf(def))
		}
	}
	rows := make([]*row, 0, len(byName))
	for _, r := range byName {
		if r.title = titleOf(r.Spec); r.title == "" {
			return nil, fmt.Errorf("internal/docgen/titles.go lacks the title of %s", r.Name())
		}
		for _, p := range plays {
			for _, m := range p.Marks {
				if m.Spec == r.Name() && !slices.Contains(r.plays, p.name) {
					r.plays = append(r.plays, p.name)
				}
			}
		}
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b *row) int { return cmp.Or(cmp.Compare(a.XEP, b.XEP), cmp.Compare(a.RFC, b.RFC)) })
	return rows, nil
}

// join adds another module's declaration of the same specification: the whole is as complete as its parts.
func (r *row) join(s spec.Spec) {
	r.Status = min(r.Status, s.Status)
	if s.Note != "" && !strings.Contains(r.Note, s.Note) {
		r.Note = strings.TrimPrefix(r.Note+"; "+s.Note, "; ")
	}
}

func titleOf(s spec.Spec) string {
	if s.RFC != 0 {
		return rfcTitles[s.RFC]
	}
	return xepTitles[s.XEP]
}

const xepsIntro = `# Specifications

<!-- ` + notice + ` -->

What the code declares, and which transcripts prove it. A specification counts as complete when all of it that applies to a
server is there and a transcript (or, for what never shows on the wire by itself, the tests of its package) proves it.

| Specification | Title | Version | Status | Since | Where | Proved by | Note |
|---|---|---|---|---|---|---|---|
`

// xepsPage is docs/xeps.md.
func xepsPage(rows []*row) []byte {
	var b bytes.Buffer
	b.WriteString(xepsIntro)
	for _, r := range rows {
		fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %s | %s | %s | %s | %s |\n", r.Name(), link(r.Spec), cell(r.title), r.Version,
			r.status(), r.Since, strings.Join(r.folders, ", "), proof(r), cell(r.Note))
	}
	suitesSection(&b, rows)
	return b.Bytes()
}

// proof lists transcripts, those of one folder together.
func proof(r *row) string {
	var out []string
	dir := ""
	for _, p := range r.plays {
		name := strings.TrimSuffix(path.Base(p), ".xt")
		if d := path.Dir(path.Dir(p)); d != dir {
			dir = d
			out = append(out, d+": "+name)
		} else {
			out[len(out)-1] += " " + name
		}
	}
	if r.tests != "" {
		out = append(out, "tests of "+r.tests)
	}
	return strings.Join(out, "; ")
}

func link(s spec.Spec) string {
	if s.RFC != 0 {
		return fmt.Sprintf("https://www.rfc-editor.org/rfc/rfc%d", s.RFC)
	}
	return fmt.Sprintf("https://xmpp.org/extensions/xep-%04d.html", s.XEP)
}

const doapStart = `<?xml version='1.0' encoding='UTF-8'?>
<!-- ` + notice + ` -->
<rdf:RDF xmlns='http://usefulinc.com/ns/doap#' xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:xmpp='https://linkmauve.fr/ns/xmpp-doap#'>
  <Project>
    <name>Stonechat</name>
    <shortdesc xml:lang='en'>XMPP server and libraries in Go</shortdesc>
    <programming-language>Go</programming-language>
    <category rdf:resource='https://linkmauve.fr/ns/xmpp-doap#category-server'/>
`

// doap is doap.xml, the description that xmpp.org reads (XEP-0453).
func doap(rows []*row) []byte {
	var b bytes.Buffer
	b.WriteString(doapStart)
	for _, r := range rows {
		if r.RFC != 0 {
			fmt.Fprintf(&b, "    <implements rdf:resource='https://www.rfc-editor.org/info/rfc%d'/>\n", r.RFC)
		}
	}
	for _, r := range rows {
		if r.XEP == 0 {
			continue
		}
		status := "partial"
		if r.complete() {
			status = "complete"
		}
		fmt.Fprintf(&b, "    <implements>\n      <xmpp:SupportedXep>\n        <xmpp:xep rdf:resource='%s'/>\n", link(r.Spec))
		fmt.Fprintf(&b, "        <xmpp:status>%s</xmpp:status>\n        <xmpp:version>%s</xmpp:version>\n        <xmpp:since>%s</xmpp:since>\n",
			status, r.Version, r.Since)
		if r.Note != "" {
			fmt.Fprintf(&b, "        <xmpp:note xml:lang='en'>%s</xmpp:note>\n", html.EscapeString(r.Note))
		}
		b.WriteString("      </xmpp:SupportedXep>\n    </implements>\n")
	}
	b.WriteString("  </Project>\n</rdf:RDF>\n")
	return b.Bytes()
}

// folderOf is where a module is: that of its Config.
func folderOf(def kit.Def) string {
	_, folder, _ := strings.Cut(def.ConfigType().PkgPath(), "/stonechat/")
	return folder
}
