package muc

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
)

// plain is an element of jabber:client with text, such as body or status (RFC 6121 §4.7.2, §5.2).
type plain struct{ local, text string }

func (p plain) Name() elem.Name       { return elem.Name{Space: stanza.NSClient, Local: p.local} }
func (p plain) Encode(w *elem.Writer) { w.Elem(stanza.NSClient, p.local, p.text) }

// copied is an element as it was received.
type copied struct{ elem.Elem }

// Encode writes the element.
func (c copied) Encode(w *elem.Writer) { w.Copy(c.Elem) }
