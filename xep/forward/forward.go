// Package forward is stanza forwarding (XEP-0297): a whole stanza inside another one, with the time at which it was
// received. It has no state.
package forward

import (
	"errors"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/delay"
)

// NS is the namespace of stanza forwarding.
const NS = "urn:xmpp:forward:0"

// ErrNoStanza says that nothing was forwarded, or something that is no stanza of jabber:client.
var ErrNoStanza = errors.New("nothing that could be read was forwarded")

// Forwarded is a stanza inside another. Whoever reads one must not take it for a stanza that he was sent
// (XEP-0297#security).
type Forwarded struct {
	Delay  *delay.Delay // when it was received; nil where that is not said
	Stanza *stanza.Stanza
	Raw    []byte // the stanza as it is written, from stanza.Forwarded; used for writing when Stanza is nil
}

// Name is {urn:xmpp:forward:0}forwarded.
func (*Forwarded) Name() elem.Name { return elem.Name{Space: NS, Local: "forwarded"} }

// Encode writes the payload. The stanza keeps its namespace (business rule 3 of XEP-0297).
func (f *Forwarded) Encode(w *elem.Writer) {
	w.Start(NS, "forwarded")
	if f.Delay != nil {
		f.Delay.Encode(w)
	}
	if f.Stanza != nil {
		w.Raw(f.Stanza.Forwarded(nil))
	} else {
		w.Raw(f.Raw)
	}
	w.End()
}

// Decode reads the payload. The stanza shares the memory of e.
func (f *Forwarded) Decode(e elem.Elem) error {
	*f = Forwarded{}
	if d := e.Child(delay.NS, "delay"); d.Ok() {
		f.Delay = new(delay.Delay)
		if f.Delay.Decode(d) != nil {
			f.Delay = nil
		}
	}
	for c := range e.Children() {
		if c.Space() == stanza.NSClient && stanza.KindOf(c.Local()) != 0 {
			var r stanza.Received
			if err := r.FromElem(c, stanza.NSClient, jid.Parse); err != nil {
				return err
			}
			s := r.Stanza
			f.Stanza = &s
			return nil
		}
	}
	return ErrNoStanza
}
