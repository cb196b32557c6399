// Package stream is XML streams as RFC 6120 §4 has them: headers, stream errors, and one negotiation loop that serves
// both roles, in which stream features are values (Feature).
//
// A server calls Accept, a client Initiate; both end with a Stream on which features have been agreed. What comes after
// (stanzas) is read from Stream.Conn by the caller. Start reading at Feature, then Accept.
package stream

import (
	"strings"

	"github.com/stonechat-im/stonechat/elem"
)

// Namespaces.
const (
	NS       = "http://etherx.jabber.org/streams"
	NSErrors = "urn:ietf:params:xml:ns:xmpp-streams"
	NSTLS    = "urn:ietf:params:xml:ns:xmpp-tls"
	NSSASL   = "urn:ietf:params:xml:ns:xmpp-sasl"
	NSBind   = "urn:ietf:params:xml:ns:xmpp-bind"
)

// Header is the start tag of a stream (RFC 6120 §4.7). Addresses are as written: a header may name anything.
type Header struct {
	To, From string
	ID       string
	Version  string
	Lang     string
	Content  string // the default namespace: jabber:client or jabber:server
}

// Append writes the header with an XML declaration before it.
func (h *Header) Append(dst []byte) []byte {
	dst = append(dst, "<?xml version='1.0'?><stream:stream xmlns='"...)
	dst = append(dst, h.Content...)
	dst = append(dst, "' xmlns:stream='"+NS+"'"...)
	for _, a := range []struct{ name, val string }{{"id", h.ID}, {"from", h.From}, {"to", h.To}, {"version", h.Version}, {"xml:lang", h.Lang}} {
		if a.val == "" {
			continue
		}
		dst = append(dst, ' ')
		dst = append(dst, a.name...)
		dst = append(dst, '=', '\'')
		dst = elem.AppendAttr(dst, a.val)
		dst = append(dst, '\'')
	}
	return append(dst, '>')
}

// ReadHeader reads a stream header and checks its namespaces (RFC 6120 §4.8, §4.9.3.10) and its version (§4.7.5).
func ReadHeader(e elem.Elem, content string) (Header, error) {
	h := Header{To: strings.Clone(e.Attr("to")), From: strings.Clone(e.Attr("from")), ID: strings.Clone(e.Attr("id")),
		Version: strings.Clone(e.Attr("version")), Lang: strings.Clone(e.Lang()), Content: content}
	if e.Local() != "stream" {
		return h, BadFormat.With("the root element of a stream is named stream")
	}
	if e.Space() != NS {
		return h, InvalidNamespace.With("the stream's namespace is " + NS)
	}
	if p := e.Prefix(); p != "stream" && p != "" { // §4.8.5: other prefixes may be refused
		return h, BadNamespacePrefix.With("use the prefix stream")
	}
	if ns, ok := e.DeclaredNS(); ok && ns != content && e.Prefix() != "" { // §4.8.2
		return h, InvalidNamespace.With("the content namespace of this stream is " + content)
	}
	if !atLeast1(h.Version) {
		return h, UnsupportedVersion.With("streams of version 1.0 are needed")
	}
	return h, nil
}

// atLeast1 reads a version (RFC 6120 §4.7.5): two numbers. None at all is 0.0, from before stream features.
func atLeast1(version string) bool {
	major, minor, ok := strings.Cut(version, ".")
	for _, s := range []string{major, minor} {
		if s == "" || strings.Trim(s, "0123456789") != "" {
			return false
		}
	}
	return ok && strings.Trim(major, "0") != ""
}
