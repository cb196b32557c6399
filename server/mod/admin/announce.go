package admin

import (
	"context"
	"fmt"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
)

// body is the text of a message (RFC 6121 §5.2.3).
type body string

func (body) Name() elem.Name         { return elem.Name{Space: stanza.NSClient, Local: "body"} }
func (b body) Encode(w *elem.Writer) { w.Elem(stanza.NSClient, "body", string(b)) }

func (m *module) announceForm(context.Context, *kit.Call) (*forms.Form, error) {
	return newForm("Making an announcement", "All users of this server who are online get it.").Add(
		forms.Field{Var: "announcement", Type: forms.TextMulti, Label: "Announcement", Required: true}), nil
}

// announce is XEP-0133#announce: a headline from the domain to each of its available sessions, so that nobody's archive
// or offline storage keeps it.
func (m *module) announce(ctx context.Context, c *kit.Call, in *forms.Form) (*kit.Outcome, error) {
	domain, err := jid.Domain(c.Domain)
	if err != nil {
		return nil, err
	}
	msg := stanza.New(stanza.Message, stanza.Headline, domain.JID(), domain.JID(), "", body(in.Text("announcement"))).Index()
	n := 0
	m.realm.Router.EachSession(func(s kit.Session) bool {
		if s.JID().Domain() == c.Domain && s.Presence() != nil {
			s.Send(ctx, msg.Readdress(domain.JID(), s.JID().JID()))
			n++
		}
		return true
	})
	return &kit.Outcome{Note: fmt.Sprintf("Sessions that got the announcement: %d.", n)}, nil
}
