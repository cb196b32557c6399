package stanza

import (
	"errors"

	"github.com/stonechat-im/stonechat/elem"
)

// Condition is a defined stanza error condition (RFC 6120 §8.3.3). It is an error itself, for when nothing needs saying.
type Condition string

const (
	BadRequest            Condition = "bad-request"
	Conflict              Condition = "conflict"
	FeatureNotImplemented Condition = "feature-not-implemented"
	Forbidden             Condition = "forbidden"
	Gone                  Condition = "gone"
	InternalServerError   Condition = "internal-server-error"
	ItemNotFound          Condition = "item-not-found"
	JIDMalformed          Condition = "jid-malformed"
	NotAcceptable         Condition = "not-acceptable"
	NotAllowed            Condition = "not-allowed"
	NotAuthorized         Condition = "not-authorized"
	PolicyViolation       Condition = "policy-violation"
	RecipientUnavailable  Condition = "recipient-unavailable"
	Redirect              Condition = "redirect"
	RegistrationRequired  Condition = "registration-required"
	RemoteServerNotFound  Condition = "remote-server-not-found"
	RemoteServerTimeout   Condition = "remote-server-timeout"
	ResourceConstraint    Condition = "resource-constraint"
	ServiceUnavailable    Condition = "service-unavailable"
	SubscriptionRequired  Condition = "subscription-required"
	UndefinedCondition    Condition = "undefined-condition"
	UnexpectedRequest     Condition = "unexpected-request"
)

// Error makes a Condition an error.
func (c Condition) Error() string { return string(c) }

// With adds a text for people to the condition.
func (c Condition) With(text string) *Error { return &Error{Condition: c, Text: text} }

// ErrorType says what the sender may do about an error (RFC 6120 §8.3.2).
type ErrorType string

const (
	Auth     ErrorType = "auth"     // retry with credentials
	Cancel   ErrorType = "cancel"   // do not retry
	Continue ErrorType = "continue" // only a warning
	Modify   ErrorType = "modify"   // retry after changing the data
	Wait     ErrorType = "wait"     // retry later
)

// Type returns the type that RFC 6120 §8.3.3 recommends for the condition.
func (c Condition) Type() ErrorType {
	switch c {
	case Forbidden, NotAuthorized, RegistrationRequired, SubscriptionRequired:
		return Auth
	case BadRequest, JIDMalformed, NotAcceptable, PolicyViolation, Redirect:
		return Modify
	case RecipientUnavailable, RemoteServerTimeout, ResourceConstraint, UnexpectedRequest:
		return Wait
	}
	return Cancel
}

// Error is a stanza error (RFC 6120 §8.3).
type Error struct {
	Condition Condition
	Kind      ErrorType // empty: the recommended one
	Text      string    // English
	By        string    // who found the error; empty when it is the sender of the error stanza
	Address   string    // of gone and redirect: the new address (§8.3.3.5, §8.3.3.14)
	App       Payload   // application-specific condition (§8.3.4)
}

func (e *Error) Error() string {
	if e.Text != "" {
		return string(e.Condition) + ": " + e.Text
	}
	return string(e.Condition)
}

// Is lets errors.Is compare an *Error with a Condition.
func (e *Error) Is(target error) bool {
	c, ok := target.(Condition)
	return ok && c == e.Condition
}

// WithApp returns a copy with an application-specific condition.
func (e Error) WithApp(p Payload) *Error {
	e.App = p
	return &e
}

// WithType returns a copy with another type than the recommended one.
func (e Error) WithType(t ErrorType) *Error {
	e.Kind = t
	return &e
}

// Name is the error element's.
func (e *Error) Name() elem.Name { return elem.Name{Space: NSClient, Local: "error"} }

// Encode writes the error element.
func (e *Error) Encode(w *elem.Writer) {
	w.Start(NSClient, "error")
	kind := e.Kind
	if kind == "" {
		kind = e.Condition.Type()
	}
	w.Attr("type", string(kind))
	w.OptAttr("by", e.By)
	w.Elem(NSStanzas, string(e.Condition), e.Address)
	if e.Text != "" {
		w.Start(NSStanzas, "text")
		w.Lang("en")
		w.Text(e.Text)
		w.End()
	}
	if e.App != nil {
		e.App.Encode(w)
	}
	w.End()
}

// ReadError reads the error element of a stanza of type error. A missing or unknown condition reads as
// undefined-condition.
func ReadError(s *Stanza) *Error {
	el := s.Child(NSClient, "error")
	e := &Error{Condition: UndefinedCondition, Kind: ErrorType(el.Attr("type")), By: el.Attr("by")}
	for c := range el.Children() {
		switch {
		case c.Is(NSStanzas, "text"):
			e.Text = c.Text()
		case c.Space() == NSStanzas:
			e.Condition, e.Address = Condition(c.Local()), c.Text()
		}
	}
	return e
}

// AsError makes any error fit for the wire: an *Error or Condition as it is, anything else as internal-server-error
// without its text, and false, so that the caller logs it.
func AsError(err error) (*Error, bool) {
	var e *Error
	if errors.As(err, &e) {
		return e, true
	}
	var c Condition
	if errors.As(err, &c) {
		return &Error{Condition: c}, true
	}
	return &Error{Condition: InternalServerError}, false
}

// Bounce makes the error answer to s. IQ errors do not repeat the payload; messages and presence do not either, to keep
// errors small (RFC 6120 §8.3.1 leaves it open). It returns nil where no error may be sent: to errors, to IQ results
// (§8.3.1), and to presence that is not an availability or subscription matter.
func (s *Stanza) Bounce(err *Error) *Stanza {
	if s.Type == TypeError || s.Kind == IQ && s.Type == Result {
		return nil
	}
	return s.Reply(TypeError, err)
}
