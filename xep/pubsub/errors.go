package pubsub

import (
	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/stanza"
)

// Condition is a pubsub-specific error condition (XEP-0060#schemas-error).
type Condition struct {
	Local   string // "nodeid-required"
	Feature string // of unsupported
}

// Name is in the namespace http://jabber.org/protocol/pubsub#errors.
func (c Condition) Name() elem.Name { return elem.Name{Space: NSErrors, Local: c.Local} }

// Encode writes the condition.
func (c Condition) Encode(w *elem.Writer) {
	w.Start(NSErrors, c.Local)
	w.OptAttr("feature", c.Feature)
	w.End()
}

// Decode reads the condition.
func (c *Condition) Decode(e elem.Elem) error {
	*c = Condition{e.Local(), e.Attr("feature")}
	return nil
}

// Error joins a condition of stanza errors with one of pubsub.
func Error(c stanza.Condition, local, text string) *stanza.Error {
	return c.With(text).WithApp(Condition{Local: local})
}

// Unsupported is the error for a feature that a service or node lacks (XEP-0060#features).
func Unsupported(feature, text string) *stanza.Error {
	return stanza.FeatureNotImplemented.With(text).WithApp(Condition{"unsupported", feature})
}
