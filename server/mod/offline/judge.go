package offline

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/delay"
	"github.com/stonechat-im/stonechat/xep/hints"
)

// verdict is what is to be done with a message for somebody who is not there.
type verdict uint8

const (
	keep   verdict = iota // store it
	drop                  // forget it; its sender need not know
	refuse                // do not store it; its sender is told
)

const nsChatStates = "http://jabber.org/protocol/chatstates" // XEP-0085

// judge carries out XEP-0160#types and the hints of XEP-0334.
func judge(account jid.Bare, s *stanza.Stanza) verdict {
	if s.Kind != stanza.Message || s.Type != stanza.Normal && s.Type != stanza.Chat {
		return refuse
	}
	if s.From == account.JID() { // a copy that we made for one of its sessions
		return drop
	}
	states := false // all that it has is chat states, and remarks
	content := false
	for c := range s.Root().Children() {
		switch {
		case c.Space() == nsChatStates:
			states = true
		case !remark(c):
			content = true
		}
	}
	switch {
	case hints.Has(s, hints.NoStore): // XEP-0334#no-store
		if s.Has(stanza.NSClient, "body") {
			return refuse
		}
		return drop
	case hints.Has(s, hints.Store), content, !states:
		return keep
	}
	return drop
}

// remark says whether an element is about the message, and nothing without it.
func remark(e elem.Elem) bool {
	switch e.Space() {
	case hints.NS, delay.NS, "jabber:x:delay", "urn:xmpp:sid:0", "http://jabber.org/protocol/amp":
		return true
	}
	return e.Is(stanza.NSClient, "thread")
}
