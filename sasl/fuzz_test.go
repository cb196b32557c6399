package sasl

import (
	"errors"
	"strings"
	"testing"
)

// FuzzScramServer plays a client that does not know the password: nothing it says lets it in.
func FuzzScramServer(f *testing.F) {
	f.Add("n,,n=user,r=abc", "c=biws,r=NONCE,p=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", false)
	f.Add("p=tls-exporter,,n=user,r=abc", "c=cD10bHMtZXhwb3J0ZXIsLGV4cG9ydGVyIGRhdGE=,r=NONCE,x=y,p=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", true)
	f.Add("y,a=x=2Cy,n=a=3Db,r=abc,z=1", "e=other-error", false)
	f.Add("n,,m=x,n=user,r=abc", "", true)
	keys := FakeKeys(ScramSHA1.mustHash(), []byte("secret"), "user")
	f.Fuzz(func(t *testing.T, first, final string, plus bool) {
		mech, o := ScramSHA1, ScramServerOptions{}
		if plus {
			mech, o.Bindings = ScramSHA1Plus, exporter()
		}
		x, err := NewScramServer(mech, func(string) (Keys, error) { return keys, nil }, o)
		if err != nil {
			t.Fatal(err)
		}
		challenge, done, err := x.Next([]byte(first))
		if done {
			t.Fatal("done after the first message")
		}
		if err == nil {
			nonce, _, _ := strings.Cut(strings.TrimPrefix(string(challenge), "r="), ",")
			_, done, err = x.Next([]byte(strings.ReplaceAll(final, "NONCE", nonce)))
		}
		if done || err == nil || x.Identity() != (Identity{}) {
			t.Fatalf("%q and %q authenticate %+v", first, final, x.Identity())
		}
		if c := Condition(err); c != "not-authorized" && c != "malformed-request" {
			t.Fatalf("condition %s", c)
		}
	})
}

// FuzzScramClient plays a server that does not know the password: the client never takes it for the right one.
func FuzzScramClient(f *testing.F) {
	f.Add("r=NONCEx,s=c2FsdA==,i=4096", "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", false)
	f.Add("r=NONCEx,s=c2FsdA==,i=4096,h=G6k/rBLDqgOhRRaCuuatSDFkJ08=", "e=x", true)
	f.Add("m=x", "", true)
	stored := ClientKeys{Salt: []byte("salt"), ClientKey: make([]byte, 20), ServerKey: []byte("twenty secret bytes."), Iterations: 4096}
	f.Fuzz(func(t *testing.T, first, final string, asChallenge bool) {
		// Stored keys, so that a fuzzed iteration count does not cost its time.
		c, err := NewScramClient(ScramSHA1, ScramClientOptions{Username: "romeo", Keys: &stored})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Start(); err != nil {
			t.Fatal(err)
		}
		_, err = c.Next([]byte(strings.ReplaceAll(first, "NONCE", c.nonce)))
		if err == nil && asChallenge {
			if _, err := c.Next([]byte(final)); err == nil {
				t.Fatalf("%q and %q are believed", first, final)
			}
			final = ""
		}
		if c.Done([]byte(final)) == nil || c.Keys().ClientKey != nil {
			t.Fatalf("%q and %q are believed", first, final)
		}
	})
}

// FuzzOneMessage gives any message to the servers that expect one; what they accept must be what was said.
func FuzzOneMessage(f *testing.F) {
	for _, s := range []string{
		"\x00romeo\x00secret", "a\x00b\x00c", "romeo@montague.example", "",
		"n,a=x,\x01auth=Bearer abc\x01\x01", "p=x,,\x01host=a\x01auth=Bearer abc\x01\x01",
		"romeo\x00" + strings.Repeat("x", 32),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, message string) {
		NewPlainServer(func(authzid, user, password string) error {
			want := strings.Split(message, "\x00")
			if len(want) != 3 || authzid != want[0] || password != want[2] || user == "" || password == "" {
				t.Fatalf("%q became %q, %q, %q", message, authzid, user, password)
			}
			return nil
		}).Next([]byte(message))

		x := NewExternalServer([]string{"romeo@montague.example"}, nil)
		if _, done, _ := x.Next([]byte(message)); done != (message == "" || message == "romeo@montague.example") {
			t.Fatalf("EXTERNAL %q: %v", message, done)
		}

		x = NewOAuthBearerServer(func(token string) (string, error) {
			if !strings.Contains(message, " "+token+"\x01") {
				t.Fatalf("%q became %q", message, token)
			}
			return "", ErrNotAuthorized
		})
		if _, done, _ := x.Next([]byte(message)); done {
			t.Fatalf("OAUTHBEARER %q", message)
		}

		x, err := NewHTServer(HTSHA256None, func(string) ([]Token, error) { return []Token{{"a", "secret"}}, nil }, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, done, err := x.Next([]byte(message)); done || err == nil {
			t.Fatalf("HT %q", message)
		}

		if _, done, err := NewAnonymousServer().Next([]byte(message)); !done && !errors.Is(err, ErrMalformed) {
			t.Fatalf("ANONYMOUS %q: %v", message, err)
		}
	})
}

// FuzzGS2 checks the header that three mechanisms share, and the escaping inside it.
func FuzzGS2(f *testing.F) {
	f.Add("n,,n=user,r=abc")
	f.Add("p=tls-exporter,a=x=2C=3Dy,rest")
	f.Add("y,a=,")
	f.Add(",")
	f.Fuzz(func(t *testing.T, message string) {
		if name, ok := unescapeName(message); ok && escapeName(name) != message {
			t.Fatalf("%q became %q", message, name)
		}
		if back, ok := unescapeName(escapeName(message)); ok != (message != "" && isText(message)) || ok && back != message {
			t.Fatalf("%q came back as %q, %v", message, back, ok)
		}
		h, rest, ok := parseGS2(message)
		if !ok {
			return
		}
		flag := string(h.flag)
		if h.binding != "" {
			flag += "=" + string(h.binding)
		}
		if again := flag + "," + gs2Authzid(h.authzid) + ","; again != h.raw || again+rest != message {
			t.Fatalf("%q became %q and %q", message, again, rest)
		}
	})
}
