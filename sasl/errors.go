package sasl

import "errors"

// Error is a failure the server reports to the client: a SASL error condition of RFC 6120 §6.5. Errors of this package
// and of the caller's functions wrap one of the constants; compare with errors.Is.
type Error string

// The conditions of RFC 6120 §6.5.
const (
	ErrAborted            Error = "aborted"
	ErrAccountDisabled    Error = "account-disabled"
	ErrCredentialsExpired Error = "credentials-expired"
	ErrEncryptionRequired Error = "encryption-required"
	ErrIncorrectEncoding  Error = "incorrect-encoding"
	ErrInvalidAuthzid     Error = "invalid-authzid"
	ErrInvalidMechanism   Error = "invalid-mechanism"
	ErrMalformed          Error = "malformed-request"
	ErrMechanismTooWeak   Error = "mechanism-too-weak"
	ErrNotAuthorized      Error = "not-authorized"
	ErrTemporary          Error = "temporary-auth-failure"
)

// Error returns the condition with the package's name before it.
func (e Error) Error() string { return "sasl: " + string(e) }

// Condition returns the name of the RFC 6120 §6.5 condition to send for err, empty for nil. An error that wraps no
// Error, such as a failed database lookup, is temporary-auth-failure: its text must not reach the client.
func Condition(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[Error](err); ok && e.known() {
		return string(e)
	}
	return string(ErrTemporary)
}

// ErrorFor returns the Error for a condition name a client received. A name RFC 6120 does not define counts as
// not-authorized (RFC 6120 §6.5).
func ErrorFor(condition string) Error {
	if e := Error(condition); e.known() {
		return e
	}
	return ErrNotAuthorized
}

func (e Error) known() bool {
	switch e {
	case ErrAborted, ErrAccountDisabled, ErrCredentialsExpired, ErrEncryptionRequired, ErrIncorrectEncoding,
		ErrInvalidAuthzid, ErrInvalidMechanism, ErrMalformed, ErrMechanismTooWeak, ErrNotAuthorized, ErrTemporary:
		return true
	}
	return false
}

// ClientError is a reason for which a client gives up. The client then sends <abort/>, or closes the stream when the
// server has already reported success. Compare with errors.Is.
type ClientError string

// The reasons of a client.
const (
	// ErrServerSignature: the server did not prove that it knows the account's keys (RFC 5802 §5, HT responder hash).
	ErrServerSignature ClientError = "the server did not prove that it knows the credentials"
	// ErrDowngrade: what the server offered was altered on the way, or breaks the rules of XEP-0440 and XEP-0474.
	ErrDowngrade ClientError = "the server's offer shows a downgrade attack"
	// ErrNoBinding: the mechanism needs a channel binding that this connection and the server do not share.
	ErrNoBinding ClientError = "no channel binding in common"
	// ErrIterations: the server's iteration count lies outside MinIterations to MaxIterations.
	ErrIterations ClientError = "iteration count out of range"
	// ErrNeedPassword: the stored keys do not fit the server's salt and iteration count, and there is no password.
	ErrNeedPassword ClientError = "stored keys do not fit, a password is needed"
	// ErrProtocol: the server's message breaks the mechanism's syntax or order.
	ErrProtocol ClientError = "the server's message breaks the mechanism"
	// ErrCredentials: a name, password or token that the mechanism cannot carry.
	ErrCredentials ClientError = "credentials that the mechanism cannot carry"
)

// Error returns the reason with the package's name before it.
func (e ClientError) Error() string { return "sasl: " + string(e) }

// because wraps e, one of the constants above, with a reason for logs. The reason holds no secret.
func because(e error, reason string) error { return &reasoned{e, reason} }

type reasoned struct {
	err    error
	reason string
}

func (r *reasoned) Error() string { return r.err.Error() + ": " + r.reason }
func (r *reasoned) Unwrap() error { return r.err }
