// Package csi is client state indication (XEP-0352): the elements. It has no state.
package csi

import "github.com/stonechat-im/stonechat/elem"

// NS is the namespace of client state indication.
const NS = "urn:xmpp:csi:0"

// The stream feature, and the two states in which a client can be. They are stream-level elements.
var (
	Feature  = elem.Name{Space: NS, Local: "csi"}
	Active   = elem.Name{Space: NS, Local: "active"}
	Inactive = elem.Name{Space: NS, Local: "inactive"}
)
