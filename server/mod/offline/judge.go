package offline

import (
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/content"
)

// verdict is what is to be done with a message for somebody who is not there.
type verdict uint8

const (
	keep   verdict = iota // store it
	drop                  // forget it; its sender need not know
	refuse                // do not store it; its sender is told
)

// judge carries out XEP-0160#types and the hints of XEP-0334, as docs/messages.md has them.
func judge(account jid.Bare, s *stanza.Stanza) verdict {
	if s.Kind != stanza.Message || s.Type != stanza.Normal && s.Type != stanza.Chat {
		return refuse
	}
	if s.From == account.JID() { // a copy that we made for one of its sessions
		return drop
	}
	set := content.Of(s)
	switch {
	case set.Offline(s.Type):
		return keep
	case set.Has(content.NoStore) && set.Has(content.Body): // XEP-0334#no-store
		return refuse
	}
	return drop
}
