package xmpptest

import (
	"fmt"
	"strings"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/stream"
)

// anyAttr is how "…" inside a start tag is written for the parser.
const anyAttr = "_any_"

// surroundings are where expectations stand: the namespaces of a client's stream.
const surroundings = "<stream:stream xmlns='" + stanza.NSClient + "' xmlns:stream='" + stream.NS + "'>"

// expectation is what must arrive.
type expectation struct {
	kind elem.Event
	tree *elem.Tree // keeps want alive
	want elem.Elem
}

// expect reads an expectation: one element, a stream header (a start tag), or the end of the stream.
func expect(xml string) (expectation, error) {
	xml = strings.TrimSpace(xml)
	if xml == "</stream:stream>" {
		return expectation{kind: elem.Close}, nil
	}
	x := expectation{kind: elem.Element}
	text := markAny(xml)
	if strings.HasPrefix(xml, "<stream:stream") {
		x.kind = elem.Open
		text = strings.TrimSuffix(strings.TrimSuffix(text, ">"), "/") + "/>"
	}
	var err error
	if x.tree, err = elem.Parse([]byte(surroundings+text+"</stream:stream>"), ""); err != nil {
		return x, err
	}
	x.want = x.tree.Root().First()
	if !x.want.Ok() || x.want.Next().Ok() {
		return x, fmt.Errorf("one element is expected at a time: %s", xml)
	}
	return x, nil
}

// markAny turns "…" inside tags into an attribute.
func markAny(xml string) string {
	var out strings.Builder
	in, quote := false, rune(0)
	for _, r := range xml {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case in && (r == '\'' || r == '"'):
			quote = r
		case r == '<':
			in = true
		case r == '>':
			in = false
		case in && r == '…':
			out.WriteString(" " + anyAttr + "=''")
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// match says why an event is not what was expected. Names are bound when it is.
func (s *Server) match(x expectation, ev event) error {
	if ev.err != nil {
		return fmt.Errorf("the connection has ended")
	}
	if ev.kind != x.kind {
		return fmt.Errorf("it is not of that kind")
	}
	if ev.kind == elem.Close {
		return nil
	}
	bound := make(map[string]string)
	if err := s.matchElem(x.want, ev.tree.Root(), bound, true); err != nil {
		return err
	}
	for k, v := range bound {
		s.vars[k] = v
	}
	return nil
}

func (s *Server) matchElem(want, got elem.Elem, bound map[string]string, top bool) error {
	if want.Name() != got.Name() {
		return fmt.Errorf("<%s> of %q is not <%s> of %q", got.Local(), got.Space(), want.Local(), want.Space())
	}
	if err := s.matchAttrs(want, got, bound, top); err != nil {
		return fmt.Errorf("<%s>: %w", want.Local(), err)
	}
	text := want.Text()
	rest := strings.Contains(text, "…")
	text = strings.ReplaceAll(text, "…", "")
	blank := strings.TrimSpace(text) == ""
	if !blank {
		if err := s.matchValue(text, got.Text(), bound); err != nil {
			return fmt.Errorf("<%s>: text %w", want.Local(), err)
		}
	} else if !rest && strings.TrimSpace(got.Text()) != "" {
		return fmt.Errorf("<%s> has the text %q", want.Local(), got.Text())
	}
	if rest {
		return s.matchSome(want, got, bound)
	}
	return s.matchAll(want, got, bound)
}

// matchAll wants the same children in the same order.
func (s *Server) matchAll(want, got elem.Elem, bound map[string]string) error {
	w := want.First()
	for g := range got.Children() {
		if !w.Ok() || w.Name() != g.Name() {
			if isText(g) || isStanzaID(g) && !want.Child(g.Space(), g.Local()).Ok() {
				continue
			}
			if !w.Ok() {
				return fmt.Errorf("<%s> has <%s xmlns='%s'> in it", want.Local(), g.Local(), g.Space())
			}
		}
		if err := s.matchElem(w, g, bound, false); err != nil {
			return err
		}
		w = w.Next()
	}
	if w.Ok() {
		return fmt.Errorf("<%s> has no <%s xmlns='%s'> there", want.Local(), w.Local(), w.Space())
	}
	return nil
}

// isText recognizes the texts for people in errors: expectations may leave them out.
func isText(e elem.Elem) bool {
	return e.Local() == "text" && (e.Space() == stanza.NSStanzas || e.Space() == stream.NSErrors || e.Space() == stream.NSSASL)
}

// isStanzaID recognizes the mark of an archive (XEP-0359), which nearly every message carries: expectations that name none
// take no notice of it.
func isStanzaID(e elem.Elem) bool { return e.Is("urn:xmpp:sid:0", "stanza-id") }

// matchSome wants each expected child somewhere, in any order, and takes no notice of others.
func (s *Server) matchSome(want, got elem.Elem, bound map[string]string) error {
	var free []elem.Elem
	for g := range got.Children() {
		free = append(free, g)
	}
	for w := range want.Children() {
		found, why := -1, error(nil)
		for i, g := range free {
			trial := clone(bound)
			err := s.matchElem(w, g, trial, false)
			if err == nil {
				for k, v := range trial {
					bound[k] = v
				}
				found = i
				break
			}
			if g.Name() == w.Name() {
				why = err
			}
		}
		if found < 0 {
			if why == nil {
				why = fmt.Errorf("<%s> has no <%s xmlns='%s'>", want.Local(), w.Local(), w.Space())
			}
			return why
		}
		free = append(free[:found:found], free[found+1:]...)
	}
	return nil
}

func clone(m map[string]string) map[string]string {
	c := make(map[string]string, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

// matchAttrs compares attributes. An expectation may leave out xml:lang, and at the top to.
func (s *Server) matchAttrs(want, got elem.Elem, bound map[string]string, top bool) error {
	_, rest := want.LookupAttr("", anyAttr)
	for n, v := range want.Attrs() {
		if n.Local == anyAttr {
			continue
		}
		g, ok := got.LookupAttr(n.Space, n.Local)
		if !ok {
			return fmt.Errorf("there is no attribute %s", n.Local)
		}
		if err := s.matchValue(v, g, bound); err != nil {
			return fmt.Errorf("attribute %s: %w", n.Local, err)
		}
	}
	if rest {
		return nil
	}
	for n, v := range got.Attrs() {
		if _, ok := want.LookupAttr(n.Space, n.Local); ok || n.Space != "" && n.Local == "lang" || top && n.Space == "" && n.Local == "to" {
			continue
		}
		return fmt.Errorf("there is an attribute %s='%s'", n.Local, v)
	}
	return nil
}
