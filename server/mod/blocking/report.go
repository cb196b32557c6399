package blocking

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/blocking"
	"github.com/stonechat-im/stonechat/xep/forms"
	"github.com/stonechat-im/stonechat/xep/reports"
	"github.com/stonechat-im/stonechat/xep/stanzaid"
)

// listed is how many reports the command shows, the newest.
const listed = 100

// record is a report as it is stored.
type record struct {
	By jid.Bare `json:"by"`
	Of jid.JID  `json:"of"`
	reports.Report
}

// read reads the reports that come with a block (XEP-0377#blocking).
func (m *module) read(by jid.Bare, items []wire.Item) ([]record, error) {
	var out []record
	for i := range items {
		e := items[i].Report
		if !e.Ok() {
			continue
		}
		if len(e.Raw()) > int(m.cfg.ReportSize) {
			return nil, stanza.PolicyViolation.With(fmt.Sprintf("a report has at most %d bytes", m.cfg.ReportSize))
		}
		r := record{By: by, Of: items[i].JID}
		if err := r.Decode(e); err != nil {
			return nil, stanza.BadRequest.With(err.Error())
		}
		out = append(out, r)
	}
	return out, nil
}

// report stores one.
func (m *module) report(tx store.Tx, host string, r record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	at := time.Now()
	log := m.log.In(tx)
	if _, err := log.Append(host, store.Item{ID: stanzaid.New(at), At: at, Peer: r.Of.Bare().String(), Value: b}); err != nil {
		return err
	}
	_, err = log.Trim(host, store.Retention{Keep: m.cfg.MaxReports}, listed)
	return err
}

// list shows the newest reports to an operator.
func (m *module) list(ctx context.Context, c *kit.Call, _ *forms.Form) (*kit.Outcome, error) {
	page, err := m.log.Query(ctx, c.Domain, store.Query{Limit: listed, Backward: true})
	if err != nil {
		return nil, err
	}
	f := forms.New(forms.Result, reports.NS)
	f.Title = "Reports of abuse"
	f.Reported = []forms.Field{{Var: "time", Label: "When"}, {Var: "by", Label: "Who reports", Type: forms.JIDSingle},
		{Var: "jid", Label: "Who is reported", Type: forms.JIDSingle}, {Var: "reason", Label: "Why"}, {Var: "text", Label: "In words", Type: forms.TextMulti},
		{Var: "messages", Label: "Ids of messages in the archive of who reports", Type: forms.TextMulti}}
	for i := len(page.Items) - 1; i >= 0; i-- {
		var r record
		if err := json.Unmarshal(page.Items[i].Value, &r); err != nil {
			return nil, err
		}
		f.Items = append(f.Items, r.row(page.Items[i].At))
	}
	out := &kit.Outcome{Form: f}
	switch {
	case len(page.Items) == 0:
		out.Note = "Nobody has been reported."
	case !page.Complete:
		out.Note = fmt.Sprintf("These are the newest %d reports.", listed)
	}
	return out, nil
}

func (r *record) row(at time.Time) []forms.Field {
	var texts, ids []string
	for _, t := range r.Texts {
		texts = append(texts, strings.Split(strings.TrimSpace(t.Text), "\n")...)
	}
	for _, id := range r.Messages {
		ids = append(ids, id.ID)
	}
	return []forms.Field{{Var: "time", Values: []string{at.UTC().Format(time.RFC3339)}}, {Var: "by", Values: []string{r.By.String()}},
		{Var: "jid", Values: []string{r.Of.String()}}, {Var: "reason", Values: []string{r.Reason}}, {Var: "text", Values: texts},
		{Var: "messages", Values: ids}}
}
