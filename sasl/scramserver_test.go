package sasl

import (
	"bytes"
	"crypto"
	"errors"
	"strings"
	"testing"
)

// testKeys are the keys of RFC 5802 §5, user "user", password "pencil".
func testKeys(t testing.TB) Keys {
	t.Helper()
	keys, err := Derive(ScramSHA1.mustHash(), "pencil", []byte("sixteen bytes ok"), MinIterations)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func exporter() []Binding { return []Binding{{TLSExporter, []byte("exporter data")}} }

func TestScramServerRefusesFirstMessage(t *testing.T) {
	keys := testKeys(t)
	plus := []Mechanism{ScramSHA1, ScramSHA1Plus}
	rows := []struct {
		name    string
		mech    Mechanism
		o       ScramServerOptions
		message string
		want    error
	}{
		{"y though -PLUS was offered", ScramSHA1, ScramServerOptions{Bindings: exporter(), Offered: plus}, "y,,n=user,r=abc", ErrNotAuthorized},
		{"y though bindings were offered", ScramSHA1, ScramServerOptions{Bindings: exporter()}, "y,,n=user,r=abc", ErrNotAuthorized},
		{"y though -PLUS was listed", ScramSHA1, ScramServerOptions{Offered: plus}, "y,,n=user,r=abc", ErrNotAuthorized},
		{"p without -PLUS", ScramSHA1, ScramServerOptions{Bindings: exporter(), Offered: plus}, "p=tls-exporter,,n=user,r=abc", ErrNotAuthorized},
		{"-PLUS with n", ScramSHA1Plus, ScramServerOptions{Bindings: exporter(), Offered: plus}, "n,,n=user,r=abc", ErrNotAuthorized},
		{"-PLUS with y", ScramSHA1Plus, ScramServerOptions{Bindings: exporter(), Offered: plus}, "y,,n=user,r=abc", ErrNotAuthorized},
		{"unsupported binding", ScramSHA1Plus, ScramServerOptions{Bindings: exporter(), Offered: plus}, "p=tls-unique,,n=user,r=abc", ErrNotAuthorized},
		{"empty", ScramSHA1, ScramServerOptions{}, "", ErrMalformed},
		{"unknown flag", ScramSHA1, ScramServerOptions{}, "x,,n=user,r=abc", ErrMalformed},
		{"empty binding name", ScramSHA1Plus, ScramServerOptions{Bindings: exporter(), Offered: plus}, "p=,,n=user,r=abc", ErrMalformed},
		{"flag with value", ScramSHA1, ScramServerOptions{}, "n=x,,n=user,r=abc", ErrMalformed},
		{"no authzid field", ScramSHA1, ScramServerOptions{}, "n,n=user,r=abc", ErrMalformed},
		{"empty authzid", ScramSHA1, ScramServerOptions{}, "n,a=,n=user,r=abc", ErrMalformed},
		{"bad escape in authzid", ScramSHA1, ScramServerOptions{}, "n,a=x=2D,n=user,r=abc", ErrMalformed},
		{"mandatory extension", ScramSHA1, ScramServerOptions{}, "n,,m=new,n=user,r=abc", ErrMalformed},
		{"mandatory extension at the end", ScramSHA1, ScramServerOptions{}, "n,,n=user,r=abc,m=new", ErrMalformed},
		{"no user", ScramSHA1, ScramServerOptions{}, "n,,r=abc", ErrMalformed},
		{"empty user", ScramSHA1, ScramServerOptions{}, "n,,n=,r=abc", ErrMalformed},
		{"bad escape", ScramSHA1, ScramServerOptions{}, "n,,n=us=er,r=abc", ErrMalformed},
		{"lower-case escape", ScramSHA1, ScramServerOptions{}, "n,,n=us=2cer,r=abc", ErrMalformed},
		{"cut escape", ScramSHA1, ScramServerOptions{}, "n,,n=user=3,r=abc", ErrMalformed},
		{"no nonce", ScramSHA1, ScramServerOptions{}, "n,,n=user", ErrMalformed},
		{"empty nonce", ScramSHA1, ScramServerOptions{}, "n,,n=user,r=", ErrMalformed},
		{"nonce with space", ScramSHA1, ScramServerOptions{}, "n,,n=user,r=a b", ErrMalformed},
		{"order changed", ScramSHA1, ScramServerOptions{}, "n,,r=abc,n=user", ErrMalformed},
		{"second nonce", ScramSHA1, ScramServerOptions{}, "n,,n=user,r=abc,r=def", ErrMalformed},
		{"nameless extension", ScramSHA1, ScramServerOptions{}, "n,,n=user,r=abc,=x", ErrMalformed},
		{"trailing comma", ScramSHA1, ScramServerOptions{}, "n,,n=user,r=abc,", ErrMalformed},
		{"NUL", ScramSHA1, ScramServerOptions{}, "n,,n=us\x00er,r=abc", ErrMalformed},
		{"not UTF-8", ScramSHA1, ScramServerOptions{}, "n,,n=us\xffer,r=abc", ErrMalformed},
		{"forbidden name", ScramSHA1, ScramServerOptions{}, "n,,n=us er,r=abc", ErrNotAuthorized},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			x, err := NewScramServer(row.mech, func(string) (Keys, error) { return keys, nil }, row.o)
			if err != nil {
				t.Fatal(err)
			}
			challenge, done, err := x.Next([]byte(row.message))
			if !errors.Is(err, row.want) || challenge != nil || done {
				t.Errorf("%q, %v, %v, want %v", challenge, done, err, row.want)
			}
			if _, done, err := x.Next([]byte("n,,n=user,r=abc")); done || !errors.Is(err, ErrMalformed) {
				t.Errorf("exchange goes on after an error: %v, %v", done, err)
			}
		})
	}
}

