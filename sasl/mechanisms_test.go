package sasl

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

// run gives one message to a server and returns what came of it.
func run(x Exchange, message string) (Identity, error) {
	_, done, err := x.Next([]byte(message))
	if done == (err != nil) {
		return Identity{}, errors.New("neither done nor failed")
	}
	if _, again, e := x.Next([]byte(message)); again || e == nil {
		return Identity{}, errors.New("the exchange can be used twice")
	}
	return x.Identity(), err
}

func TestPlainServer(t *testing.T) {
	rows := []struct {
		name, message string
		id            Identity
		password      string
		want          error
	}{
		{"plain", "\x00romeo\x00secret", Identity{Authcid: "romeo", Mechanism: Plain}, "secret", nil},
		{"authzid", "juliet@capulet.example\x00romeo\x00s", Identity{Authcid: "romeo", Authzid: "juliet@capulet.example", Mechanism: Plain}, "s", nil},
		{"case mapping", "\x00Romeo\x00Secret", Identity{Authcid: "romeo", Mechanism: Plain}, "Secret", nil},
		{"UTF-8", "\x00roméo\x00pässword", Identity{Authcid: "roméo", Mechanism: Plain}, "pässword", nil},
		{"wrong password", "\x00romeo\x00wrong", Identity{}, "wrong", ErrNotAuthorized},
		{"empty", "", Identity{}, "", ErrMalformed},
		{"no user", "\x00\x00secret", Identity{}, "", ErrMalformed},
		{"no password", "\x00romeo\x00", Identity{}, "", ErrMalformed},
		{"one field short", "romeo\x00secret", Identity{}, "", ErrMalformed},
		{"one field more", "\x00romeo\x00secret\x00", Identity{}, "", ErrMalformed},
		{"not UTF-8", "\x00romeo\x00\xff", Identity{}, "", ErrMalformed},
		{"forbidden name", "\x00ro meo\x00secret", Identity{}, "", ErrNotAuthorized},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var password string
			id, err := run(NewPlainServer(func(authzid, user, p string) error {
				password = p
				if p == "wrong" {
					return ErrNotAuthorized
				}
				return nil
			}), row.message)
			if id != row.id || password != row.password || !errors.Is(err, row.want) {
				t.Errorf("%+v, %q, %v", id, password, err)
			}
		})
	}
}

func TestExternalServer(t *testing.T) {
	romeo, juliet := "romeo@montague.example", "juliet@capulet.example"
	prepare := func(s string) (string, error) {
		if !strings.Contains(s, "@") {
			return "", errors.New("no address")
		}
		return strings.ToLower(s), nil
	}
	rows := []struct {
		name, message string
		identities    []string
		who           string
		want          error
	}{
		{"one identity, none asked", "", []string{romeo}, romeo, nil},
		{"one identity, asked", romeo, []string{romeo}, romeo, nil},
		{"one identity, asked unprepared", "Romeo@Montague.Example", []string{romeo}, romeo, nil},
		{"one identity, another asked", juliet, []string{romeo}, "", ErrInvalidAuthzid},
		{"several, one asked", juliet, []string{romeo, juliet}, juliet, nil},
		{"several, none asked", "", []string{romeo, juliet}, "", ErrInvalidAuthzid},
		{"nobody", "", nil, "", ErrNotAuthorized},
		{"nobody, asked", romeo, nil, "", ErrNotAuthorized},
		{"no address", "romeo", []string{romeo}, "", ErrInvalidAuthzid},
		{"NUL", romeo + "\x00", []string{romeo}, "", ErrMalformed},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			id, err := run(NewExternalServer(row.identities, prepare), row.message)
			if id.Authcid != row.who || !errors.Is(err, row.want) || (err == nil && id.Authzid != row.message) {
				t.Errorf("%+v, %v", id, err)
			}
		})
	}
	if id, err := run(NewExternalServer([]string{"montague.example"}, nil), "montague.example"); err != nil || id.Mechanism != External {
		t.Errorf("without prepare: %+v, %v", id, err)
	}
}

func TestAnonymousServer(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for _, message := range []string{"", "sirhc", strings.Repeat("é", 255)} {
		id, err := run(NewAnonymousServer(), message)
		if err != nil || !uuid.MatchString(id.Authcid) || seen[id.Authcid] || id.Authzid != "" {
			t.Errorf("%.10q: %+v, %v", message, id, err)
		}
		seen[id.Authcid] = true
	}
	for _, message := range []string{strings.Repeat("a", 256), "a\x00", "\xff"} {
		if _, err := run(NewAnonymousServer(), message); !errors.Is(err, ErrMalformed) {
			t.Errorf("%.10q: %v", message, err)
		}
	}
	// XEP-0175#flow: no data at all is enough.
	if _, done, err := NewAnonymousServer().Next(nil); !done {
		t.Errorf("absent initial response: %v", err)
	}
}

