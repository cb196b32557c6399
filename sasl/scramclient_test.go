package sasl

import (
	"errors"
	"strings"
	"testing"
)

func TestScramClientRefusesServerFirst(t *testing.T) {
	offered := []Mechanism{ScramSHA1, Plain}
	good := offerHash(ScramSHA1.mustHash(), offered, nil)
	rows := []struct {
		name    string
		message string // N stands for the client's nonce
		want    error
	}{
		{"good", "r=Nxyz,s=c2FsdA==,i=4096", nil},
		{"good, signed offer", "r=Nxyz,s=c2FsdA==,i=4096,h=" + good, nil},
		{"good, extension", "r=Nxyz,s=c2FsdA==,i=4096,z=zzz", nil},
		{"offer altered", "r=Nxyz,s=c2FsdA==,i=4096,h=" + offerHash(ScramSHA1.mustHash(), offered[:1], nil), ErrDowngrade},
		{"two hashes", "r=Nxyz,s=c2FsdA==,i=4096,h=" + good + ",h=" + good, ErrProtocol},
		{"empty", "", ErrProtocol},
		{"nonce not extended", "r=N,s=c2FsdA==,i=4096", ErrProtocol},
		{"other nonce", "r=xyz,s=c2FsdA==,i=4096", ErrProtocol},
		{"no salt", "r=Nxyz,i=4096", ErrProtocol},
		{"empty salt", "r=Nxyz,s=,i=4096", ErrProtocol},
		{"salt not base64", "r=Nxyz,s=c2FsdA,i=4096", ErrProtocol},
		{"no count", "r=Nxyz,s=c2FsdA==", ErrProtocol},
		{"count too small", "r=Nxyz,s=c2FsdA==,i=4095", ErrIterations},
		{"count too big", "r=Nxyz,s=c2FsdA==,i=10000001", ErrIterations},
		{"count beyond int", "r=Nxyz,s=c2FsdA==,i=99999999999999999999", ErrIterations},
		{"negative count", "r=Nxyz,s=c2FsdA==,i=-4096", ErrIterations},
		{"leading zero", "r=Nxyz,s=c2FsdA==,i=04096", ErrIterations},
		{"mandatory extension", "m=x,r=Nxyz,s=c2FsdA==,i=4096", ErrProtocol},
		{"mandatory extension at the end", "r=Nxyz,s=c2FsdA==,i=4096,m=x", ErrProtocol},
		{"order changed", "s=c2FsdA==,r=Nxyz,i=4096", ErrProtocol},
		{"error", "e=other-error", ErrProtocol},
		{"NUL", "r=Nx\x00yz,s=c2FsdA==,i=4096", ErrProtocol},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c, err := NewScramClient(ScramSHA1, ScramClientOptions{Username: "romeo", Password: "pencil", Offered: offered})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Next([]byte("")); err == nil {
				t.Error("a challenge before the start was answered")
			}
			c, _ = NewScramClient(ScramSHA1, ScramClientOptions{Username: "romeo", Password: "pencil", Offered: offered})
			c.Start()
			response, err := c.Next([]byte(strings.Replace(row.message, "N", c.nonce, 1)))
			if !errors.Is(err, row.want) || (response == nil) != (row.want != nil) {
				t.Fatalf("%q, %v, want %v", response, err, row.want)
			}
			if c.Done([]byte("v=")) == nil || c.Done(nil) == nil {
				t.Error("success without the server's signature")
			}
		})
	}
}

