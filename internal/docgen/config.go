package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/stonechat-im/stonechat/server/config"
	"github.com/stonechat-im/stonechat/server/mod/all"
)

// key is one key of the configuration file with its text.
type key struct {
	config.Key
	doc string
}

// configKeys lists all keys. One without a comment is an error: whoever reads the page needs it.
func configKeys(src *source) ([]key, error) {
	var out []key
	var bare []error
	for _, k := range config.Describe(all.Defs()) {
		doc := src.doc(k.Owner, k.Field)
		if doc == "" {
			bare = append(bare, fmt.Errorf("%s.%s.%s has no comment: it is a key of the configuration", k.Owner.PkgPath(), k.Owner.Name(), k.Field))
			continue
		}
		out = append(out, key{k, strings.Join(strings.Fields(sentence(k.Field, doc)), " ")})
	}
	return out, errors.Join(bare...)
}

// sentence turns "Max is the most …" into "The most …": the reader of the file knows no Go names.
func sentence(field, doc string) string {
	rest, ok := strings.CutPrefix(doc, field+" ")
	if !ok {
		return strings.ToUpper(doc[:1]) + doc[1:]
	}
	for _, verb := range []string{"is ", "are "} {
		if after, ok := strings.CutPrefix(rest, verb); ok {
			rest = after
			break
		}
	}
	return strings.ToUpper(rest[:1]) + rest[1:]
}

const configIntro = `# Configuration

<!-- ` + notice + ` -->

One [TOML](https://toml.io) file. An unknown key is an error with its line. ` + "`stonechat config check`" + ` reads the file without
starting the server. Time spans are written ` + "`90s`, `10m`, `36h` or `30d`" + `; sizes ` + "`512`, `64KiB`, `10MiB` or `2GiB`" + `.
What stands at the top of the file holds for every ` + "`[[host]]`" + ` section that does not say otherwise; sections of modules may stand
in a host too (` + "`[host.offline]`" + `). [stonechat.example.toml](stonechat.example.toml) is a file with every key.
`

// configPage is docs/config.md.
func configPage(keys []key) []byte {
	var b bytes.Buffer
	b.WriteString(configIntro)
	section := "-"
	for _, k := range keys {
		if k.Section != section {
			section = k.Section
			fmt.Fprintf(&b, "\n## %s\n\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n", heading(k))
		}
		def := ""
		if k.Default != "" {
			def = "`" + cell(k.Default) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, k.Type, def, cell(k.doc))
	}
	return b.Bytes()
}

func heading(k key) string {
	switch {
	case k.Section == "":
		return "Top of the file, and hosts"
	case k.Module != "":
		return "[" + k.Section + "]: module"
	}
	return header(k)
}

// header is the line that begins a section in the file.
func header(k key) string {
	if k.Section == "tls.certificate" {
		return "[[" + k.Section + "]]"
	}
	return "[" + k.Section + "]"
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// exampleConfig is a file that sets a domain and shows all other keys with their defaults.
func exampleConfig(keys []key) []byte {
	var b bytes.Buffer
	b.WriteString("# " + notice + "\n# Every key with its default. What is commented out need not be there.\n")
	section := ""
	for _, k := range keys {
		if k.Section != section {
			section = k.Section
			fmt.Fprintf(&b, "\n# %s\n", header(k))
		}
		b.WriteByte('\n')
		for _, line := range wrap(k.doc, 116) {
			fmt.Fprintf(&b, "# %s\n", line)
		}
		switch {
		case k.Section == "" && k.Name == "domains":
			b.WriteString("domains = [\"montague.example\"]\n")
		case k.Default == "":
			fmt.Fprintf(&b, "# %s = …\n", k.Name)
		default:
			fmt.Fprintf(&b, "# %s = %s\n", k.Name, k.Default)
		}
	}
	return b.Bytes()
}

// wrap breaks text into lines of at most width bytes, where words allow.
func wrap(text string, width int) []string {
	var out []string
	line := ""
	for w := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(w) > width {
			out = append(out, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+w, " ")
	}
	return append(out, line)
}
