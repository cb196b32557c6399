// Package reports is abuse reporting beside blocking (XEP-0377): the payload. It has no state.
package reports

import (
	"errors"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/xep/stanzaid"
)

// NS is the namespace of reports; the others are the reasons of XEP-0377#payload.
const (
	NS    = "urn:xmpp:reporting:1"
	Spam  = "urn:xmpp:reporting:spam"
	Abuse = "urn:xmpp:reporting:abuse"
)

// Text is an explanation by the user.
type Text struct{ Lang, Text string }

// Report says why somebody was blocked.
type Report struct {
	Reason       string
	Texts        []Text
	Messages     []stanzaid.StanzaID // what it is about, in the user's archive (XEP-0377#blocking)
	ReportOrigin bool                // may be passed on to the server of the one who is reported (XEP-0377#processing)
	ThirdParty   bool                // may be passed on to others
}

// ErrNoReason says that a report has none.
var ErrNoReason = errors.New("a report needs a reason")

// Name is {urn:xmpp:reporting:1}report.
func (*Report) Name() elem.Name { return elem.Name{Space: NS, Local: "report"} }

// Encode writes the payload.
func (r *Report) Encode(w *elem.Writer) {
	w.Start(NS, "report")
	w.Attr("reason", r.Reason)
	for i := range r.Messages {
		r.Messages[i].Encode(w)
	}
	for _, t := range r.Texts {
		w.Start(NS, "text")
		w.Lang(t.Lang)
		w.Text(t.Text)
		w.End()
	}
	if r.ReportOrigin {
		w.Elem(NS, "report-origin", "")
	}
	if r.ThirdParty {
		w.Elem(NS, "third-party", "")
	}
	w.End()
}

// Decode reads the payload. A stanza id that is not whole is an error.
func (r *Report) Decode(e elem.Elem) error {
	*r = Report{Reason: e.Attr("reason"), ReportOrigin: e.Child(NS, "report-origin").Ok(), ThirdParty: e.Child(NS, "third-party").Ok()}
	if r.Reason == "" {
		return ErrNoReason
	}
	for c := range e.Children() {
		switch {
		case c.Is(NS, "text"):
			r.Texts = append(r.Texts, Text{c.Lang(), c.Text()})
		case c.Is(stanzaid.NS, "stanza-id"):
			var id stanzaid.StanzaID
			if err := id.Decode(c); err != nil {
				return err
			}
			r.Messages = append(r.Messages, id)
		}
	}
	return nil
}
