// Package version tells what software the host runs (XEP-0092). It has no state.
package version

import (
	"cmp"
	"context"
	"runtime/debug"

	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/version"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name:  "version",
	Specs: []spec.Spec{{XEP: 92, Version: "1.1", Status: spec.Complete, Since: "0.1"}},
	Host:  []string{wire.NS},
}, Config{}, New)

// Config is the [version] section.
type Config struct {
	// Hide keeps the number of the version to ourselves: the answer has the name and an empty version.
	Hide bool
	// OS is the operating system to tell; empty for none.
	OS string
}

const module = "github.com/stonechat-im/stonechat"

// released is set by the linker: -X github.com/stonechat-im/stonechat/server/mod/version.released=1.0.0
var released string

// Number is the version of this program: that of the release, or what the build knows of the module.
func Number() string {
	built := ""
	if i, ok := debug.ReadBuildInfo(); ok {
		if i.Main.Path == module && i.Main.Version != "(devel)" {
			built = i.Main.Version
		}
		for _, d := range i.Deps { // inside a program that embeds us
			if d.Path == module {
				built = d.Version
			}
		}
	}
	return cmp.Or(released, built, "development")
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	answer := &wire.Query{Software: "Stonechat", Version: Number(), OS: cfg.OS}
	if cfg.Hide {
		answer.Version = ""
	}
	kit.HandleIQ(env, kit.Server, stanza.Get, func(context.Context, *kit.IQ, *wire.Query) (stanza.Payload, error) {
		return answer, nil
	})
	return nil, nil
}
