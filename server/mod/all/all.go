// Package all is the only place that knows every module.
package all

import (
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/mod/adhoc"
	"github.com/stonechat-im/stonechat/server/mod/admin"
	"github.com/stonechat-im/stonechat/server/mod/ping"
)

// Defs lists the modules in the order in which they are built: who provides something stands before who needs it.
func Defs() []kit.Def {
	return []kit.Def{
		ping.Def,
		adhoc.Def,
		admin.Def,
	}
}
