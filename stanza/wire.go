package stanza

import (
	"errors"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
)

// Received is what a transport reads a stanza into: one allocation holds the stanza, its index and its custody.
type Received struct {
	Stanza
	Tree    elem.Tree
	custody Custody
}

// Addresses reads an address attribute. Implementations may remember recent ones.
type Addresses func(string) (jid.JID, error)

// ErrNoStanza says that an element is not a stanza.
var ErrNoStanza = errors.New("stanza: element is not a message, presence or iq")

// AddressError says which address attribute could not be read (RFC 6120 §8.3.3.8: jid-malformed).
type AddressError struct {
	Attr string // "to" or "from"
	Err  error
}

func (e *AddressError) Error() string { return "stanza: bad " + e.Attr + ": " + e.Err.Error() }
func (e *AddressError) Unwrap() error { return e.Err }

// FromElem reads a stanza from an element in the content namespace `ns` (jabber:client or jabber:server). With an
// *AddressError, or a type that its kind does not have (BadRequest), the stanza is filled in as far as possible, so that
// an error can be sent back.
func (r *Received) FromElem(e elem.Elem, ns string, parse Addresses) error {
	s := &r.Stanza
	s.Kind = KindOf(e.Local())
	if s.Kind == 0 || e.Space() != ns {
		return ErrNoStanza
	}
	s.ID, s.Lang = e.Attr("id"), e.Lang()
	s.setInner(e, ns)
	s.setExtra(e)
	var err error
	var known bool
	s.Type, known = TypeOf(s.Kind, e.Attr("type"))
	if v, ok := e.LookupAttr("", "to"); ok {
		if s.To, err = parse(v); err != nil {
			return &AddressError{"to", err}
		}
	}
	if v, ok := e.LookupAttr("", "from"); ok {
		if s.From, err = parse(v); err != nil {
			return &AddressError{"from", err}
		}
	}
	if !known {
		return BadRequest.With("unknown type of stanza")
	}
	return nil
}

// setInner takes the children's bytes as they are when they mean the same inside any stanza of ours, and writes them
// anew otherwise. What inherits the content namespace of a server stream inherits jabber:client from now on (RFC 6120
// §4.8.3), so its index is made again when somebody asks.
func (s *Stanza) setInner(e elem.Elem, ns string) {
	s.inner, s.root = e.Inner(), e
	for c := e.First(); c.Ok(); c = c.Next() {
		if !c.Fits(ns) {
			s.inner, s.root = rewritten(e, ns), elem.Elem{}
			break
		}
	}
	if ns != NSClient {
		s.root = elem.Elem{}
	}
}

func rewritten(e elem.Elem, ns string) []byte {
	b := make([]byte, 0, len(e.Inner())+64)
	for c := e.First(); c.Ok(); c = c.Next() {
		b = c.AppendTo(b, ns)
	}
	return b
}

// setExtra keeps attributes that RFC 6120 §8.1 does not define. Those with a prefix are dropped: their namespace may be
// declared where the stanza does not go.
func (s *Stanza) setExtra(e elem.Elem) {
	for n, v := range e.Attrs() {
		if n.Space != "" {
			continue
		}
		switch n.Local {
		case "to", "from", "id", "type":
		default:
			s.extra = append(s.extra, ' ')
			s.extra = append(s.extra, n.Local...)
			s.extra = append(s.extra, '=', '\'')
			s.extra = elem.AppendAttr(s.extra, v)
			s.extra = append(s.extra, '\'')
		}
	}
}

// Hold starts the custody that lives inside r, with one hold; the keeper is told once, when the last has been released.
func (r *Received) Hold(k Keeper, n uint32) *Custody {
	r.custody.keeper, r.custody.n = k, n
	r.custody.holders.Store(1)
	r.Custody = &r.custody
	return r.Custody
}

// AppendTo writes the stanza for a stream of jabber:client to dst.
func (s *Stanza) AppendTo(dst []byte) []byte {
	name := s.Kind.String()
	dst = append(dst, '<')
	dst = append(dst, name...)
	dst = s.appendAttrs(dst)
	if len(s.inner) == 0 {
		return append(dst, '/', '>')
	}
	dst = append(dst, '>')
	dst = append(dst, s.inner...)
	dst = append(dst, '<', '/')
	dst = append(dst, name...)
	return append(dst, '>')
}

func (s *Stanza) appendAttrs(dst []byte) []byte {
	if !s.To.IsZero() {
		dst = appendAttr(dst, " to='", s.To.String())
	}
	if !s.From.IsZero() {
		dst = appendAttr(dst, " from='", s.From.String())
	}
	if t := s.Type.String(); t != "" {
		dst = append(dst, " type='"...)
		dst = append(dst, t...)
		dst = append(dst, '\'')
	}
	if s.ID != "" {
		dst = appendAttr(dst, " id='", s.ID)
	}
	if s.Lang != "" {
		dst = appendAttr(dst, " xml:lang='", s.Lang)
	}
	return append(dst, s.extra...)
}

func appendAttr(dst []byte, start, v string) []byte {
	dst = append(dst, start...)
	dst = elem.AppendAttr(dst, v)
	return append(dst, '\'')
}

// Forwarded writes the stanza as it stands inside another element, with its namespace declared (XEP-0297).
func (s *Stanza) Forwarded(dst []byte) []byte {
	name := s.Kind.String()
	dst = append(dst, '<')
	dst = append(dst, name...)
	dst = append(dst, " xmlns='jabber:client'"...)
	dst = s.appendAttrs(dst)
	dst = append(dst, '>')
	dst = append(dst, s.inner...)
	dst = append(dst, '<', '/')
	dst = append(dst, name...)
	return append(dst, '>')
}

// Size is about how many bytes AppendTo writes.
func (s *Stanza) Size() int {
	return len(s.inner) + len(s.To.String()) + len(s.From.String()) + len(s.ID) + len(s.Lang) + len(s.extra) + 64
}

// Parse reads one stanza in jabber:client from bytes that it keeps.
func Parse(b []byte) (*Stanza, error) {
	r := new(Received)
	t, err := elem.Parse(b, NSClient)
	if err != nil {
		return nil, err
	}
	if err := r.FromElem(t.Root(), NSClient, jid.Parse); err != nil {
		return nil, err
	}
	s := r.Stanza // not the whole Received: its index is unused here
	return &s, nil
}
