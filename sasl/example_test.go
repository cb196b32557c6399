package sasl_test

import (
	"crypto"
	"crypto/rand"
	"fmt"

	"github.com/stonechat-im/stonechat/sasl"
)

// A server keeps keys instead of passwords and answers alike for users it does not have.
func ExampleNewScramServer() {
	secret := []byte(rand.Text())
	accounts := map[string]sasl.Keys{}
	accounts["juliet"], _ = sasl.Derive(crypto.SHA256, "wherefore art thou", nil, 0)

	lookup := func(user string) (sasl.Keys, error) {
		if keys, ok := accounts[user]; ok {
			return keys, nil
		}
		return sasl.FakeKeys(crypto.SHA256, secret, user), nil
	}

	for _, password := range []string{"wherefore art thou", "parting is such sweet sorrow"} {
		server, _ := sasl.NewScramServer(sasl.ScramSHA256, lookup, sasl.ScramServerOptions{})
		client, _ := sasl.NewScramClient(sasl.ScramSHA256, sasl.ScramClientOptions{Username: "juliet", Password: password})

		first, _, _ := client.Start()
		challenge, _, _ := server.Next(first)
		final, _ := client.Next(challenge)
		additional, done, err := server.Next(final)
		if !done {
			fmt.Println("refused:", sasl.Condition(err))
			continue
		}
		fmt.Println("server knows:", server.Identity().Authcid)
		fmt.Println("client trusts the server:", client.Done(additional) == nil)
	}
	// Output:
	// server knows: juliet
	// client trusts the server: true
	// refused: not-authorized
}

// A client that knows its channel bindings gets the strongest mechanism, and never PLAIN by accident.
func ExampleChoose() {
	offered := []sasl.Mechanism{sasl.Plain, sasl.ScramSHA1, sasl.ScramSHA256, sasl.ScramSHA256Plus}
	mech, ok := sasl.Choose(offered, sasl.Preferences{
		Password:        true,
		Bindings:        []sasl.BindingType{sasl.TLSExporter, sasl.TLSServerEndPoint},
		OfferedBindings: []sasl.BindingType{sasl.TLSServerEndPoint},
	})
	fmt.Println(mech, ok)

	mech, ok = sasl.Choose([]sasl.Mechanism{sasl.Plain}, sasl.Preferences{Password: true})
	fmt.Println(mech, ok)
	// Output:
	// SCRAM-SHA-256-PLUS true
	//  false
}

// A FAST login takes one message each way and proves both sides.
func ExampleNewHTServer() {
	tokens := func(user string) ([]sasl.Token, error) {
		if user != "romeo" {
			return nil, nil
		}
		return []sasl.Token{{ID: "phone", Secret: "a token the server gave out"}}, nil
	}
	bindings := []sasl.Binding{{Type: sasl.TLSExporter, Data: []byte("from sasl.Bindings")}}
	server, _ := sasl.NewHTServer(sasl.HTSHA256Expr, tokens, bindings)
	client, _ := sasl.NewHTClient(sasl.HTSHA256Expr, "romeo", "a token the server gave out", bindings)

	message, _, _ := client.Start()
	additional, done, _ := server.Next(message)
	fmt.Println(done, server.Identity().Token, client.Done(additional) == nil)
	// Output: true phone true
}

// PLAIN checks a password against the same keys.
func ExampleNewPlainServer() {
	keys, _ := sasl.Derive(crypto.SHA256, "sweet sorrow", nil, 0)
	server := sasl.NewPlainServer(func(authzid, user, password string) error {
		if user != "juliet" || !keys.VerifyPassword(crypto.SHA256, password) {
			return sasl.ErrNotAuthorized
		}
		return nil
	})
	_, done, err := server.Next([]byte("\x00juliet\x00sweet sorrow"))
	fmt.Println(done, err, server.Identity().Authcid)
	// Output: true <nil> juliet
}
