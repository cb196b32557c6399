package config

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// path leads to a value: keys, and elements of lists as "#0", "#1", …
type path []string

func (p path) add(part string) path { return append(p[:len(p):len(p)], part) }
func (p path) index(i int) path     { return p.add("#" + strconv.Itoa(i)) }
func (p path) String() string       { return strings.Join(p, "\x00") }

// split gives section and key of a path as people write them, without list indices.
func (p path) split() (section, key string) {
	var words []string
	for _, part := range p {
		if !strings.HasPrefix(part, "#") {
			words = append(words, part)
		}
	}
	if len(words) == 0 {
		return "", ""
	}
	last := len(words) - 1
	return strings.Join(words[:last], "."), words[last]
}

// lines knows where the values of a file are, by path.
type lines map[string]int

// of finds the line of a path, or of the nearest thing around it; 0 when there is nothing.
func (l lines) of(p path) int {
	for ; len(p) > 0; p = p[:len(p)-1] {
		if n, ok := l[p.String()]; ok {
			return n
		}
	}
	return 0
}

func (l lines) has(p path) bool { _, ok := l[p.String()]; return ok }

// parse reads a file into maps, lists and plain values, and finds their lines.
func parse(name string, text []byte) (map[string]any, lines, error) {
	tree := make(map[string]any)
	err := toml.Unmarshal(text, &tree)
	var de *toml.DecodeError
	switch {
	case errors.As(err, &de):
		line, _ := de.Position()
		return nil, nil, Problems{{File: name, Line: line, Text: strings.TrimPrefix(de.Error(), "toml: ")}}
	case err != nil:
		return nil, nil, Problems{{File: name, Text: strings.TrimPrefix(err.Error(), "toml: ")}}
	}
	return tree, locate(text), nil
}

// locate walks a file that is known to be sound.
func locate(text []byte) lines {
	w := walk{text: text, at: make(lines), tables: make(map[string]int)}
	w.p.Reset(text)
	var section path
	for w.p.NextExpression() {
		switch e := w.p.Expression(); e.Kind {
		case unstable.Table:
			section = w.header(e.Key(), false)
		case unstable.ArrayTable:
			section = w.header(e.Key(), true)
		case unstable.KeyValue:
			w.pair(section, e)
		}
	}
	return w.at
}

type walk struct {
	p      unstable.Parser
	text   []byte
	at     lines
	tables map[string]int // how many elements an array of tables has so far
}

// header goes down the key of a section. Parts that are arrays of tables stand for their last element; the last part of
// [[header]] begins a new one.
func (w *walk) header(key unstable.Iterator, array bool) path {
	var p path
	for key.Next() {
		p = p.add(string(key.Node().Data))
		line := w.line(key.Node())
		if key.IsLast() && array {
			w.tables[p.String()]++
		}
		if n := w.tables[p.String()]; n > 0 {
			w.mark(p, line)
			p = p.index(n - 1)
		}
		w.mark(p, line)
	}
	return p
}

func (w *walk) mark(p path, line int) {
	if !w.at.has(p) {
		w.at[p.String()] = line
	}
}

func (w *walk) pair(p path, e *unstable.Node) {
	line := 0
	for key := e.Key(); key.Next(); {
		p = p.add(string(key.Node().Data))
		line = w.line(key.Node())
		w.mark(p, line)
	}
	w.value(p, e.Value(), line)
}

func (w *walk) value(p path, v *unstable.Node, line int) {
	switch v.Kind {
	case unstable.InlineTable:
		for it := v.Children(); it.Next(); {
			w.pair(p, it.Node())
		}
	case unstable.Array:
		i := 0
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.Comment {
				continue
			}
			if it.Node().Raw.Length > 0 {
				line = w.line(it.Node())
			}
			w.mark(p.index(i), line)
			w.value(p.index(i), it.Node(), line)
			i++
		}
	}
}

func (w *walk) line(n *unstable.Node) int {
	return 1 + bytes.Count(w.text[:n.Raw.Offset], []byte{'\n'})
}
