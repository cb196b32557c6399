package config

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong in a file.
type Problem struct {
	File    string
	Line    int    // from 1; 0 when the key is not in the file
	Section string // "offline", "host.offline"; "" for the top of the file
	Key     string // "" for what concerns a section or the file
	Text    string
}

// Error writes the problem on one line: `stonechat.toml:12: [offline] max_messages: expected a number, found "many"`.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Section != "" {
		fmt.Fprintf(&b, "[%s] ", p.Section)
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// Problems is what is wrong in a file, in the order of its lines. It is the error of Load for files that can be read.
type Problems []*Problem

// Error writes one problem on a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// First writes the first problem and how many more there are, on one line.
func (ps Problems) First() string {
	if len(ps) < 2 {
		return ps.Error()
	}
	return fmt.Sprintf("%s (and %d more: see stonechat config check)", ps[0].Error(), len(ps)-1)
}
