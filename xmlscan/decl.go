package xmlscan

import (
	"bytes"
	"strings"
)

// maxDecl bounds the XML declaration; a plain one has 38 bytes.
const maxDecl = 128

// decl scans the XML declaration (XML §2.8, RFC 6120 §11.5).
func (s *Scanner) decl(buf []byte, t *Token) (bool, *Error) {
	const open = "<?xml"
	view := buf[s.start:]
	if n := min(len(view), len(open)); string(view[:n]) != open[:n] {
		return false, s.fail(Restricted, s.start, "processing instruction")
	}
	if len(view) > len(open) && class[view[len(open)]]&space == 0 {
		return false, s.fail(Restricted, s.start, "processing instruction")
	}
	view = view[:min(len(view), maxDecl)]
	// Look again at no more than the last byte, which may be the '?'.
	from := max(s.pos-1-s.start, len(open))
	end := -1
	if from < len(view) {
		end = bytes.Index(view[from:], []byte("?>"))
	}
	if end < 0 {
		s.pos = s.start + len(view)
		if len(view) == maxDecl {
			return false, s.fail(TooBig, s.start, "XML declaration too long")
		}
		return false, nil
	}
	if kind := declBody(string(view[len(open) : from+end])); kind != 0 {
		return false, s.fail(kind, s.start, "XML declaration")
	}
	s.pos = s.start + from + end + len("?>")
	s.finish(t, Decl)
	return true, nil
}

// declBody checks what stands between "<?xml" and "?>".
func declBody(b string) Kind {
	version, b, ok := pseudo(b, "version")
	if !ok || version != "1.0" { // RFC 6120 §11.8
		return NotWellFormed
	}
	if enc, rest, ok := pseudo(b, "encoding"); ok {
		if !strings.EqualFold(enc, "UTF-8") {
			return Encoding
		}
		b = rest
	}
	if alone, rest, ok := pseudo(b, "standalone"); ok {
		if alone != "no" { // RFC 6120 §11.5: "no" may be ignored
			return Restricted
		}
		b = rest
	}
	if strings.Trim(b, " \t\r\n") != "" {
		return NotWellFormed
	}
	return 0
}

// pseudo splits S name Eq quoted value off the front of b.
func pseudo(b, name string) (value, rest string, ok bool) {
	const white = " \t\r\n"
	trimmed := strings.TrimLeft(b, white)
	if len(trimmed) == len(b) {
		return "", b, false
	}
	after, ok := strings.CutPrefix(trimmed, name)
	if !ok {
		return "", b, false
	}
	after, ok = strings.CutPrefix(strings.TrimLeft(after, white), "=")
	if !ok {
		return "", b, false
	}
	after = strings.TrimLeft(after, white)
	if after == "" || after[0] != '\'' && after[0] != '"' {
		return "", b, false
	}
	value, rest, ok = strings.Cut(after[1:], after[:1])
	return value, rest, ok
}