func TestScramServerAccepts(t *testing.T) {
	keys := testKeys(t)
	rows := []struct {
		name, first   string
		user, authzid string
	}{
		{"y where nothing was offered", "y,,n=user,r=abc", "user", ""},
		{"authzid", "n,a=juliet@capulet.example,n=user,r=abc", "user", "juliet@capulet.example"},
		{"escapes", "n,a=a=3Db=2Cc,n=x=2Cy=3D2C,r=abc", "x,y=2c", "a=b,c"},
		{"extension", "n,,n=user,r=abc,z=ignored", "user", ""},
		{"case mapping", "n,,n=ROMÉO,r=abc", "roméo", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var asked string
			x, _ := NewScramServer(ScramSHA1, func(user string) (Keys, error) { asked = user; return keys, nil }, ScramServerOptions{})
			if challenge, done, err := x.Next(nil); challenge == nil || len(challenge) > 0 || done || err != nil {
				t.Fatalf("absent initial response: %q, %v, %v", challenge, done, err)
			}
			if _, _, err := x.Next([]byte(row.first)); err != nil || asked != row.user {
				t.Fatalf("user %q, %v", asked, err)
			}
			if got := x.(*scramServer).pending; got.Authcid != row.user || got.Authzid != row.authzid {
				t.Errorf("identity %+v", got)
			}
		})
	}
}

// Each row changes the last message of an exchange that would succeed.
func TestScramServerRefusesFinalMessage(t *testing.T) {
	keys := testKeys(t)
	rows := []struct {
		name string
		edit func(final string) string
		want error
	}{
		{"unchanged", func(f string) string { return f }, nil},
		{"no proof", func(f string) string { f, _, _ = strings.Cut(f, ",p="); return f }, ErrMalformed},
		{"empty proof", func(f string) string { f, _, _ = strings.Cut(f, "p="); return f + "p=" }, ErrMalformed},
		{"short proof", func(f string) string { f, _, _ = strings.Cut(f, "p="); return f + "p=AAAA" }, ErrMalformed},
		{"proof not base64", func(f string) string { return f[:len(f)-1] + "!" }, ErrMalformed},
		{"padding bits", func(f string) string { return f[:len(f)-2] + "B=" }, ErrMalformed},
		{"zero proof", func(f string) string {
			f, _, _ = strings.Cut(f, "p=")
			return f + "p=AAAAAAAAAAAAAAAAAAAAAAAAAAA="
		}, ErrNotAuthorized},
		{"extension not in the proof", func(f string) string { return strings.Replace(f, ",p=", ",x=y,p=", 1) }, ErrNotAuthorized},
		{"mandatory extension", func(f string) string { return strings.Replace(f, ",p=", ",m=y,p=", 1) }, ErrMalformed},
		{"nonce differs", func(f string) string { return strings.Replace(f, ",p=", "x,p=", 1) }, ErrNotAuthorized},
		{"no nonce", func(f string) string { c, p := f[:strings.Index(f, ",r=")], f[strings.Index(f, ",p="):]; return c + p }, ErrMalformed},
		{"binding data differs", func(f string) string {
			_, rest, _ := strings.Cut(f, ",")
			return "c=" + channelBinding("p=tls-exporter,,", []byte("other data")) + "," + rest
		}, ErrNotAuthorized},
		{"binding flag differs", func(f string) string {
			_, rest, _ := strings.Cut(f, ",")
			return "c=biws," + rest
		}, ErrNotAuthorized},
		{"no binding", func(f string) string { _, rest, _ := strings.Cut(f, ","); return rest }, ErrMalformed},
		{"first message again", func(string) string { return "p=tls-exporter,,n=user,r=abc" }, ErrMalformed},
		{"empty", func(string) string { return "" }, ErrMalformed},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			x, _ := NewScramServer(ScramSHA1Plus, func(string) (Keys, error) { return keys, nil },
				ScramServerOptions{Bindings: exporter()})
			c, err := NewScramClient(ScramSHA1Plus, ScramClientOptions{
				Username: "user", Password: "pencil", Bindings: exporter(), OfferedBindings: []BindingType{TLSExporter},
			})
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := c.Start()
			challenge, _, err := x.Next(first)
			if err != nil {
				t.Fatal(err)
			}
			final, err := c.Next(challenge)
			if err != nil {
				t.Fatal(err)
			}
			_, done, err := x.Next([]byte(row.edit(string(final))))
			if !errors.Is(err, row.want) || done != (row.want == nil) {
				t.Fatalf("%v, %v, want %v", done, err, row.want)
			}
			if (x.Identity() != Identity{}) != done {
				t.Errorf("identity %+v", x.Identity())
			}
			if _, again, err := x.Next(final); again || err == nil {
				t.Error("the exchange can be used twice")
			}
		})
	}
}

