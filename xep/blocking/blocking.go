// Package blocking is the blocking command (XEP-0191): the payloads. It has no state.
package blocking

import (
	"errors"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
)

// The namespaces of the command and of its error condition.
const (
	NS       = "urn:xmpp:blocking"
	NSErrors = "urn:xmpp:blocking:errors"
)

// Item is one blocked address.
type Item struct {
	JID jid.JID
	// Report says why, to those who run the server (XEP-0377#blocking). Absent for nothing to say; never in lists and pushes.
	Report elem.Elem
}

// ErrNothing says that a block names nobody (XEP-0191#block).
var ErrNothing = errors.New("a block names at least one address")

func encode(w *elem.Writer, local string, items []Item) {
	w.Start(NS, local)
	for i := range items {
		w.Start(NS, "item")
		w.Attr("jid", items[i].JID.String())
		w.Copy(items[i].Report)
		w.End()
	}
	w.End()
}

// decode reads items. An item without address, or with something that is none, is an error of type *stanza.Error.
func decode(e elem.Elem) (items []Item, err error) {
	for c := range e.Children() {
		if !c.Is(NS, "item") {
			continue
		}
		var it Item
		v, ok := c.LookupAttr("", "jid")
		if !ok {
			return nil, stanza.BadRequest.With("an item without an address")
		}
		if it.JID, err = jid.Parse(v); err != nil {
			return nil, stanza.JIDMalformed.With("an item holds something that is no address")
		}
		it.Report = c.Child(nsReports, "report")
		items = append(items, it)
	}
	return items, nil
}

// nsReports is the namespace of abuse reports (XEP-0377).
const nsReports = "urn:xmpp:reporting:1"

// List asks for the block list, or is it (XEP-0191#blocklist).
type List struct{ Items []Item }

// Name is {urn:xmpp:blocking}blocklist.
func (*List) Name() elem.Name { return elem.Name{Space: NS, Local: "blocklist"} }

// Encode writes the payload.
func (l *List) Encode(w *elem.Writer) { encode(w, "blocklist", l.Items) }

// Decode reads the payload.
func (l *List) Decode(e elem.Elem) (err error) {
	l.Items, err = decode(e)
	return err
}

// Block adds to the list; the server pushes it too (XEP-0191#block).
type Block struct{ Items []Item }

// Name is {urn:xmpp:blocking}block.
func (*Block) Name() elem.Name { return elem.Name{Space: NS, Local: "block"} }

// Encode writes the payload.
func (b *Block) Encode(w *elem.Writer) { encode(w, "block", b.Items) }

// Decode reads the payload.
func (b *Block) Decode(e elem.Elem) (err error) {
	if b.Items, err = decode(e); err == nil && len(b.Items) == 0 {
		err = ErrNothing
	}
	return err
}

// Unblock takes from the list, and without items empties it; the server pushes it too (XEP-0191#unblock, #unblockall).
type Unblock struct{ Items []Item }

// Name is {urn:xmpp:blocking}unblock.
func (*Unblock) Name() elem.Name { return elem.Name{Space: NS, Local: "unblock"} }

// Encode writes the payload.
func (u *Unblock) Encode(w *elem.Writer) { encode(w, "unblock", u.Items) }

// Decode reads the payload.
func (u *Unblock) Decode(e elem.Elem) (err error) {
	u.Items, err = decode(e)
	return err
}

// Blocked is the condition in the error for stanzas to an address that one blocks (XEP-0191#block).
type Blocked struct{}

// Name is {urn:xmpp:blocking:errors}blocked.
func (*Blocked) Name() elem.Name { return elem.Name{Space: NSErrors, Local: "blocked"} }

// Encode writes the payload.
func (*Blocked) Encode(w *elem.Writer) { w.Elem(NSErrors, "blocked", "") }

// Decode reads the payload.
func (*Blocked) Decode(elem.Elem) error { return nil }
