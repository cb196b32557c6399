package sasl

import (
	"errors"
	"testing"
)

func TestChoose(t *testing.T) {
	server := []Mechanism{Plain, Anonymous, ScramSHA1, ScramSHA1Plus, ScramSHA256, ScramSHA256Plus, OAuthBearer, External, "GSSAPI"}
	fast := []Mechanism{HTSHA256None, HTSHA256Endp, HTSHA256Expr}
	tls13 := []BindingType{TLSExporter, TLSServerEndPoint}
	rows := []struct {
		name    string
		offered []Mechanism
		p       Preferences
		want    Mechanism
	}{
		{"nothing at hand", server, Preferences{}, ""},
		{"password", server, Preferences{Password: true}, ScramSHA256},
		{"password and binding", server, Preferences{Password: true, Bindings: tls13}, ScramSHA256Plus},
		{"binding in common", server, Preferences{Password: true, Bindings: tls13, OfferedBindings: []BindingType{TLSServerEndPoint}}, ScramSHA256Plus},
		{"no binding in common", server, Preferences{Password: true, Bindings: tls13, OfferedBindings: []BindingType{TLSUnique}}, ScramSHA256},
		{"a binding beats a longer hash", []Mechanism{ScramSHA512, ScramSHA1Plus}, Preferences{Password: true, Bindings: tls13}, ScramSHA1Plus},
		{"certificate first", server, Preferences{Password: true, Certificate: true, Bindings: tls13}, External},
		{"PLAIN is not chosen", []Mechanism{Plain}, Preferences{Password: true}, ""},
		{"PLAIN if allowed", []Mechanism{Plain}, Preferences{Password: true, AllowPlain: true}, Plain},
		{"PLAIN last", server, Preferences{Password: true, AllowPlain: true}, ScramSHA256},
		{"no PLAIN after SCRAM", []Mechanism{Plain}, Preferences{Password: true, AllowPlain: true, Last: ScramSHA1}, ""},
		{"no PLAIN after EXTERNAL", []Mechanism{Plain}, Preferences{Password: true, AllowPlain: true, Last: External}, ""},
		{"PLAIN after PLAIN", []Mechanism{Plain}, Preferences{Password: true, AllowPlain: true, Last: Plain}, Plain},
		{"SCRAM is not pinned", []Mechanism{ScramSHA1}, Preferences{Password: true, Last: ScramSHA512Plus}, ScramSHA1},
		{"pinned by the user", server, Preferences{Password: true, Bindings: tls13, Only: []Mechanism{ScramSHA1Plus}}, ScramSHA1Plus},
		{"pinned, not offered", server, Preferences{Password: true, Only: []Mechanism{ScramSHA512}}, ""},
		{"bearer token", server, Preferences{OAuth: true}, OAuthBearer},
		{"anonymous", server, Preferences{Anonymous: true}, Anonymous},
		{"FAST token", fast, Preferences{Token: true, Bindings: tls13}, HTSHA256Expr},
		{"FAST token without exporter", fast, Preferences{Token: true, Bindings: tls13[1:]}, HTSHA256Endp},
		{"FAST token without binding", fast, Preferences{Token: true}, HTSHA256None},
		{"FAST without token", fast, Preferences{Password: true, Bindings: tls13}, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got, ok := Choose(row.offered, row.p); got != row.want || ok != (row.want != "") {
				t.Errorf("%q, %v, want %q", got, ok, row.want)
			}
		})
	}
}

func TestCheckOffer(t *testing.T) {
	plus := []Mechanism{ScramSHA1, ScramSHA1Plus}
	types := []BindingType{TLSExporter}
	rows := []struct {
		name  string
		mechs []Mechanism
		types []BindingType
		sasl2 bool
		want  error
	}{
		{"both", plus, types, true, nil},
		{"neither", plus[:1], nil, true, nil},
		{"types stripped, SASL2", plus, nil, true, ErrDowngrade},
		{"no XEP-0440, SASL", plus, nil, false, nil},
		{"-PLUS stripped, SASL2", plus[:1], types, true, ErrDowngrade},
		{"-PLUS stripped, SASL", plus[:1], types, false, ErrDowngrade},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if err := CheckOffer(row.mechs, row.types, row.sasl2); !errors.Is(err, row.want) {
				t.Errorf("%v, want %v", err, row.want)
			}
		})
	}
}

func TestMechanism(t *testing.T) {
	rows := []struct {
		m           Mechanism
		plus, scram bool
		size        int
		binding     BindingType
		ht          bool
	}{
		{Plain, false, false, 0, "", false},
		{ScramSHA1, false, true, 20, "", false},
		{ScramSHA256Plus, true, true, 32, "", false},
		{ScramSHA512Plus, true, true, 64, "", false},
		{HTSHA256None, false, false, 32, "", true},
		{HTSHA256Uniq, false, false, 32, TLSUnique, true},
		{"OTHER-PLUS", false, false, 0, "", false},
	}
	for _, row := range rows {
		h, ok := row.m.Hash()
		if ok != (row.size > 0) || ok && h.Size() != row.size || row.m.Plus() != row.plus || row.m.Scram() != row.scram {
			t.Errorf("%s: hash %v, plus %v, scram %v", row.m, h, row.m.Plus(), row.m.Scram())
		}
		if b, ht := row.m.TokenBinding(); b != row.binding || ht != row.ht {
			t.Errorf("%s: binding %q, %v", row.m, b, ht)
		}
	}
	for _, m := range byStrength {
		if len(m) > 20 {
			t.Errorf("%s is longer than a SASL name (RFC 4422 §3.1)", m)
		}
	}
}
