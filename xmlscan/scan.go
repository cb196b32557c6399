package xmlscan

// Type is the kind of a Token.
type Type uint8

// Token types.
const (
	More  Type = iota // nothing complete: call again with more bytes appended
	Decl              // the XML declaration, only as the very first thing
	Start             // start tag
	Empty             // empty element tag; no End follows
	End               // end tag
	Text              // character data or one CDATA section within an element
	Close             // end tag of the stream, see Scanner.Open; the caller lets nothing follow
)

// Token is one piece of markup or text. Off and End delimit it in the buffer;
// for More at depth 0 the caller may Drop all bytes before Off.
type Token struct {
	Type    Type
	Raw     bool   // Text: AppendText must resolve references, CDATA or CR
	Foreign bool   // Start, Empty: the element has a prefix, or an attribute one other than xml
	NameLen uint16 // Start, Empty: bytes of the qualified name at Off+1
	Prefix  uint16 // Start, Empty: bytes of its prefix, without the colon; 0 if none
	NS      NS     // Start, Empty: namespace of the element
	Attr    uint32 // Start, Empty: its attributes are Attrs()[Attr:]
	Off     uint32
	End     uint32
}

// Attr is one attribute or namespace declaration; offsets into the buffer.
type Attr struct {
	Name   uint32 // qualified name
	Val    uint32 // value between the quotes
	NS     NS
	ValLen uint16
	Len    uint16 // bytes of the qualified name
	Prefix uint16 // bytes of its prefix, without the colon; 0 if none
	Raw    bool   // AppendValue must resolve references or white space
}

// frame is an open element.
type frame struct {
	name  uint32
	len   uint16
	binds int32 // bindings in scope outside it
	def   NS    // default namespace outside it
}

// phase is what the scanner is in the middle of.
type phase uint8

const (
	atTop     phase = iota // between top-level elements
	inContent              // in an element, between tokens
	inMarkup               // after '<'
	inBang                 // after "<!"
	inCData                // in a CDATA section
	inText
	inDecl
	inName // start tag, by parts
	inTag
	inAttrName
	inEquals
	inQuote
	inValue
	inSlash
	inEndName // end tag, by parts
	inEndTag
)

// Scanner is the state of one stream or document. The zero value needs Reset.
type Scanner struct {
	lim   Limits
	ctx   *Context
	err   *Error
	phase phase
	fresh bool // nothing seen: an XML declaration may come
	pos   int  // bytes before it have been scanned
	top   int  // start of the top-level element
	keep  bool // attributes of earlier top-level elements stay
	start int  // start of the token

	// The token at hand.
	raw      bool
	quote    byte
	prefix   int // start tag: length of the element's prefix
	nameLen  int
	name     int   // start of the name being scanned
	colon    int   // its colon, or -1
	val      int   // start of the attribute value
	attr0    int   // first attribute of the tag
	prefixed int   // attributes of the tag with a prefix, declarations apart
	tag      frame // the tag's element, as it will be pushed

	// Tables, reused. attrs holds those of the whole top-level element.
	attrs []Attr
	stack []frame
	binds []binding
	def   NS
}

// Reset makes s ready for new input within ctx, keeping its tables. A nil ctx
// means the very beginning of a stream or document.
func (s *Scanner) Reset(ctx *Context, lim Limits) {
	fresh := ctx == nil
	if fresh {
		ctx = &noContext
	}
	*s = Scanner{
		lim: lim.filled(), ctx: ctx, fresh: fresh,
		attrs: s.attrs[:0], stack: s.stack[:0], binds: s.binds[:0], def: NSOuter,
	}
}

// Depth returns the number of open elements below the stream.
func (s *Scanner) Depth() int { return len(s.stack) }

// Keep makes Attrs go on over all top-level elements, for callers that leave
// them in one buffer and never Drop. Reset ends it.
func (s *Scanner) Keep() { s.keep = true }

// Attrs returns the attributes of all start tags of the current top-level
// element so far, in document order. Valid until the next top-level element.
func (s *Scanner) Attrs() []Attr { return s.attrs }

// Idle reports whether s is between top-level elements.
func (s *Scanner) Idle() bool { return s.phase == atTop }

// Drop tells s that the caller removed n bytes from the front of the buffer.
// Only at depth 0, and only bytes that have been scanned.
func (s *Scanner) Drop(n int) {
	if len(s.stack) != 0 || n > s.pos {
		panic("xmlscan: Drop of bytes that are in use")
	}
	s.pos -= n
	s.top = s.pos
}

// Next finds the next token. buf holds all bytes of the current top-level
// element that arrived so far: the same as at the last call, possibly with
// more appended, possibly moved. Errors are *Error and final.
func (s *Scanner) Next(buf []byte, t *Token) error {
	if s.err != nil {
		return s.err
	}
	if s.phase == atTop {
		for s.pos < len(buf) && class[buf[s.pos]]&space != 0 { // RFC 6120 §11.7
			s.pos++
			s.fresh = false
		}
		s.top = s.pos
	}
	// Bytes past the limit are not looked at, so that the verdict does not
	// depend on how the bytes were cut.
	view := buf[:min(len(buf), s.top+s.lim.MaxBytes)]
	done, err := s.step(view, t)
	if err == nil && !done {
		if len(view) < len(buf) {
			err = s.fail(TooBig, s.pos, "element over MaxBytes")
		}
		*t = Token{Type: More, Off: uint32(s.pos), End: uint32(s.pos)}
	}
	if err != nil {
		s.err = err
		return err
	}
	return nil
}

