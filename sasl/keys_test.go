package sasl

import (
	"bytes"
	"crypto"
	"errors"
	"testing"
)

func TestPreparePassword(t *testing.T) {
	rows := []struct {
		name, in, want string
		ok             bool
	}{
		{"RFC 8265 example 12", "correct horse battery staple", "correct horse battery staple", true},
		{"RFC 8265 example 13", "Correct Horse Battery Staple", "Correct Horse Battery Staple", true},
		{"RFC 8265 example 14", "πßå", "πßå", true},
		{"RFC 8265 example 15", "Jack of ♦s", "Jack of ♦s", true},
		{"RFC 8265 example 16", "foo\u1680bar", "foo bar", true},
		{"all printable ASCII", "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~", "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~", true},
		{"NFC", "e\u0301", "\u00e9", true},
		{"no NFKC", "\u00bd", "\u00bd", true},
		{"empty", "", "", false},
		{"control character", "a\tb", "", false},
		{"delete", "a\x7f", "", false},
		{"not UTF-8", "a\xff", "", false},
		{"NUL", "a\x00", "", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got, ok := preparePassword(row.in); ok != row.ok || ok && got != row.want {
				t.Errorf("%q, %v", got, ok)
			}
		})
	}
}

func TestPrepareUser(t *testing.T) {
	rows := []struct {
		name, in, want string
		ok             bool
	}{
		{"ASCII", "romeo-0_x", "romeo-0_x", true},
		{"capitals", "RomeO", "romeo", true},
		{"RFC 8265 example 4", "\u03c3", "\u03c3", true},
		{"RFC 8265 example 5, capital sigma", "\u03a3", "\u03c3", true},
		{"NFC", "e\u0301", "\u00e9", true},
		{"fullwidth", "\uff32\uff4f\uff4d\uff45\uff4f", "romeo", true},
		{"digit before a letter from left to right", "0\u00e9", "0\u00e9", true},
		{"right to left", "\u05d0\u05d1", "\u05d0\u05d1", true},
		{"digit before a letter from right to left", "0\u05d0", "", false},
		{"both directions", "a\u05d0", "", false},
		{"space", "ro meo", "", false},
		{"compatibility character", "henry\u2163", "", false},
		{"symbol", "\u265a", "", false},
		{"control character", "ro\tmeo", "", false},
		{"empty", "", "", false},
		{"not UTF-8", "\xff", "", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got, ok := prepareUser(row.in); ok != row.ok || ok && got != row.want {
				t.Errorf("%q, %v", got, ok)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA512} {
		keys, err := Derive(h, "pencil é", nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(keys.Salt) != 16 || keys.Iterations != DefaultIterations(h) || !keys.fit(h) {
			t.Errorf("%v: %+v", h, keys)
		}
		if !keys.VerifyPassword(h, "pencil e\u0301") {
			t.Errorf("%v: the password in another normal form is refused", h)
		}
		for _, wrong := range []string{"pencil", "", "pencil é\x00", "\xff"} {
			if keys.VerifyPassword(h, wrong) {
				t.Errorf("%v: %q passes", h, wrong)
			}
		}
		other, _ := Derive(h, "pencil é", nil, 0)
		if bytes.Equal(other.Salt, keys.Salt) {
			t.Errorf("%v: same salt twice", h)
		}
	}
	if (Keys{}).VerifyPassword(crypto.SHA256, "x") {
		t.Error("zero keys accept a password")
	}
	if _, err := Derive(crypto.SHA256, "", nil, 0); !errors.Is(err, ErrCredentials) {
		t.Error(err)
	}
	if _, err := Derive(crypto.SHA256, "x", nil, -1); !errors.Is(err, ErrIterations) {
		t.Error(err)
	}
	if _, err := Derive(0, "x", nil, 0); err == nil {
		t.Error("no hash function")
	}
}

func TestFakeKeys(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, 32)
	a := FakeKeys(crypto.SHA256, secret, "tybalt")
	b := FakeKeys(crypto.SHA256, secret, "tybalt")
	real, _ := Derive(crypto.SHA256, "x", nil, 0)
	if !bytes.Equal(a.Salt, b.Salt) || len(a.Salt) != len(real.Salt) || a.Iterations != real.Iterations || !a.fit(crypto.SHA256) {
		t.Errorf("%+v", a)
	}
	for name, other := range map[string]Keys{
		"user":   FakeKeys(crypto.SHA256, secret, "mercutio"),
		"secret": FakeKeys(crypto.SHA256, secret[1:], "tybalt"),
		"hash":   FakeKeys(crypto.SHA1, secret, "tybalt"),
	} {
		if bytes.Equal(other.Salt, a.Salt) {
			t.Errorf("the salt does not depend on the %s", name)
		}
	}
	if a.VerifyPassword(crypto.SHA256, "") || a.VerifyPassword(crypto.SHA256, "tybalt") {
		t.Error("fake keys accept a password")
	}
}