func TestScramClientRefusesServerFinal(t *testing.T) {
	keys := testKeys(t)
	rows := []struct {
		name string
		edit func(string) string
		want error
	}{
		{"unchanged", func(s string) string { return s }, nil},
		{"no data", func(string) string { return "" }, ErrServerSignature},
		{"other signature", func(s string) string { return "v=AAAA" + s[6:] }, ErrServerSignature},
		{"short signature", func(string) string { return "v=AAAA" }, ErrServerSignature},
		{"empty signature", func(string) string { return "v=" }, ErrServerSignature},
		{"error", func(string) string { return "e=other-error" }, ErrNotAuthorized},
		{"mandatory extension", func(s string) string { return s + ",m=x" }, ErrServerSignature},
	}
	for _, row := range rows {
		for _, asChallenge := range []bool{false, true} {
			t.Run(row.name, func(t *testing.T) {
				x, _ := NewScramServer(ScramSHA1, func(string) (Keys, error) { return keys, nil }, ScramServerOptions{})
				c, _ := NewScramClient(ScramSHA1, ScramClientOptions{Username: "user", Password: "pencil"})
				first, _, _ := c.Start()
				challenge, _, _ := x.Next(first)
				response, _ := c.Next(challenge)
				last, done, err := x.Next(response)
				if !done {
					t.Fatal(err)
				}
				final := []byte(row.edit(string(last)))
				if asChallenge {
					// RFC 6120 §6.3.10: a server may send it without success and wait for an empty response.
					if response, err = c.Next(final); err == nil && (response == nil || len(response) > 0) {
						t.Errorf("response %q, want empty", response)
					}
					if err == nil {
						err = c.Done(nil)
					}
				} else {
					err = c.Done(final)
				}
				if !errors.Is(err, row.want) {
					t.Errorf("%v, want %v", err, row.want)
				}
				if (len(c.Keys().ClientKey) > 0) != (row.want == nil) {
					t.Errorf("keys %v", c.Keys())
				}
			})
		}
	}
}

// RFC 5802 §6 and the business rules of XEP-0440 and XEP-0474, from the client's side.
func TestScramClientChannelBinding(t *testing.T) {
	unique := Binding{TLSUnique, []byte("unique data")}
	endPoint := Binding{TLSServerEndPoint, []byte("end point data")}
	export := exporter()[0]
	both := []Mechanism{ScramSHA1, ScramSHA1Plus}
	rows := []struct {
		name     string
		mech     Mechanism
		ours     []Binding
		offered  []Mechanism
		types    []BindingType
		header   string
		needHash bool
		want     error
	}{
		{"no support", ScramSHA1, nil, both, []BindingType{TLSExporter}, "n,,", false, nil},
		{"not offered", ScramSHA1, exporter(), both[:1], nil, "y,,", false, nil},
		{"nothing known of the offer", ScramSHA1, exporter(), nil, nil, "y,,", false, nil},
		{"strongest", ScramSHA1Plus, []Binding{export, endPoint}, both, []BindingType{TLSServerEndPoint, TLSExporter},
			"p=tls-exporter,,", false, nil},
		{"the shared one", ScramSHA1Plus, []Binding{export, endPoint}, both, []BindingType{TLSServerEndPoint},
			"p=tls-server-end-point,,", false, nil},
		{"without XEP-0440, TLS 1.2", ScramSHA1Plus, []Binding{export, unique, endPoint}, both, nil, "p=tls-unique,,", false, nil},
		{"without XEP-0440, TLS 1.3", ScramSHA1Plus, []Binding{export, endPoint}, both, nil, "p=tls-server-end-point,,", false, nil},
		{"without XEP-0440, one only", ScramSHA1Plus, exporter(), both, nil, "p=tls-exporter,,", false, nil},
		{"-PLUS without support", ScramSHA1Plus, nil, both, nil, "", false, ErrNoBinding},
		{"-PLUS with nothing in common", ScramSHA1Plus, exporter(), both, []BindingType{TLSUnique}, "", false, ErrNoBinding},
		{"-PLUS with an empty binding", ScramSHA1Plus, []Binding{{TLSExporter, nil}}, both, nil, "", false, ErrNoBinding},
		{"must use -PLUS", ScramSHA1, exporter(), both, []BindingType{TLSExporter}, "", false, ErrDowngrade},
		{"-PLUS of another hash only", ScramSHA256, exporter(), []Mechanism{ScramSHA256, ScramSHA1Plus},
			[]BindingType{TLSExporter}, "n,,", false, nil},
		{"nothing in common, end point listed", ScramSHA1, exporter(), both, []BindingType{TLSServerEndPoint}, "n,,", false, nil},
		{"nothing in common, end point missing", ScramSHA1, exporter(), both, []BindingType{"made-up"}, "n,,", true, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c, err := NewScramClient(row.mech, ScramClientOptions{
				Username: "romeo", Password: "pencil", Bindings: row.ours, Offered: row.offered, OfferedBindings: row.types,
			})
			if !errors.Is(err, row.want) {
				t.Fatalf("%v, want %v", err, row.want)
			}
			if err == nil && (c.header != row.header || c.needHash != row.needHash) {
				t.Errorf("header %q, needs hash %v", c.header, c.needHash)
			}
		})
	}
}

