package sasl

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// play runs both sides against each other, as the stream layer does, and returns what each of them says. With late the
// initial response waits until the server asks for it, as RFC 6120 §6.3.10 allows.
func play(c Client, x Exchange, late bool) (clientErr, serverErr error) {
	response, has, err := c.Start()
	if err != nil {
		return err, nil
	}
	if !has {
		response = nil
	} else if late {
		if challenge, done, err := x.Next(nil); err == nil && !done && len(challenge) > 0 {
			return fmt.Errorf("asked with %q", challenge), nil
		} else if err != nil || done {
			return nil, err
		}
	}
	for range 10 {
		challenge, done, err := x.Next(response)
		if err != nil {
			return nil, err
		}
		if done {
			return c.Done(challenge), nil
		}
		if response, err = c.Next(challenge); err != nil {
			return err, nil
		}
	}
	return errors.New("no end"), errors.New("no end")
}

// account is one user as the server and the client know it.
type account struct {
	mech           Mechanism
	user, authzid  string
	password       string
	token          string
	keys           Keys
	server, client []Binding
	offered        []Mechanism
}

func (a *account) newServer() (Exchange, error) {
	switch {
	case a.mech == Plain:
		return NewPlainServer(func(_, user, password string) error {
			if user != a.user || !a.keys.VerifyPassword(ScramSHA256.mustHash(), password) {
				return ErrNotAuthorized
			}
			return nil
		}), nil
	case a.mech == External:
		return NewExternalServer([]string{a.user, a.authzid}, nil), nil
	case a.mech == Anonymous:
		return NewAnonymousServer(), nil
	case a.mech == OAuthBearer:
		return NewOAuthBearerServer(func(token string) (string, error) {
			if token != a.token {
				return "", ErrNotAuthorized
			}
			return a.user, nil
		}), nil
	case a.mech.Scram():
		return NewScramServer(a.mech, func(user string) (Keys, error) {
			if user != a.user {
				return FakeKeys(a.mech.mustHash(), []byte("secret"), user), nil
			}
			return a.keys, nil
		}, ScramServerOptions{Bindings: a.server, Offered: a.offered})
	}
	return NewHTServer(a.mech, func(user string) ([]Token, error) {
		if user != a.user {
			return nil, nil
		}
		return []Token{{"other", "another token"}, {"this", a.token}}, nil
	}, a.server)
}

func (a *account) newClient(user, password, token string) (Client, error) {
	switch {
	case a.mech == Plain:
		return NewPlainClient(a.authzid, user, password)
	case a.mech == External:
		return NewExternalClient(a.authzid)
	case a.mech == Anonymous:
		return NewAnonymousClient(), nil
	case a.mech == OAuthBearer:
		return NewOAuthBearerClient(a.authzid, token)
	case a.mech.Scram():
		return NewScramClient(a.mech, ScramClientOptions{
			Username: user, Authzid: a.authzid, Password: password,
			Bindings: a.client, Offered: a.offered, OfferedBindings: bindingTypes(a.server),
		})
	}
	return NewHTClient(a.mech, user, token, a.client)
}

// draw makes an account; its keys are real ones, at the lowest cost.
func draw(t *rapid.T) account {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("abz019=,.-_~é♦ßπ")), 1, 20, -1)
	a := account{
		mech:     rapid.SampledFrom(byStrength[:]).Draw(t, "mech"),
		user:     rapid.StringOfN(rapid.RuneFrom([]rune("abz019=,.-_éßπ")), 1, 20, -1).Draw(t, "user"),
		authzid:  rapid.OneOf(rapid.Just(""), text).Draw(t, "authzid"),
		password: text.Draw(t, "password"),
		token:    rapid.StringMatching(`[a-zA-Z0-9._~+/-]{1,30}={0,2}`).Draw(t, "token"),
		offered:  byStrength[:],
	}
	if a.mech == External {
		a.authzid = "juliet@capulet.example"
	}
	for _, b := range []BindingType{TLSExporter, TLSUnique, TLSServerEndPoint} {
		a.server = append(a.server, Binding{b, []byte("data of " + b)})
	}
	a.client = slices.Clone(a.server)
	h := ScramSHA256.mustHash()
	if a.mech.Scram() {
		h = a.mech.mustHash()
		if !a.mech.Plus() {
			a.client = nil // the flag is n; y and p are refused here, which scramserver_test.go shows
		}
	}
	keys, err := Derive(h, a.password, nil, MinIterations)
	if err != nil {
		t.Fatal(err)
	}
	a.keys = keys
	return a
}

func TestPeersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t)
		x, err := a.newServer()
		if err != nil {
			t.Fatal(err)
		}
		c, err := a.newClient(a.user, a.password, a.token)
		if err != nil {
			t.Fatal(err)
		}
		if clientErr, serverErr := play(c, x, rapid.Bool().Draw(t, "late")); clientErr != nil || serverErr != nil {
			t.Fatalf("client %v, server %v", clientErr, serverErr)
		}
		want := Identity{Authcid: a.user, Authzid: a.authzid, Mechanism: a.mech}
		bound, ht := a.mech.TokenBinding()
		switch {
		case ht:
			want.Authzid, want.Bound, want.Token = "", bound, "this"
		case a.mech.Plus():
			want.Bound = TLSExporter
			if c.(*ScramClient).Bound() != TLSExporter {
				t.Errorf("client is bound by %q", c.(*ScramClient).Bound())
			}
		case a.mech == External:
			want.Authcid = a.authzid
		case a.mech == Anonymous:
			want.Authcid, want.Authzid = x.Identity().Authcid, ""
		}
		if x.Identity() != want {
			t.Fatalf("identity %+v, want %+v", x.Identity(), want)
		}
	})
}

// Whatever single thing the client has wrong, it does not get in, and it is never told that a user does not exist.
func TestPeersRefuse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := draw(t)
		if a.mech == External || a.mech == Anonymous {
			t.Skip("no secret of its own")
		}
		x, err := a.newServer()
		if err != nil {
			t.Fatal(err)
		}
		user, password, token := a.user, a.password, a.token
		wrong := []string{"secret"}
		if a.mech != OAuthBearer {
			wrong = append(wrong, "user")
		}
		_, ht := a.mech.TokenBinding()
		if a.mech.Plus() || ht && a.mech != HTSHA256None {
			wrong = append(wrong, "binding")
		}
		switch rapid.SampledFrom(wrong).Draw(t, "wrong") {
		case "secret":
			password, token = password+"x", "x"+token
		case "user":
			user += "x"
		case "binding":
			a.client = nil
			for _, b := range a.server {
				a.client = append(a.client, Binding{b.Type, []byte("data of another connection")})
			}
		}
		c, err := a.newClient(user, password, token)
		if err != nil {
			t.Fatal(err)
		}
		if clientErr, serverErr := play(c, x, rapid.Bool().Draw(t, "late")); clientErr != nil || Condition(serverErr) != "not-authorized" {
			t.Fatalf("client %v, server %v", clientErr, serverErr)
		}
		if x.Identity() != (Identity{}) {
			t.Fatalf("identity %+v", x.Identity())
		}
	})
}

