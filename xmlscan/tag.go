package xmlscan

import (
	"unicode/utf8"
	"unsafe"
)

// beginTag prepares for the start tag whose name begins at s.pos.
func (s *Scanner) beginTag() {
	if len(s.stack) == 0 && !s.keep {
		s.attrs = s.attrs[:0]
	}
	s.phase = inName
	s.name, s.colon = s.pos, -1
	s.attr0, s.prefixed = len(s.attrs), 0
	s.tag.binds, s.tag.def = int32(len(s.binds)), s.def
}

// anyTag goes on with a tag of any kind.
func (s *Scanner) anyTag(buf []byte, t *Token) (done bool, err *Error) {
	view := buf[:min(len(buf), s.start+s.lim.MaxTag)]
	if s.phase >= inEndName {
		done, err = s.endTag(view, t)
	} else {
		done, err = s.startTag(view, t)
	}
	if !done && err == nil && len(view) < len(buf) {
		err = s.fail(TooBig, s.pos, "tag over MaxTag")
	}
	return done, err
}

// startTag scans a start tag or an empty element tag by its parts.
func (s *Scanner) startTag(buf []byte, t *Token) (bool, *Error) {
	if s.phase == inName {
		if done, err := s.scanName(buf); !done || err != nil {
			return false, err
		}
		s.tag.name, s.tag.len = uint32(s.name), uint16(s.pos-s.name)
		s.prefix = s.prefixLen()
		s.phase = inTag
	}
	for {
		if s.phase == inTag {
			if done, err := s.between(buf); !done || err != nil {
				return false, err
			}
			if s.phase == inAttrName {
				done, err := s.plainAttr(buf)
				if err != nil {
					return false, err
				}
				if done {
					s.phase = inTag
					continue
				}
			}
		}
		switch s.phase {
		case inContent: // '>'
			return true, s.open(buf, t, false)
		case inSlash:
			if s.pos == len(buf) {
				return false, nil
			}
			if buf[s.pos] != '>' {
				return false, s.fail(NotWellFormed, s.pos, "'/' in a tag")
			}
			s.pos++
			return true, s.open(buf, t, true)
		}
		if done, err := s.attribute(buf); !done || err != nil {
			return false, err
		}
		s.phase = inTag
	}
}

// between skips the white space before an attribute, '/' or '>'.
func (s *Scanner) between(buf []byte) (bool, *Error) {
	p := s.pos
	for p < len(buf) && class[buf[p]]&space != 0 {
		p++
	}
	spaced := p > s.pos || class[buf[p-1]]&space != 0 // maybe from an earlier call
	s.pos = p
	if p == len(buf) {
		return false, nil
	}
	switch c := buf[p]; {
	case c == '>':
		s.pos++
		s.phase = inContent
	case c == '/':
		s.pos++
		s.phase = inSlash
	case !spaced: // XML §3.1
		return false, s.fail(NotWellFormed, p, "no white space before attribute")
	default:
		s.name, s.colon = p, -1
		s.phase = inAttrName
	}
	return true, nil
}

// plainAttr is the short way through an attribute that is all there, written
// name='value', in ASCII, without colon or reference. It says false, with
// nothing changed, where attribute must take over; that happens at most once
// per attribute, so the work stays linear.
func (s *Scanner) plainAttr(buf []byte) (bool, *Error) {
	p := s.pos
	for p < len(buf) && class[buf[p]]&nameByte != 0 {
		p++
	}
	if p+2 >= len(buf) || buf[p] != '=' || class[buf[s.name]]&nameStart == 0 {
		return false, nil
	}
	quote, val := buf[p+1], p+2
	if quote != '\'' && quote != '"' {
		return false, nil
	}
	end := valueRun(buf, val, quote)
	if end == len(buf) || buf[end] != quote {
		return false, nil
	}
	s.pos = p
	if err := s.addAttr(buf); err != nil {
		return false, err
	}
	s.val, s.pos = val, end+1
	return true, s.endAttr(buf)
}

// endAttr enters the value, which ends before the quote at s.pos-1.
func (s *Scanner) endAttr(buf []byte) *Error {
	i := len(s.attrs) - 1
	a := &s.attrs[i]
	a.Val, a.ValLen = uint32(s.val), uint16(s.pos-1-s.val)
	if a.NS == NSDecl {
		return s.declare(buf, i)
	}
	return nil
}

// scanName scans a qualified name from s.pos on; done when a byte follows
// that cannot belong to it. s.name and s.colon say where it began.
func (s *Scanner) scanName(buf []byte) (bool, *Error) {
	p := s.pos
	for {
		for p < len(buf) && class[buf[p]]&nameByte != 0 {
			p++
		}
		if err := s.nameSoFar(buf, p); err != nil || p == len(buf) {
			s.pos = p
			return false, err
		}
		c := buf[p]
		if c == ':' {
			if s.colon >= 0 || p == s.name {
				return false, s.fail(NotWellFormed, p, "colon in name")
			}
			s.colon = p
			p++
			continue
		}
		if c < utf8.RuneSelf {
			break
		}
		n, err := s.multibyte(buf, p)
		if n == 0 {
			s.pos = p
			return false, err
		}
		r, _ := utf8.DecodeRune(buf[p:])
		if first := p == s.name || p == s.colon+1; first && !isNameStart(r) || !isNameRune(r) {
			return false, s.fail(NotWellFormed, p, "character in name")
		}
		p += n
	}
	s.pos = p
	if p == s.name || p == s.colon+1 {
		return false, s.fail(NotWellFormed, p, "name missing")
	}
	return true, nil
}