func TestScramClientNeedsSignedOffer(t *testing.T) {
	offered := []Mechanism{ScramSHA1, ScramSHA1Plus}
	types := []BindingType{"made-up"}
	rows := []struct {
		name, hash string
		want       error
	}{
		{"unsigned", "", ErrDowngrade},
		{"signed", ",h=" + offerHash(ScramSHA1.mustHash(), offered, types), nil},
		{"signed another list", ",h=" + offerHash(ScramSHA1.mustHash(), offered, []BindingType{TLSExporter}), ErrDowngrade},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c, err := NewScramClient(ScramSHA1, ScramClientOptions{
				Username: "romeo", Password: "pencil", Bindings: exporter(), Offered: offered, OfferedBindings: types,
			})
			if err != nil {
				t.Fatal(err)
			}
			c.Start()
			if _, err := c.Next([]byte("r=" + c.nonce + "x,s=c2FsdA==,i=4096" + row.hash)); !errors.Is(err, row.want) {
				t.Errorf("%v, want %v", err, row.want)
			}
		})
	}
}

func TestScramClientStoredKeys(t *testing.T) {
	keys := testKeys(t)
	login := func(o ScramClientOptions) (ClientKeys, error) {
		x, _ := NewScramServer(ScramSHA1, func(string) (Keys, error) { return keys, nil }, ScramServerOptions{})
		c, err := NewScramClient(ScramSHA1, o)
		if err != nil {
			return ClientKeys{}, err
		}
		first, _, _ := c.Start()
		challenge, _, _ := x.Next(first)
		response, err := c.Next(challenge)
		if err != nil {
			return ClientKeys{}, err
		}
		last, _, err := x.Next(response)
		if err != nil {
			return ClientKeys{}, err
		}
		err = c.Done(last)
		return c.Keys(), err
	}
	stored, err := login(ScramClientOptions{Username: "user", Password: "pencil"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := login(ScramClientOptions{Username: "user", Keys: &stored}); err != nil {
		t.Errorf("with stored keys: %v", err)
	}
	keys, _ = Derive(ScramSHA1.mustHash(), "pencil", nil, 5000)
	if _, err := login(ScramClientOptions{Username: "user", Keys: &stored}); !errors.Is(err, ErrNeedPassword) {
		t.Errorf("after a change of the salt: %v", err)
	}
	if _, err := login(ScramClientOptions{Username: "user", Password: "pencil", Keys: &stored}); err != nil {
		t.Errorf("with the password at hand: %v", err)
	}
	stored.ClientKey = stored.ClientKey[:4]
	if _, err := login(ScramClientOptions{Username: "user", Keys: &stored}); !errors.Is(err, ErrNeedPassword) {
		t.Errorf("with keys of another hash: %v", err)
	}
}

func TestNewScramClientRefuses(t *testing.T) {
	rows := []struct {
		name string
		mech Mechanism
		o    ScramClientOptions
		want error
	}{
		{"another mechanism", Plain, ScramClientOptions{Username: "romeo", Password: "x"}, ErrInvalidMechanism},
		{"no user", ScramSHA256, ScramClientOptions{Password: "x"}, ErrCredentials},
		{"user with NUL", ScramSHA256, ScramClientOptions{Username: "ro\x00meo", Password: "x"}, ErrCredentials},
		{"authzid not UTF-8", ScramSHA256, ScramClientOptions{Username: "romeo", Authzid: "\xff", Password: "x"}, ErrCredentials},
		{"no password", ScramSHA256, ScramClientOptions{Username: "romeo"}, ErrNeedPassword},
		{"control character", ScramSHA256, ScramClientOptions{Username: "romeo", Password: "a\tb"}, ErrCredentials},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if _, err := NewScramClient(row.mech, row.o); !errors.Is(err, row.want) {
				t.Errorf("%v, want %v", err, row.want)
			}
		})
	}
}