// A man in the middle who drops mechanisms or binding types from the offer is noticed (XEP-0474#attack-model).
func TestPeersNoticeDowngrade(t *testing.T) {
	keys, err := Derive(ScramSHA1.mustHash(), "pencil", nil, MinIterations)
	if err != nil {
		t.Fatal(err)
	}
	server := []Mechanism{ScramSHA1, ScramSHA1Plus, ScramSHA256, ScramSHA256Plus}
	bindings := []Binding{{TLSExporter, []byte("exporter")}, {TLSServerEndPoint, []byte("end point")}}
	types := bindingTypes(bindings)
	rows := []struct {
		name      string
		mech      Mechanism
		client    []Binding
		seen      []Mechanism
		seenTypes []BindingType
		noticed   bool
	}{
		{"nothing altered", ScramSHA1Plus, bindings, server, types, false},
		{"order altered", ScramSHA1Plus, bindings, []Mechanism{ScramSHA256Plus, ScramSHA1, ScramSHA256, ScramSHA1Plus}, types, false},
		{"better mechanisms dropped", ScramSHA1, nil, server[:1], types, true},
		{"better mechanisms dropped, bound", ScramSHA1Plus, bindings, server[:2], types, true},
		{"better binding dropped", ScramSHA1Plus, bindings, server, types[1:], true},
		{"all bindings dropped", ScramSHA1, bindings, []Mechanism{ScramSHA1, ScramSHA256}, nil, true},
		{"bindings replaced", ScramSHA1, bindings, server, []BindingType{"made-up"}, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			x, err := NewScramServer(row.mech, func(string) (Keys, error) { return keys, nil },
				ScramServerOptions{Bindings: bindings, Offered: server})
			if err != nil {
				t.Fatal(err)
			}
			c, err := NewScramClient(row.mech, ScramClientOptions{
				Username: "romeo", Password: "pencil", Bindings: row.client, Offered: row.seen, OfferedBindings: row.seenTypes,
			})
			if err != nil {
				t.Fatal(err)
			}
			clientErr, serverErr := play(c, x, false)
			if noticed := clientErr != nil || serverErr != nil; noticed != row.noticed {
				t.Errorf("client %v, server %v", clientErr, serverErr)
			}
			if clientErr != nil && !errors.Is(clientErr, ErrDowngrade) {
				t.Errorf("client %v", clientErr)
			}
		})
	}
}

func TestScramServerAllocations(t *testing.T) {
	login := scramLogin(t)
	// 35 when this was written, most of them in crypto/hmac: a gate against something new.
	if n := testing.AllocsPerRun(100, login); n > 40 {
		t.Errorf("a SCRAM login costs the server %v allocations", n)
	}
}

// scramLogin returns a function that runs the server's part of a SCRAM-SHA-256-PLUS login. The nonces are fixed, so that
// the client's messages can be made once.
func scramLogin(t testing.TB) func() {
	bindings, offered := exporter(), []Mechanism{ScramSHA256, ScramSHA256Plus}
	keys, err := Derive(ScramSHA256.mustHash(), "pencil", nil, MinIterations)
	if err != nil {
		t.Fatal(err)
	}
	newServer := func() *scramServer {
		x, err := NewScramServer(ScramSHA256Plus, func(string) (Keys, error) { return keys, nil },
			ScramServerOptions{Bindings: bindings, Offered: offered})
		if err != nil {
			t.Fatal(err)
		}
		x.(*scramServer).nonce = "3rfcNHYJY1ZVvWVs7j"
		return x.(*scramServer)
	}
	c, err := NewScramClient(ScramSHA256Plus, ScramClientOptions{
		Username: "romeo", Password: "pencil", Bindings: bindings, Offered: offered, OfferedBindings: bindingTypes(bindings),
	})
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := c.Start()
	challenge, _, _ := newServer().Next(first)
	final, err := c.Next(challenge)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		x := newServer()
		if _, _, err := x.Next(first); err != nil {
			t.Fatal(err)
		}
		if _, done, err := x.Next(final); !done {
			t.Fatal(err)
		}
	}
}

func BenchmarkScramServer(b *testing.B) {
	login := scramLogin(b)
	b.ReportAllocs()
	for b.Loop() {
		login()
	}
}

func BenchmarkDerive(b *testing.B) {
	for _, m := range []Mechanism{ScramSHA1, ScramSHA256, ScramSHA512} {
		h := m.mustHash()
		b.Run(fmt.Sprintf("%v×%d", h, DefaultIterations(h)), func(b *testing.B) {
			for b.Loop() {
				if _, err := Derive(h, "pencil", nil, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHTServer(b *testing.B) {
	tokens := []Token{{"new", "WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm"}}
	c, err := NewHTClient(HTSHA256Expr, "romeo", tokens[0].Secret, exporter())
	if err != nil {
		b.Fatal(err)
	}
	first, _, _ := c.Start()
	bindings := exporter()
	b.ReportAllocs()
	for b.Loop() {
		x, _ := NewHTServer(HTSHA256Expr, func(string) ([]Token, error) { return tokens, nil }, bindings)
		if _, done, err := x.Next(first); !done {
			b.Fatal(err)
		}
	}
}