func TestOAuthBearerServer(t *testing.T) {
	rows := []struct {
		name, message string
		token         string
		authzid       string
		want          error
	}{
		{"RFC 7628 §4.1", "n,a=user@server.example,\x01host=server.example\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01",
			"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", "user@server.example", nil},
		{"no authzid", "n,,\x01auth=Bearer abc\x01\x01", "abc", "", nil},
		{"y", "y,,\x01auth=bearer abc\x01\x01", "abc", "", nil},
		{"channel binding", "p=tls-exporter,,\x01auth=Bearer abc\x01\x01", "", "", ErrNotAuthorized},
		{"empty", "", "", "", ErrMalformed},
		{"only the separator", "\x01", "", "", ErrMalformed},
		{"no pairs", "n,,\x01\x01", "", "", ErrMalformed},
		{"no auth", "n,,\x01host=server.example\x01\x01", "", "", ErrMalformed},
		{"empty auth", "n,,\x01auth=\x01\x01", "", "", ErrMalformed},
		{"two auths", "n,,\x01auth=Bearer a\x01auth=Bearer b\x01\x01", "", "", ErrMalformed},
		{"other scheme", "n,,\x01auth=Basic abc\x01\x01", "", "", ErrMalformed},
		{"token with space", "n,,\x01auth=Bearer a b\x01\x01", "", "", ErrMalformed},
		{"token of padding", "n,,\x01auth=Bearer ==\x01\x01", "", "", ErrMalformed},
		{"no end", "n,,\x01auth=Bearer abc\x01", "", "", ErrMalformed},
		{"pair without key", "n,,\x01=x\x01auth=Bearer abc\x01\x01", "", "", ErrMalformed},
		{"control character", "n,,\x01x=\x02\x01auth=Bearer abc\x01\x01", "", "", ErrMalformed},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var token string
			x := NewOAuthBearerServer(func(s string) (string, error) { token = s; return "romeo", nil })
			challenge, done, err := x.Next([]byte(row.message))
			if errors.Is(row.want, ErrNotAuthorized) {
				if string(challenge) != `{"status":"invalid_token"}` || done || err != nil {
					t.Fatalf("%q, %v, %v", challenge, done, err)
				}
				_, done, err = x.Next([]byte{1})
			}
			if !errors.Is(err, row.want) || done == (err != nil) || token != row.token || x.Identity().Authzid != row.authzid {
				t.Errorf("%v, %v, token %q, %+v", done, err, token, x.Identity())
			}
		})
	}
}

func TestOAuthBearerRefusal(t *testing.T) {
	down := errors.New("provider is down")
	rows := []struct {
		name      string
		err       error
		failure   *OAuthFailure
		condition string
	}{
		{"refused", ErrNotAuthorized, &OAuthFailure{Status: "invalid_token"}, "not-authorized"},
		{"expired", ErrCredentialsExpired, &OAuthFailure{Status: "invalid_token"}, "credentials-expired"},
		{"told why", &OAuthFailure{"insufficient_scope", "xmpp", "https://auth.verona.example/.well-known/openid-configuration"},
			&OAuthFailure{"insufficient_scope", "xmpp", "https://auth.verona.example/.well-known/openid-configuration"}, "not-authorized"},
		{"no verdict", down, nil, "temporary-auth-failure"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			x := NewOAuthBearerServer(func(string) (string, error) { return "romeo", row.err })
			c, err := NewOAuthBearerClient("romeo@montague.example", "abc")
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := c.Start()
			challenge, done, err := x.Next(first)
			if row.failure != nil {
				response, clientErr := c.Next(challenge)
				if clientErr != nil || done || err != nil {
					t.Fatal(clientErr, done, err)
				}
				if *c.Failure() != *row.failure {
					t.Errorf("failure %+v", c.Failure())
				}
				if c.Done(nil) == nil {
					t.Error("success after an error message")
				}
				_, done, err = x.Next(response)
			}
			if Condition(err) != row.condition || done || x.Identity() != (Identity{}) {
				t.Errorf("%v, %v", done, err)
			}
			if _, done, err := x.Next(first); done || err == nil {
				t.Error("the exchange goes on")
			}
		})
	}
	x := NewOAuthBearerServer(func(string) (string, error) { return "", nil })
	if _, done, err := x.Next([]byte("n,,\x01auth=Bearer abc\x01\x01")); done || Condition(err) != "temporary-auth-failure" {
		t.Errorf("token of nobody: %v, %v", done, err)
	}
}

