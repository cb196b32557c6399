package sasl

import (
	"encoding/base64"
	"encoding/hex"
	"testing"
)

// vector is a whole SCRAM exchange as a specification prints it.
type vector struct {
	name                     string
	mech                     Mechanism
	user, password           string
	clientNonce, serverNonce string
	salt                     string
	iterations               int
	bindings                 []Binding
	offered                  []Mechanism
	clientFirst, serverFirst string
	clientFinal, serverFinal string
	serverOnly               bool // the client message has an extension ours does not send
}

func vectors() []vector {
	return []vector{
		{
			name: "RFC 5802 §5", mech: ScramSHA1, user: "user", password: "pencil",
			clientNonce: "fyko+d2lbbFgONRv9qkxdawL", serverNonce: "3rfcNHYJY1ZVvWVs7j",
			salt: "QSXCR+Q6sek8bf92", iterations: 4096,
			clientFirst: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
			serverFirst: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
			clientFinal: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
			serverFinal: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
		},
		{
			name: "RFC 7677 §3", mech: ScramSHA256, user: "user", password: "pencil",
			clientNonce: "rOprNGfwEbeRWgbNEkqO", serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
			salt: "W22ZaJ0SNY7soEsUEjb6gQ==", iterations: 4096,
			clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
			serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			clientFinal: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0," +
				"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
			serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
		},
		{
			name: "XEP-0474 §6.3", mech: ScramSHA1Plus, user: "user", password: "pencil",
			clientNonce: "12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6",
			serverNonce: "a09117a6-ac50-4f2f-93f1-93799c2bddf6",
			salt:        "QSXCR+Q6sek8bf92", iterations: 4096,
			bindings: []Binding{
				{TLSServerEndPoint, []byte("another")}, {TLSExporter, []byte("THIS IS FAKE CB DATA")},
			},
			offered:     []Mechanism{ScramSHA1Plus, ScramSHA1},
			clientFirst: "p=tls-exporter,,n=user,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6",
			serverFirst: "r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6," +
				"s=QSXCR+Q6sek8bf92,i=4096,h=G6k/rBLDqgOhRRaCuuatSDFkJ08=",
			clientFinal: "c=cD10bHMtZXhwb3J0ZXIsLFRISVMgSVMgRkFLRSBDQiBEQVRB," +
				"r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6," +
				"x=19C6532F-1CF4-4A27-A18D-DC9CEA41BBB3,p=M/SIDjT+dfcxUh89jZEypRvFxB4=",
			serverFinal: "v=MQrMPvv7yv4x4Cq4W4Ih25EqS2c=",
			serverOnly:  true,
		},
		{
			name: "SHA-512, computed by another program", mech: ScramSHA512, user: "romeo",
			password:    "neither fair saint, if either thee dislike",
			clientNonce: "montague", serverNonce: "capulet",
			salt: "MDEyMzQ1Njc4OWFiY2RlZg==", iterations: 10000,
			clientFirst: "n,,n=romeo,r=montague",
			serverFirst: "r=montaguecapulet,s=MDEyMzQ1Njc4OWFiY2RlZg==,i=10000",
			clientFinal: "c=biws,r=montaguecapulet,p=CrzTN3BRv2L63Y/aFBQcfITQTRT5ExpJYV73Mh14OdYr81Zr57Z2A1ZOe0OYDzjltzgxedih179z9MtOi6a3xQ==",
			serverFinal: "v=f/W+RvJjOHvR29BL2AwaCz07aW/5KGWGErbsv1FdTbEzCvIJCU8vtOAmO0VrWv5t6cwqC6Cnt5W69Cuy73ztKA==",
		},
	}
}

func TestScramVectorsServer(t *testing.T) {
	for _, v := range vectors() {
		t.Run(v.name, func(t *testing.T) {
			salt, _ := base64.StdEncoding.DecodeString(v.salt)
			h, _ := v.mech.Hash()
			keys, err := Derive(h, v.password, salt, v.iterations)
			if err != nil {
				t.Fatal(err)
			}
			lookup := func(user string) (Keys, error) {
				if user != v.user {
					t.Errorf("lookup of %q, want %q", user, v.user)
				}
				return keys, nil
			}
			x, err := NewScramServer(v.mech, lookup, ScramServerOptions{Bindings: v.bindings, Offered: v.offered})
			if err != nil {
				t.Fatal(err)
			}
			x.(*scramServer).nonce = v.serverNonce
			challenge, done, err := x.Next([]byte(v.clientFirst))
			if string(challenge) != v.serverFirst || done || err != nil {
				t.Fatalf("server-first %q, %v, %v, want %q", challenge, done, err, v.serverFirst)
			}
			if x.Identity() != (Identity{}) {
				t.Errorf("identity %+v before success", x.Identity())
			}
			challenge, done, err = x.Next([]byte(v.clientFinal))
			if string(challenge) != v.serverFinal || !done || err != nil {
				t.Fatalf("server-final %q, %v, %v, want %q", challenge, done, err, v.serverFinal)
			}
			if id := x.Identity(); id.Authcid != v.user || id.Mechanism != v.mech {
				t.Errorf("identity %+v", id)
			}
		})
	}
}

func TestScramVectorsClient(t *testing.T) {
	for _, v := range vectors() {
		if v.serverOnly {
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			c, err := NewScramClient(v.mech, ScramClientOptions{Username: v.user, Password: v.password})
			if err != nil {
				t.Fatal(err)
			}
			c.nonce = v.clientNonce
			first, has, err := c.Start()
			if string(first) != v.clientFirst || !has || err != nil {
				t.Fatalf("client-first %q, %v, %v", first, has, err)
			}
			final, err := c.Next([]byte(v.serverFirst))
			if string(final) != v.clientFinal || err != nil {
				t.Fatalf("client-final %q, %v, want %q", final, err, v.clientFinal)
			}
			if err := c.Done([]byte(v.serverFinal)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The expected values were computed by another program from the formulas of XEP-0484's mechanisms.
func TestHTVector(t *testing.T) {
	const token = "WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm"
	bindings := []Binding{{TLSExporter, []byte("exporter data")}}
	c, err := NewHTClient(HTSHA256Expr, "juliet", token, bindings)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := c.Start()
	want, _ := hex.DecodeString("53e93c8101b2a7060870939e204a547733a5d315c7f5ba617c3978de64a1a314")
	if string(first) != "juliet\x00"+string(want) {
		t.Errorf("initiator message %x", first)
	}
	x, err := NewHTServer(HTSHA256Expr, func(string) ([]Token, error) {
		return []Token{{"new", "unused"}, {"current", token}}, nil
	}, bindings)
	if err != nil {
		t.Fatal(err)
	}
	additional, done, err := x.Next(first)
	if hex.EncodeToString(additional) != "0465e362009837062c5524dc839b4f616f1331c430883b0e2b0f0fff942c36d8" || !done || err != nil {
		t.Errorf("responder message %x, %v, %v", additional, done, err)
	}
	if got := x.Identity(); got != (Identity{"juliet", "", HTSHA256Expr, TLSExporter, "current"}) {
		t.Errorf("identity %+v", got)
	}
}
