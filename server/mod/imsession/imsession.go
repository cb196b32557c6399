// Package imsession lets clients of RFC 3921 establish a session, which means nothing today (RFC 6121 §1.4). It has no
// state.
package imsession

import (
	"context"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
)

// NS is the namespace of session establishment (RFC 3921 §3).
const NS = "urn:ietf:params:xml:ns:xmpp-session"

// Def is the module.
var Def = kit.Define(kit.Info{
	Name:  "imsession",
	Specs: []spec.Spec{{RFC: 3921, Status: spec.Partial, Since: "0.1", Note: "§3 for old clients; all else is RFC 6121"}},
}, Config{}, New)

// Config is the [imsession] section; there is nothing to set.
type Config struct{}

// New ties the module into a realm.
func New(env *kit.Env, _ Config) (kit.Module, error) {
	kit.AddFeature(env, func(w *elem.Writer) {
		w.Start(NS, "session")
		w.Elem(NS, "optional", "") // newer clients leave it out
		w.End()
	})
	done := func(context.Context, *kit.IQ, elem.Elem) (stanza.Payload, error) { return nil, nil }
	name := kit.Name(NS, "session")
	kit.HandleRawIQ(env, kit.Server, stanza.Set, name, done)     // RFC 3921 §3
	kit.HandleRawIQ(env, kit.OwnAccount, stanza.Set, name, done) // many clients give no address
	return nil, nil
}