// nameSoFar checks the first byte of both parts of the name that goes on to
// p. Names fit 16 bits because MaxTag does.
func (s *Scanner) nameSoFar(buf []byte, p int) *Error {
	if s.name < p && !startsName(buf[s.name]) {
		return s.fail(NotWellFormed, s.name, "character at start of name")
	}
	if local := s.colon + 1; s.colon >= 0 && local < p && !startsName(buf[local]) {
		return s.fail(NotWellFormed, local, "character at start of local name")
	}
	return nil
}

// startsName is settled for ASCII; scanName looks at the rest.
func startsName(c byte) bool { return c >= utf8.RuneSelf || class[c]&nameStart != 0 }

func (s *Scanner) prefixLen() int {
	if s.colon < 0 {
		return 0
	}
	return s.colon - s.name
}

// attribute scans name, '=' and value, and enters them in the table.
func (s *Scanner) attribute(buf []byte) (bool, *Error) {
	switch s.phase {
	case inAttrName:
		if done, err := s.scanName(buf); !done || err != nil {
			return false, err
		}
		if err := s.addAttr(buf); err != nil {
			return false, err
		}
		s.phase = inEquals
		fallthrough
	case inEquals:
		if done, err := s.expect(buf, '=', '='); !done || err != nil {
			return false, err
		}
		s.phase = inQuote
		fallthrough
	case inQuote:
		if done, err := s.expect(buf, '\'', '"'); !done || err != nil {
			return false, err
		}
		s.quote = buf[s.pos-1]
		s.val = s.pos
		s.phase = inValue
	}
	done, err := s.value(buf)
	if !done {
		return false, err
	}
	return true, s.endAttr(buf)
}

// expect skips white space and one byte that is a or b.
func (s *Scanner) expect(buf []byte, a, b byte) (bool, *Error) {
	p := s.pos
	for p < len(buf) && class[buf[p]]&space != 0 {
		p++
	}
	s.pos = p
	if p == len(buf) {
		return false, nil
	}
	if c := buf[p]; c != a && c != b {
		return false, s.fail(NotWellFormed, p, "unexpected character in tag")
	}
	s.pos++
	return true, nil
}

// value scans an attribute value past its closing quote.
func (s *Scanner) value(buf []byte) (bool, *Error) {
	p := s.pos
	for {
		p = valueRun(buf, p, s.quote)
		s.pos = p
		if p == len(buf) {
			return false, nil
		}
		switch c := buf[p]; c {
		case s.quote:
			s.pos++
			return true, nil
		case '\'', '"':
			p++
		case '<': // XML §3.1
			return false, s.fail(NotWellFormed, p, "'<' in attribute value")
		case '\t', '\n', '\r':
			s.attrs[len(s.attrs)-1].Raw = true
			p++
		default:
			n, err := s.special(buf, p)
			if n == 0 {
				return false, err
			}
			if c == '&' {
				s.attrs[len(s.attrs)-1].Raw = true
			}
			p += n
		}
	}
}

// open completes a start tag: namespaces, then the element is open.
func (s *Scanner) open(buf []byte, t *Token, empty bool) *Error {
	if len(s.stack) >= s.lim.MaxDepth {
		return s.fail(TooBig, s.start, "elements nested over MaxDepth")
	}
	ns, foreign := s.def, false
	if s.prefix > 0 || s.prefixed > 0 {
		var err *Error
		if ns, foreign, err = s.resolve(buf); err != nil {
			return err
		}
	}
	typ := Start
	if empty {
		typ = Empty
		s.leave(s.tag)
	} else {
		s.stack = append(s.stack, s.tag)
	}
	s.finish(t, typ)
	t.NameLen, t.Prefix = s.tag.len, uint16(s.prefix)
	t.NS, t.Attr, t.Foreign = ns, uint32(s.attr0), foreign
	return nil
}

// leave puts the namespaces out of scope that f declared.
func (s *Scanner) leave(f frame) {
	s.binds, s.def = s.binds[:f.binds], f.def
}

// endTag scans "</name>", comparing with the open element as bytes arrive.
func (s *Scanner) endTag(buf []byte, t *Token) (bool, *Error) {
	if s.phase == inEndName {
		want, known := s.rest(buf), len(buf)-s.pos
		if known > len(want) {
			known = len(want)
		}
		if string(buf[s.pos:s.pos+known]) != want[:known] {
			return false, s.fail(NotWellFormed, s.start, "end tag does not match")
		}
		s.pos += known
		if known < len(want) {
			return false, nil
		}
		s.phase = inEndTag
	}
	if done, err := s.expect(buf, '>', '>'); !done || err != nil {
		return false, err
	}
	n := len(s.stack)
	if n == 0 {
		s.ctx = &noContext
		s.finish(t, Close)
		return true, nil
	}
	s.leave(s.stack[n-1])
	s.stack = s.stack[:n-1]
	s.finish(t, End)
	return true, nil
}

// rest returns what has not been seen yet of the name that the end tag needs.
func (s *Scanner) rest(buf []byte) string {
	seen := s.pos - s.start - len("</")
	n := len(s.stack)
	if n == 0 {
		return s.ctx.root[seen:]
	}
	f := &s.stack[n-1]
	name := buf[f.name+uint32(seen) : f.name+uint32(f.len)]
	return unsafe.String(unsafe.SliceData(name), len(name))
}
