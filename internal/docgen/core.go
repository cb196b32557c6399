package main

import "github.com/stonechat-im/stonechat/spec"

// declared is a specification and the folders where it is carried out.
type declared struct {
	spec.Spec
	folders []string
	tests   string // folder whose Go tests prove it, where transcripts cannot
}

// core lists what is carried out below the modules. Where a module has a part of the same specification, status and note
// here are those of the whole.
var core = []declared{
	{spec.Spec{RFC: 6120, Status: spec.Partial, Since: "0.1", Note: "all of client to server; server to server is to come"},
		[]string{"server/c2s", "server/router", "stream", "stanza", "xmlscan"}, ""},
	{spec.Spec{RFC: 6121, Status: spec.Partial, Since: "0.1", Note: "all within one server; contacts on other servers come with server to server"},
		[]string{"server/router"}, ""},
	{spec.Spec{RFC: 7590, Status: spec.Partial, Since: "0.1", Note: "client to server"}, []string{"server/c2s", "server/config/certs"}, "server/config/certs"},
	{spec.Spec{RFC: 7622, Status: spec.Complete, Since: "0.1"}, []string{"jid"}, "jid"},
	{spec.Spec{RFC: 8265, Status: spec.Complete, Since: "0.1"}, []string{"jid", "sasl"}, "jid"},
	{spec.Spec{RFC: 8266, Status: spec.Complete, Since: "0.1"}, []string{"jid"}, "jid"},
	{spec.Spec{RFC: 5122, Status: spec.Complete, Since: "0.1"}, []string{"jid"}, "jid"},
	{spec.Spec{RFC: 4422, Status: spec.Complete, Since: "0.1"}, []string{"sasl"}, "sasl"},
	{spec.Spec{RFC: 4505, Status: spec.Complete, Since: "0.1"}, []string{"sasl"}, "sasl"},
	{spec.Spec{RFC: 4616, Status: spec.Complete, Since: "0.1"}, []string{"sasl"}, "sasl"},
	{spec.Spec{RFC: 5802, Status: spec.Complete, Since: "0.1"}, []string{"sasl", "server/auth"}, "sasl"},
	{spec.Spec{RFC: 7677, Status: spec.Complete, Since: "0.1"}, []string{"sasl", "server/auth"}, "sasl"},
	{spec.Spec{RFC: 7628, Status: spec.Partial, Since: "0.1", Note: "the mechanism; the server does not offer it yet"}, []string{"sasl"}, "sasl"},
	{spec.Spec{RFC: 5929, Status: spec.Partial, Since: "0.1", Note: "tls-server-end-point"}, []string{"sasl", "server/auth"}, "sasl"},
	{spec.Spec{RFC: 9266, Status: spec.Complete, Since: "0.1"}, []string{"sasl", "server/auth"}, "sasl"},
	{spec.Spec{XEP: 4, Version: "2.13.2", Status: spec.Complete, Since: "0.1"}, []string{"xep/forms"}, "xep/forms"},
	{spec.Spec{XEP: 68, Version: "1.3.0", Status: spec.Complete, Since: "0.1"}, []string{"xep/forms"}, "xep/forms"},
	{spec.Spec{XEP: 106, Version: "1.1.1", Status: spec.Complete, Since: "0.1"}, []string{"jid"}, "jid"},
	{spec.Spec{XEP: 175, Version: "1.2", Status: spec.Complete, Since: "0.1"}, []string{"server/auth", "sasl"}, ""},
	{spec.Spec{XEP: 178, Version: "1.2", Status: spec.Partial, Since: "0.1", Note: "client to server"}, []string{"server/auth", "sasl"}, "sasl"},
	{spec.Spec{XEP: 198, Version: "1.6.3", Status: spec.Complete, Since: "0.1"}, []string{"server/session", "server/c2s", "smq"}, ""},
	{spec.Spec{XEP: 368, Version: "1.1.0", Status: spec.Partial, Since: "0.1", Note: "client to server"}, []string{"server/c2s"}, ""},
	{spec.Spec{XEP: 440, Version: "1.0.0", Status: spec.Complete, Since: "0.1"}, []string{"server/c2s", "sasl"}, "sasl"},
}