func TestHTServerRefuses(t *testing.T) {
	bindings := exporter()
	valid := []Token{{"a", "token a"}, {"b", ""}}
	message := func(mech Mechanism, user, token string, b []Binding) string {
		h, data, err := htBinding(mech, b)
		if err != nil {
			t.Fatal(err)
		}
		return user + "\x00" + string(mac(h, []byte(token), []byte("Initiator"), data))
	}
	other := []Binding{{TLSExporter, []byte("other data")}}
	rows := []struct {
		name, message string
		want          error
	}{
		{"good", message(HTSHA256Expr, "romeo", "token a", bindings), nil},
		{"other token", message(HTSHA256Expr, "romeo", "token c", bindings), ErrNotAuthorized},
		{"other connection", message(HTSHA256Expr, "romeo", "token a", other), ErrNotAuthorized},
		{"not bound", message(HTSHA256None, "romeo", "token a", nil), ErrNotAuthorized},
		{"empty token", message(HTSHA256Expr, "romeo", "", bindings), ErrNotAuthorized},
		{"unknown user", message(HTSHA256Expr, "tybalt", "token a", bindings), ErrNotAuthorized},
		{"forbidden name", message(HTSHA256Expr, "ro meo", "token a", bindings), ErrNotAuthorized},
		{"no user", message(HTSHA256Expr, "", "token a", bindings), ErrNotAuthorized},
		{"short hash", message(HTSHA256Expr, "romeo", "token a", bindings)[:30], ErrMalformed},
		{"no NUL", "romeo", ErrMalformed},
		{"empty", "", ErrMalformed},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			x, err := NewHTServer(HTSHA256Expr, func(user string) ([]Token, error) {
				if user != "romeo" {
					return nil, nil
				}
				return valid, nil
			}, bindings)
			if err != nil {
				t.Fatal(err)
			}
			if id, err := run(x, row.message); !errors.Is(err, row.want) || (id.Token == "a") != (row.want == nil) {
				t.Errorf("%+v, %v", id, err)
			}
		})
	}
	for _, mech := range []Mechanism{ScramSHA256, HTSHA256Uniq} {
		if _, err := NewHTServer(mech, nil, bindings); !errors.Is(err, ErrInvalidMechanism) {
			t.Errorf("server %s: %v", mech, err)
		}
		if _, err := NewHTClient(mech, "romeo", "t", bindings); !errors.Is(err, ErrInvalidMechanism) {
			t.Errorf("client %s: %v", mech, err)
		}
	}
}

func TestHTClientChecksServer(t *testing.T) {
	c, err := NewHTClient(HTSHA256None, "romeo", "token", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	for _, additional := range [][]byte{nil, {}, []byte(strings.Repeat("\x00", 32))} {
		if err := c.Done(additional); !errors.Is(err, ErrServerSignature) {
			t.Errorf("%x: %v", additional, err)
		}
	}
	if _, err := NewHTClient(HTSHA256None, "romeo", "", nil); !errors.Is(err, ErrCredentials) {
		t.Error(err)
	}
}

func TestOneMessageClients(t *testing.T) {
	plain, err := NewPlainClient("", "romeo", "secret")
	if err != nil {
		t.Fatal(err)
	}
	external, err := NewExternalClient("")
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name    string
		c       Client
		message string
		has     bool
	}{
		{"PLAIN", plain, "\x00romeo\x00secret", true},
		{"EXTERNAL", external, "", true},
		{"ANONYMOUS", NewAnonymousClient(), "", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			message, has, err := row.c.Start()
			if !has && err == nil {
				message, err = row.c.Next(nil)
			}
			if string(message) != row.message || message == nil || has != row.has || err != nil {
				t.Errorf("%q, %v, %v", message, has, err)
			}
			if _, err := row.c.Next(nil); !errors.Is(err, ErrProtocol) {
				t.Errorf("a challenge out of turn: %v", err)
			}
			if row.c.Done(nil) != nil || row.c.Done([]byte("x")) == nil {
				t.Error("additional data")
			}
		})
	}
	for _, bad := range [][3]string{{"", "", "p"}, {"", "u", ""}, {"", "u\x00", "p"}, {"\xff", "u", "p"}, {"", "u", "a\x00b"}} {
		if _, err := NewPlainClient(bad[0], bad[1], bad[2]); !errors.Is(err, ErrCredentials) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := NewExternalClient("a\x00"); !errors.Is(err, ErrCredentials) {
		t.Error(err)
	}
	if _, err := NewOAuthBearerClient("", "a b"); !errors.Is(err, ErrCredentials) {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	rows := []struct {
		err       error
		condition string
	}{
		{nil, ""},
		{ErrMalformed, "malformed-request"},
		{because(ErrNotAuthorized, "proof is wrong"), "not-authorized"},
		{&OAuthFailure{Status: "invalid_token"}, "not-authorized"},
		{errors.New("disk full"), "temporary-auth-failure"},
		{Error("made-up"), "temporary-auth-failure"},
		{ErrDowngrade, "temporary-auth-failure"},
	}
	for _, row := range rows {
		if got := Condition(row.err); got != row.condition {
			t.Errorf("Condition(%v) = %q, want %q", row.err, got, row.condition)
		}
	}
	for err, text := range map[error]string{
		because(ErrMalformed, "GS2 header"):    "sasl: malformed-request: GS2 header",
		ErrIterations:                          "sasl: iteration count out of range",
		&OAuthFailure{Status: "invalid_token"}: "sasl: bearer token refused: invalid_token",
	} {
		if err.Error() != text {
			t.Errorf("%q, want %q", err, text)
		}
	}
	if ErrorFor("account-disabled") != ErrAccountDisabled || ErrorFor("made-up") != ErrNotAuthorized {
		t.Error("ErrorFor")
	}
}
