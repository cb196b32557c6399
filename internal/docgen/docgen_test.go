package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stonechat-im/stonechat/server/config"
	"github.com/stonechat-im/stonechat/server/mod/all"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/xmpptest"
)

const root = "../.."

// specs is the folder of the texts of specifications, which is not part of the repository.
const specs = root + "/../shared/specs"

// TestFresh fails when a page in the repository is not what would be written now.
func TestFresh(t *testing.T) {
	pages, err := generate(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale: go run ./internal/docgen", name)
		}
	}
}

// TestAnchors looks up every mark in the texts: comments of code, and first lines of transcripts.
func TestAnchors(t *testing.T) {
	if _, err := os.Stat(specs); err != nil {
		t.Skip("the texts of the specifications are not here")
	}
	src, err := readSource(root)
	if err != nil {
		t.Fatal(err)
	}
	plays, err := transcripts(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plays {
		for _, m := range p.Marks {
			src.marks = append(src.marks, mark{Mark: m, file: p.name})
		}
	}
	texts := make(map[string]map[string]bool)
	for _, m := range src.marks {
		sections, ok := texts[m.Spec]
		if !ok {
			if sections, err = sectionsOf(m.Spec); err != nil {
				t.Fatal(err)
			}
			texts[m.Spec] = sections
		}
		if sections != nil && !sections[m.Section] {
			t.Errorf("%s (%s): %s has no section %s", m.file, m.in, m.Spec, m.Section)
		}
	}
}

var (
	numbered = regexp.MustCompile(`(?m)^#+ (\d+(?:\.\d+)*)\.? .*$`)
	anchored = regexp.MustCompile(`\{#([^}]*)\}`)
)

// sectionsOf lists what a text has: the sections of an RFC by number, those of a XEP by anchor, or by number where they
// have none. It is nil for a text that is not here.
func sectionsOf(spec string) (map[string]bool, error) {
	b, err := os.ReadFile(file(spec))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	out := make(map[string]bool)
	for _, m := range numbered.FindAllStringSubmatch(string(b), -1) {
		if strings.HasPrefix(spec, "RFC") {
			out["§"+m[1]] = true
		} else if a := anchored.FindStringSubmatch(m[0]); a != nil {
			out[a[1]] = true
		} else {
			out[m[1]] = true
		}
	}
	return out, err
}

// file is where the text of a specification is.
func file(name string) string {
	if n, ok := strings.CutPrefix(name, "RFC "); ok {
		return filepath.Join(specs, "rfc", "rfc"+n+".md")
	}
	return filepath.Join(specs, "xep", strings.ToLower(name)+".md")
}

// TestTitles compares the table of titles with the texts.
func TestTitles(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(specs, "xep/INDEX.md"))
	if err != nil {
		t.Skip("the texts of the specifications are not here")
	}
	for n, title := range xepTitles {
		if name := strings.ToLower(xep(n).Name()); !strings.Contains(string(b), "- "+name+" | "+title+" | ") {
			t.Errorf("%s is not called %q", name, title)
		}
	}
}

func TestMarks(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"nothing", nil},
		{"see XEP-0191#block. And", []string{"XEP-0191#block"}},
		{"(XEP-0050#desc-errors)", []string{"XEP-0050#desc-errors"}},
		{"RFC 6120 §8.1.3.", []string{"RFC 6120 §8.1.3"}},
		{"RFC 6121 §8.5.1, §8.5.2.1.3: both", []string{"RFC 6121 §8.5.1", "RFC 6121 §8.5.2.1.3"}},
		{"RFC 6120\n§4", []string{"RFC 6120 §4"}},
		{"XEP-0191 alone, and §3 alone", nil},
	} {
		var got []string
		for _, m := range marksIn(c.text) {
			got = append(got, m.String())
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%q: %s", c.text, d)
		}
	}
}

func TestStatus(t *testing.T) {
	plays := []play{{"x/testdata/a.xt", &xmpptest.File{Marks: []xmpptest.Mark{{Spec: "XEP-0198", Section: "acking"}}}}}
	rows, err := collect(plays)
	if err != nil {
		t.Fatal(err)
	}
	find := func(name string) *row {
		return rows[slices.IndexFunc(rows, func(r *row) bool { return r.Name() == name })]
	}
	if r := find("XEP-0198"); !r.complete() || !slices.Contains(r.plays, "x/testdata/a.xt") {
		t.Errorf("a transcript does not prove %s", r.Name())
	}
	if r := find("XEP-0199"); r.complete() || r.status() != "not proved yet" {
		t.Errorf("%s counts as %s without a transcript", r.Name(), r.status())
	}
	if r := find("RFC 6120"); r.complete() {
		t.Errorf("%s counts as complete and is declared partial", r.Name())
	}
}

func TestSuites(t *testing.T) {
	have := func(names ...spec.Spec) []*row {
		var rows []*row
		for _, s := range names {
			s.Status = spec.Complete
			rows = append(rows, &row{declared: declared{Spec: s, tests: "x"}})
		}
		return rows
	}
	basic := have(rfc(6120), rfc(7590), xep(30), xep(114))
	if lacks := suites[0].lacks(basic, false); len(lacks) > 0 {
		t.Errorf("Core lacks %v", lacks)
	}
	if d := cmp.Diff([]string{"XEP-0368 (absent)", "XEP-0115 (absent)", "XEP-0163 (absent)"}, suites[0].lacks(basic, true)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"XEP-0215 (absent)"}, suites[4].lacks(basic, false)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"Core"}, suites[4].lacks(have(xep(215)), false)); d != "" {
		t.Error(d)
	}
}

func TestDOAP(t *testing.T) {
	rows, err := collect(nil)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(doap(rows))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestExample reads the example configuration as it is, and with every default spelt out.
func TestExample(t *testing.T) {
	src, err := readSource(root)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := configKeys(src)
	if err != nil {
		t.Fatal(err)
	}
	text := string(exampleConfig(keys))
	spelt := regexp.MustCompile(`(?m)^# (\[.*\]|[a-z_]+ = .*[^…])$`).ReplaceAllString(text, "$1")
	before, pairs, _ := strings.Cut(spelt, "[[tls.certificate]]") // which needs files
	spelt = before + pairs[strings.Index(pairs, "\n["):]
	for name, text := range map[string]string{"as it is": text, "spelt out": spelt} {
		path := filepath.Join(t.TempDir(), "stonechat.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(path, all.Defs()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
