package xmpptest

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Mark names a section of a specification that a transcript proves.
type Mark struct {
	Spec    string // "RFC 6120", "XEP-0191"
	Section string // "§8.1.3" of an RFC, the anchor of a XEP's section ("block")
}

func (m Mark) String() string {
	if strings.HasPrefix(m.Spec, "XEP") {
		return m.Spec + "#" + m.Section
	}
	return m.Spec + " " + m.Section
}

// File is one transcript.
type File struct {
	Path  string
	Title string // the sentence behind the first marks
	Marks []Mark
	Steps []Step
	lines []string
}

// Step is one line of a transcript, which may go on over several.
type Step struct {
	Line int    // first line, from 1
	Last int    // last line
	Who  string // client; empty for what is done to the server
	Verb string // ">", "<", "<?", "connects", "advance" and so on
	Text string // what follows
}

// ParseFile reads a transcript. Errors name the file and the line.
func ParseFile(path string) (*File, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(path, b)
}

func parse(path string, b []byte) (*File, error) {
	f := &File{Path: path, lines: strings.Split(strings.TrimRight(string(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))), "\n"), "\n")}
	for i := 0; i < len(f.lines); i++ {
		line := strings.TrimSpace(f.lines[i])
		if line == "" {
			continue
		}
		if c, ok := strings.CutPrefix(line, "#"); ok {
			f.comment(strings.TrimSpace(c))
			continue
		}
		st, err := readStep(line)
		st.Line = i + 1
		for err == nil && (st.Verb == ">" || strings.HasPrefix(st.Verb, "<")) && !complete(st.Text) {
			if i++; i == len(f.lines) {
				err = fmt.Errorf("the XML does not end")
				break
			}
			st.Text = join(st.Text, strings.TrimSpace(f.lines[i]))
		}
		if err == nil && strings.HasPrefix(st.Verb, "<") {
			_, err = expect(st.Text)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, st.Line, err)
		}
		st.Last = i + 1
		f.Steps = append(f.Steps, st)
	}
	if len(f.Marks) == 0 {
		return nil, fmt.Errorf("%s:1: no line says which section this proves; begin with \"# XEP-0191#block: a sentence\"", path)
	}
	return f, nil
}

var (
	xepMark = regexp.MustCompile(`^XEP-\d{4}#[A-Za-z0-9._-]+`)
	rfcMark = regexp.MustCompile(`^(RFC \d+) §\d+(?:\.\d+)*`)
	ditto   = regexp.MustCompile(`^§\d+(?:\.\d+)*`)
)

// comment reads the marks at the start of a comment: "XEP-0191#block, RFC 6120 §8.3, §8.4: sentence".
func (f *File) comment(c string) {
	var marks []Mark
	for {
		switch {
		case xepMark.MatchString(c):
			m := xepMark.FindString(c)
			c = c[len(m):]
			name, section, _ := strings.Cut(m, "#")
			marks = append(marks, Mark{name, section})
		case rfcMark.MatchString(c):
			m := rfcMark.FindString(c)
			c = c[len(m):]
			name, section, _ := strings.Cut(m, " §")
			marks = append(marks, Mark{name, "§" + section})
		case ditto.MatchString(c) && len(marks) > 0:
			m := ditto.FindString(c)
			c = c[len(m):]
			marks = append(marks, Mark{marks[len(marks)-1].Spec, m})
		}
		rest, more := strings.CutPrefix(c, ", ")
		if !more || len(marks) == 0 {
			break
		}
		c = rest
	}
	if len(marks) == 0 || c != "" && !strings.HasPrefix(c, ":") {
		return
	}
	if f.Title == "" {
		f.Title = strings.TrimSpace(strings.TrimPrefix(c, ":"))
	}
	f.Marks = append(f.Marks, marks...)
}

// Verbs of the server and of clients, with whether something must follow.
const (
	never = iota
	maybe
	always
)

func serverVerb(v string) (follows int, ok bool) {
	switch v {
	case "users", "host", "config", "admin", "limit", "ground", "advance", "disable", "remove":
		return always, true
	case "restart", "crash", "quiet":
		return never, true
	}
	return never, false
}

func clientVerb(v string) (follows int, ok bool) {
	switch v {
	case ">", "<", "<?":
		return always, true
	case "connects":
		return maybe, true
	case "raw", "opens", "logs in", "authenticates", "starttls", "quiet", "cuts", "closed", "leaves":
		return never, true
	}
	return never, false
}

func readStep(line string) (Step, error) {
	first, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if follows, ok := serverVerb(first); ok {
		st := Step{Verb: first, Text: rest}
		return st, st.check(follows)
	}
	st := Step{Who: first}
	st.Verb, st.Text, _ = strings.Cut(rest, " ")
	if st.Verb == "logs" {
		st.Verb, st.Text = rest, ""
	}
	st.Text = strings.TrimSpace(st.Text)
	follows, ok := clientVerb(st.Verb)
	if !ok {
		return st, fmt.Errorf("%q is neither something that the server is told nor that a client does", line)
	}
	return st, st.check(follows)
}

func (st *Step) check(follows int) error {
	switch {
	case follows == always && st.Text == "":
		return fmt.Errorf("something must follow %q", st.Verb)
	case follows == never && st.Text != "":
		return fmt.Errorf("nothing may follow %q", st.Verb)
	case st.Verb == "connects" && st.Text != "" && st.Text != "available":
		return fmt.Errorf("a client connects, or connects available")
	}
	return nil
}

// tags reads XML as far as it takes to see whether it is complete: how deep it is at the end, and whether it ends inside
// a tag. A stream's header and its end count as complete elements.
func tags(xml string) (depth int, inside bool) {
	for len(xml) > 0 {
		at := strings.IndexByte(xml, '<')
		if at < 0 {
			return depth, false
		}
		xml = xml[at:]
		end := tagEnd(xml)
		if end < 0 {
			return depth, true
		}
		tag := xml[:end]
		xml = xml[end:]
		switch {
		case strings.HasPrefix(tag, "<stream:stream") || strings.HasPrefix(tag, "</stream:stream") || tag[1] == '?' || tag[1] == '!':
		case tag[1] == '/':
			depth--
		case tag[len(tag)-2] != '/':
			depth++
		}
	}
	return depth, false
}

// tagEnd finds the end of the tag that xml begins with; -1 when it is not there.
func tagEnd(xml string) int {
	quote := byte(0)
	for i := range len(xml) {
		switch c := xml[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return -1
}

// complete says whether no further line belongs to text. Quoted text is sent as it is and stands on one line.
func complete(text string) bool {
	if strings.HasPrefix(text, `"`) {
		return true
	}
	depth, inside := tags(text)
	return depth <= 0 && !inside
}

// join appends a line. The break and the indentation mean nothing; inside a tag it takes a blank in their place.
func join(text, line string) string {
	if _, inside := tags(text); inside {
		return text + " " + line
	}
	return text + line
}
