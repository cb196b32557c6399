package jid

import (
	"database/sql/driver"
	"fmt"
)

// The text form of an address is its normal form in JSON, TOML, SQL and elsewhere. The
// zero value is the empty text, and NULL in SQL.

// AppendText appends the normal form to b. It never fails.
func (j JID) AppendText(b []byte) ([]byte, error) { return append(b, j.s...), nil }

// MarshalText returns the normal form. It never fails.
func (j JID) MarshalText() ([]byte, error) { return []byte(j.s), nil }

// UnmarshalText parses text as [Parse] does; empty text gives the zero value.
func (j *JID) UnmarshalText(text []byte) error { return unmarshal(j, text, Parse) }

// Value returns the normal form as a string, NULL for the zero value.
func (j JID) Value() (driver.Value, error) { return value(j.s) }

// Scan takes a string or bytes as [Parse] does; NULL and "" give the zero value.
func (j *JID) Scan(src any) error { return scanValue(j, src, Parse) }

// AppendText appends the normal form to p. It never fails.
func (b Bare) AppendText(p []byte) ([]byte, error) { return append(p, b.bare.s...), nil }

// MarshalText returns the normal form. It never fails.
func (b Bare) MarshalText() ([]byte, error) { return []byte(b.bare.s), nil }

// UnmarshalText parses text as [ParseBare] does; empty text gives the zero value.
func (b *Bare) UnmarshalText(text []byte) error { return unmarshal(b, text, ParseBare) }

// Value returns the normal form as a string, NULL for the zero value.
func (b Bare) Value() (driver.Value, error) { return value(b.bare.s) }

// Scan takes a string or bytes as [ParseBare] does; NULL and "" give the zero value.
func (b *Bare) Scan(src any) error { return scanValue(b, src, ParseBare) }

// AppendText appends the normal form to b. It never fails.
func (f Full) AppendText(b []byte) ([]byte, error) { return append(b, f.full.s...), nil }

// MarshalText returns the normal form. It never fails.
func (f Full) MarshalText() ([]byte, error) { return []byte(f.full.s), nil }

// UnmarshalText parses text as [ParseFull] does; empty text gives the zero value.
func (f *Full) UnmarshalText(text []byte) error { return unmarshal(f, text, ParseFull) }

// Value returns the normal form as a string, NULL for the zero value.
func (f Full) Value() (driver.Value, error) { return value(f.full.s) }

// Scan takes a string or bytes as [ParseFull] does; NULL and "" give the zero value.
func (f *Full) Scan(src any) error { return scanValue(f, src, ParseFull) }

// unmarshal leaves dst as it is on an error.
func unmarshal[T any](dst *T, text []byte, parse func(string) (T, error)) error {
	var v T
	if len(text) > 0 {
		var err error
		if v, err = parse(string(text)); err != nil {
			return err
		}
	}
	*dst = v
	return nil
}

func value(s string) (driver.Value, error) {
	if s == "" {
		return nil, nil
	}
	return s, nil
}

func scanValue[T any](dst *T, src any, parse func(string) (T, error)) error {
	switch src := src.(type) {
	case nil:
		return unmarshal(dst, nil, parse)
	case string:
		return unmarshal(dst, []byte(src), parse)
	case []byte:
		return unmarshal(dst, src, parse)
	}
	return fmt.Errorf("jid: cannot read an address from an SQL value of type %T", src)
}
