package stream

import (
	"errors"
	"os"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/transport"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// Condition is a defined stream error condition (RFC 6120 §4.9.3). It is an error itself.
type Condition string

const (
	BadFormat              Condition = "bad-format"
	BadNamespacePrefix     Condition = "bad-namespace-prefix"
	Conflict               Condition = "conflict"
	ConnectionTimeout      Condition = "connection-timeout"
	HostGone               Condition = "host-gone"
	HostUnknown            Condition = "host-unknown"
	ImproperAddressing     Condition = "improper-addressing"
	InternalServerError    Condition = "internal-server-error"
	InvalidFrom            Condition = "invalid-from"
	InvalidNamespace       Condition = "invalid-namespace"
	InvalidXML             Condition = "invalid-xml"
	NotAuthorized          Condition = "not-authorized"
	NotWellFormed          Condition = "not-well-formed"
	PolicyViolation        Condition = "policy-violation"
	RemoteConnectionFailed Condition = "remote-connection-failed"
	Reset                  Condition = "reset"
	ResourceConstraint     Condition = "resource-constraint"
	RestrictedXML          Condition = "restricted-xml"
	SeeOtherHost           Condition = "see-other-host"
	SystemShutdown         Condition = "system-shutdown"
	UndefinedCondition     Condition = "undefined-condition"
	UnsupportedEncoding    Condition = "unsupported-encoding"
	UnsupportedFeature     Condition = "unsupported-feature"
	UnsupportedStanzaType  Condition = "unsupported-stanza-type"
	UnsupportedVersion     Condition = "unsupported-version"
)

// Error makes a Condition an error.
func (c Condition) Error() string { return "stream error: " + string(c) }

// With adds a text for people.
func (c Condition) With(text string) *Error { return &Error{Condition: c, Text: text} }

// Error is a stream error (RFC 6120 §4.9). It always ends the stream.
type Error struct {
	Condition Condition
	Text      string // English
	Host      string // of see-other-host (§4.9.3.19)
	App       []byte // application-specific condition, written as is (§4.9.4)
	Received  bool   // the peer sent it
}

func (e *Error) Error() string {
	s := "stream error: " + string(e.Condition)
	if e.Received {
		s = "peer's " + s
	}
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// Is lets errors.Is compare an *Error with a Condition.
func (e *Error) Is(target error) bool {
	c, ok := target.(Condition)
	return ok && c == e.Condition
}

// Append writes the error element; the prefix stream is declared by the stream's header.
func (e *Error) Append(dst []byte) []byte {
	dst = append(dst, "<stream:error>"...)
	w := elem.NewWriter(dst, "")
	w.Elem(NSErrors, string(e.Condition), e.Host)
	if e.Text != "" {
		w.Start(NSErrors, "text")
		w.Lang("en")
		w.Text(e.Text)
		w.End()
	}
	return append(append(w.Bytes(), e.App...), "</stream:error>"...)
}

// ReadError reads a received stream error.
func ReadError(e elem.Elem) *Error {
	out := &Error{Condition: UndefinedCondition, Received: true}
	for c := range e.Children() {
		switch {
		case c.Is(NSErrors, "text"):
			out.Text = c.Text()
		case c.Space() == NSErrors:
			out.Condition = Condition(c.Local())
			if out.Condition == SeeOtherHost {
				out.Host = c.Text()
			}
		}
	}
	return out
}

// AsError finds the stream error to send for what went wrong; nil when there is nothing to send, because the
// connection itself has failed.
func AsError(err error) *Error {
	var se *Error
	if errors.As(err, &se) {
		if se.Received {
			return nil
		}
		return se
	}
	var c Condition
	if errors.As(err, &c) {
		return &Error{Condition: c}
	}
	var xe *xmlscan.Error
	if errors.As(err, &xe) {
		switch xe.Kind {
		case xmlscan.Restricted:
			return RestrictedXML.With(xe.Error())
		case xmlscan.BadFormat:
			return BadFormat.With(xe.Error())
		case xmlscan.Encoding:
			return UnsupportedEncoding.With(xe.Error())
		case xmlscan.TooBig:
			return PolicyViolation.With(xe.Error())
		}
		return NotWellFormed.With(xe.Error())
	}
	if errors.Is(err, os.ErrDeadlineExceeded) { // RFC 6120 §4.6.3
		return ConnectionTimeout.With("nothing was heard for too long")
	}
	if errors.Is(err, transport.ErrAhead) {
		return PolicyViolation.With("data sent ahead of the TLS handshake")
	}
	return nil
}
