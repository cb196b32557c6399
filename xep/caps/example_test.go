package caps_test

import (
	"fmt"

	"github.com/stonechat-im/stonechat/xep/caps"
	"github.com/stonechat-im/stonechat/xep/disco"
)

// What a client announces in presence is worth what its answer to disco#info proves.
func ExampleVerify() {
	announced := &caps.Caps{Hash: "sha-1", Node: "http://code.google.com/p/exodus", Ver: "QgayPKawpkPSDYmwT/WM94uAlu0="}
	answer := &disco.Info{
		Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Exodus 0.9.1"}},
		Features: []string{"http://jabber.org/protocol/caps", "http://jabber.org/protocol/disco#info",
			"http://jabber.org/protocol/disco#items", "http://jabber.org/protocol/muc"},
	}
	fmt.Println(caps.Verify(announced, answer))
	answer.Features = append(answer.Features, "http://jabber.org/protocol/tune+notify")
	fmt.Println(caps.Verify(announced, answer))
	// Output:
	// <nil>
	// the answer does not have the hash that was announced
}