func TestScramServerLookup(t *testing.T) {
	broken := errors.New("database is gone")
	short := testKeys(t)
	short.StoredKey = short.StoredKey[:10]
	rows := []struct {
		name      string
		keys      Keys
		err       error
		condition string
	}{
		{"database error", Keys{}, broken, "temporary-auth-failure"},
		{"account disabled", Keys{}, ErrAccountDisabled, "account-disabled"},
		{"no keys", Keys{}, nil, "temporary-auth-failure"},
		{"keys of another hash", short, nil, "temporary-auth-failure"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			x, _ := NewScramServer(ScramSHA1, func(string) (Keys, error) { return row.keys, row.err }, ScramServerOptions{})
			_, done, err := x.Next([]byte("n,,n=user,r=abc"))
			if Condition(err) != row.condition || done {
				t.Errorf("%v, %v", done, err)
			}
			if row.err != nil && !errors.Is(err, row.err) {
				t.Errorf("%v does not wrap %v", err, row.err)
			}
		})
	}
}

func TestNewScramServerRefuses(t *testing.T) {
	for _, m := range []Mechanism{Plain, HTSHA256None, "SCRAM-SHA-3", ScramSHA256Plus} {
		if _, err := NewScramServer(m, nil, ScramServerOptions{}); !errors.Is(err, ErrInvalidMechanism) {
			t.Errorf("%s: %v", m, err)
		}
	}
}

// The caller may write into what it was given without changing the exchange.
func TestScramServerOwnsItsBuffers(t *testing.T) {
	keys := testKeys(t)
	x, _ := NewScramServer(ScramSHA1, func(string) (Keys, error) { return keys, nil }, ScramServerOptions{})
	c, _ := NewScramClient(ScramSHA1, ScramClientOptions{Username: "user", Password: "pencil"})
	first, _, _ := c.Start()
	challenge, _, _ := x.Next(first)
	final, err := c.Next(bytes.Clone(challenge))
	if err != nil {
		t.Fatal(err)
	}
	clear(challenge)
	clear(first)
	if _, done, err := x.Next(final); !done {
		t.Error(err)
	}
}

// Debian's slixmpp takes tls-unique on TLS 1.3, fails, and goes on with flag y: a downgrade only when nothing went before.
func TestFlagYAfterAnUnsupportedBinding(t *testing.T) {
	for _, saw := range []bool{false, true} {
		x, err := NewScramServer(ScramSHA256, func(user string) (Keys, error) { return FakeKeys(crypto.SHA256, []byte("secret"), user), nil },
			ScramServerOptions{Bindings: []Binding{{TLSExporter, []byte("data")}}, SawPlus: saw})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := x.Next([]byte("y,,n=romeo,r=nonce")); (err == nil) != saw {
			t.Errorf("after a -PLUS attempt: %v, error %v", saw, err)
		}
	}
	x, err := NewScramServer(ScramSHA256Plus, nil, ScramServerOptions{Bindings: []Binding{{TLSExporter, []byte("data")}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := x.Next([]byte("p=tls-unique,,n=romeo,r=nonce")); !errors.Is(err, ErrBindingType) || !errors.Is(err, ErrNotAuthorized) {
		t.Errorf("error %v", err)
	}
}
