package blocking

import (
	"context"

	"github.com/stonechat-im/stonechat/hook"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/blocking"
)

// errBlocked is the answer to stanzas for somebody whom one blocks (XEP-0191#block).
var errBlocked = stanza.NotAcceptable.With("you have blocked this address").WithType(stanza.Cancel).WithApp(&wire.Blocked{})

// fromClient keeps the user's stanzas from those whom he blocks.
func (m *module) fromClient(ctx context.Context, ev *kit.FromClient) error {
	s := ev.Stanza
	if s.To.IsZero() {
		return nil
	}
	owner := s.From.Bare()
	l, err := m.lists.Get(ctx, owner)
	if err != nil {
		return err
	}
	if l.blocks(owner, s.To) {
		return errBlocked
	}
	return nil
}

// toAccount keeps the stanzas of those who are blocked from the user, who seems to be offline (XEP-0191#block).
func (m *module) toAccount(ctx context.Context, ev *kit.ToAccount) error {
	s := ev.Stanza
	l, err := m.lists.Get(ctx, ev.Account)
	if err != nil || !l.blocks(ev.Account, s.From) {
		return err
	}
	switch {
	case s.Kind == stanza.Presence, s.Kind == stanza.IQ && s.Type != stanza.Get && s.Type != stanza.Set:
		return hook.Stop
	case s.Kind == stanza.Message: // from the bare address: whether there is such a session is not told
		ev.Stanza = s.Readdress(s.From, ev.Account.JID())
	}
	return stanza.ServiceUnavailable
}

// asked keeps the server from answering for the account to those who are blocked.
func (m *module) asked(ctx context.Context, ev *kit.Asked) error {
	l, err := m.lists.Get(ctx, ev.Account)
	if err == nil && l.blocks(ev.Account, ev.Stanza.From) {
		err = stanza.ServiceUnavailable
	}
	return err
}
