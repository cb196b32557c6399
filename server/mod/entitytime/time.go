// Package entitytime tells the host's time (XEP-0202). It has no state.
package entitytime

import (
	"context"
	"time"

	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/entitytime"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name:  "entitytime",
	Specs: []spec.Spec{{XEP: 202, Version: "2.0", Status: spec.Complete, Since: "0.1"}},
	Host:  []string{wire.NS},
}, Config{}, New)

// Config is the [entitytime] section; there is nothing to set.
type Config struct{}

// New ties the module into a realm.
func New(env *kit.Env, _ Config) (kit.Module, error) {
	kit.HandleIQ(env, kit.Server, stanza.Get, func(context.Context, *kit.IQ, *wire.Time) (stanza.Payload, error) {
		return &wire.Time{Time: time.Now()}, nil
	})
	return nil, nil
}