func (s *Scanner) fail(k Kind, off int, reason string) *Error {
	return &Error{Kind: k, Offset: off, Reason: reason}
}

// step goes on with the phase at hand; false means that bytes are missing.
func (s *Scanner) step(buf []byte, t *Token) (bool, *Error) {
	if s.pos >= len(buf) {
		return false, nil
	}
	if s.phase <= inContent {
		s.start = s.pos
		switch {
		case buf[s.pos] == '<':
			s.pos++
			s.phase = inMarkup
		case s.phase == atTop:
			return false, s.stray()
		default:
			s.raw = false
			s.phase = inText
		}
	}
	if s.phase == inMarkup {
		if s.pos >= len(buf) {
			return false, nil
		}
		if err := s.markup(buf[s.pos]); err != nil {
			return false, err
		}
	}
	switch s.phase {
	case inText:
		return s.text(buf, t)
	case inBang, inCData:
		return s.cdata(buf, t)
	case inDecl:
		return s.decl(buf, t)
	}
	return s.anyTag(buf, t)
}

// markup chooses the phase by the byte after '<'.
func (s *Scanner) markup(c byte) *Error {
	switch c {
	case '/':
		if len(s.stack) == 0 && s.ctx.root == "" {
			return s.fail(NotWellFormed, s.start, "end tag without start tag")
		}
		s.pos++
		s.phase = inEndName
	case '!':
		s.pos++
		s.phase = inBang
	case '?':
		if !s.fresh {
			return s.fail(Restricted, s.start, "processing instruction")
		}
		s.phase = inDecl
	default:
		s.beginTag()
	}
	s.fresh = false
	return nil
}

// stray is the error for character data outside of top-level elements. Within
// a stream such data is well-formed, but XMPP has no use for it: RFC 6120
// §11.7 allows white space only, so §4.9.3.1 applies.
func (s *Scanner) stray() *Error {
	if s.ctx.root != "" {
		return s.fail(BadFormat, s.start, "text between first-level elements")
	}
	return s.fail(NotWellFormed, s.start, "text outside of an element")
}

// finish completes the token that ends before s.pos.
func (s *Scanner) finish(t *Token, typ Type) {
	s.phase = inContent
	if len(s.stack) == 0 {
		s.phase = atTop
	}
	*t = Token{Type: typ, Off: uint32(s.start), End: uint32(s.pos)}
}

// text scans character data up to the next '<'.
func (s *Scanner) text(buf []byte, t *Token) (bool, *Error) {
	p := s.pos
	for {
		p = textRun(buf, p)
		s.pos = p
		if p == len(buf) {
			return false, nil
		}
		switch c := buf[p]; c {
		case '\t', '\n':
			p++
		case '<':
			s.finish(t, Text)
			t.Raw = s.raw
			return true, nil
		case '>': // XML §2.4
			if p-s.start >= 2 && buf[p-1] == ']' && buf[p-2] == ']' {
				return false, s.fail(NotWellFormed, p, "]]> in text")
			}
			p++
		case '\r':
			s.raw = true
			p++
		default:
			if q := wideRun(buf, p); q > p {
				p = q
				continue
			}
			n, err := s.special(buf, p)
			if n == 0 {
				return false, err
			}
			p += n
		}
	}
}

// special checks a reference or a character that is not plain ASCII at p and
// returns its length, 0 when bytes are missing or it is refused.
func (s *Scanner) special(buf []byte, p int) (int, *Error) {
	if c := buf[p]; c == '&' {
		s.raw = true
		_, n, bad := reference(buf[p:])
		if bad != 0 {
			return 0, s.fail(bad, p, "reference")
		}
		return n, nil
	} else if c < 0x20 {
		return 0, s.fail(NotWellFormed, p, "control character")
	}
	return s.multibyte(buf, p)
}

func (s *Scanner) multibyte(buf []byte, p int) (int, *Error) {
	n := multibyte(buf[p:])
	switch n {
	case badUTF8:
		return 0, s.fail(Encoding, p, "not UTF-8")
	case badChar:
		return 0, s.fail(NotWellFormed, p, "not an XML character")
	}
	return n, nil
}

// cdata scans "<![CDATA[", which is all that may begin with "<!", up to "]]>".
func (s *Scanner) cdata(buf []byte, t *Token) (bool, *Error) {
	for s.phase == inBang {
		if s.pos == len(buf) {
			return false, nil
		}
		at := s.pos - s.start
		switch {
		case buf[s.pos] == cdataOpen[at]:
		case at == 2: // RFC 6120 §11.1
			return false, s.fail(Restricted, s.start, "comment or document type declaration")
		default:
			return false, s.fail(NotWellFormed, s.start, "malformed CDATA section")
		}
		s.pos++
		if at+1 == len(cdataOpen) {
			if len(s.stack) == 0 {
				return false, s.stray()
			}
			s.phase = inCData
		}
	}
	body := s.start + len(cdataOpen)
	p := s.pos
	for p = textRun(buf, p); p < len(buf); p = textRun(buf, p) {
		c := buf[p]
		switch {
		case c == '>' && p-body >= 2 && buf[p-1] == ']' && buf[p-2] == ']':
			s.pos = p + 1
			s.finish(t, Text)
			t.Raw = true
			return true, nil
		case class[c]&textStop == 0, c == '<', c == '>', c == '&', c == '\r':
			p++
		default:
			n, err := s.special(buf, p)
			if n == 0 {
				s.pos = p
				return false, err
			}
			p += n
		}
	}
	s.pos = p
	return false, nil
}
