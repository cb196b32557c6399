// Package all is the only place that knows every module.
package all

import (
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/mod/adhoc"
	"github.com/stonechat-im/stonechat/server/mod/admin"
	"github.com/stonechat-im/stonechat/server/mod/blocking"
	"github.com/stonechat-im/stonechat/server/mod/carbons"
	"github.com/stonechat-im/stonechat/server/mod/csi"
	"github.com/stonechat-im/stonechat/server/mod/disco"
	"github.com/stonechat-im/stonechat/server/mod/entitytime"
	"github.com/stonechat-im/stonechat/server/mod/imsession"
	"github.com/stonechat-im/stonechat/server/mod/last"
	"github.com/stonechat-im/stonechat/server/mod/mam"
	"github.com/stonechat-im/stonechat/server/mod/muc"
	"github.com/stonechat-im/stonechat/server/mod/offline"
	"github.com/stonechat-im/stonechat/server/mod/ping"
	"github.com/stonechat-im/stonechat/server/mod/presence"
	"github.com/stonechat-im/stonechat/server/mod/private"
	"github.com/stonechat-im/stonechat/server/mod/pubsub"
	"github.com/stonechat-im/stonechat/server/mod/pubsub/pep"
	"github.com/stonechat-im/stonechat/server/mod/register"
	"github.com/stonechat-im/stonechat/server/mod/roster"
	"github.com/stonechat-im/stonechat/server/mod/vcard"
	"github.com/stonechat-im/stonechat/server/mod/version"
)

// Defs lists the modules in the order in which they are built: who provides something stands before who needs it.
func Defs() []kit.Def {
	return []kit.Def{
		imsession.Def,
		roster.Def,
		blocking.Def, // before presence
		mam.Def,
		carbons.Def,
		csi.Def,
		last.Def, // after roster, before presence
		presence.Def,
		ping.Def,
		version.Def,
		entitytime.Def,
		private.Def,
		vcard.Def,
		pep.Def, // after blocking
		pubsub.Def,
		register.Def,
		disco.Def,
		offline.Def,
		muc.Def,
		adhoc.Def,
		admin.Def,
	}
}
