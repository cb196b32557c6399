package router

import (
	"context"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/session"
)

// Owner ties the sessions of a realm to its points. Ctx is the realm's, for what happens outside anybody's handler.
type Owner struct {
	Router *Router
	Realm  *kit.Realm
	Ctx    func() context.Context
}

// ToSession implements session.Owner.
func (o *Owner) ToSession(ctx context.Context, ev *kit.ToSession) error {
	return o.Realm.Points.ToSession.Run(ctx, ev)
}

// Spool implements session.Owner.
func (o *Owner) Spool(ev *kit.Undelivered) {
	_ = o.Realm.Points.Undelivered.Run(o.Ctx(), ev) // nobody to tell: the message is not lost yet
}

// Unspool implements session.Owner.
func (o *Owner) Unspool(account jid.Bare, stored string) {
	o.Realm.Points.Delivered.Tell(o.Ctx(), &kit.Delivered{Account: account, Stored: stored})
}

// Redeliver implements session.Owner.
func (o *Owner) Redeliver(account jid.Bare, d session.Undelivered) {
	o.Router.Redeliver(o.Ctx(), account, d)
}

// Detached implements session.Owner.
func (o *Owner) Detached(s *session.Session) {
	o.Realm.Points.Detached.Tell(o.Ctx(), &kit.SessionEvent{Session: s})
}

// Ended implements session.Owner.
func (o *Owner) Ended(s *session.Session) {
	o.Realm.Points.Ended.Tell(o.Ctx(), &kit.SessionEvent{Session: s})
}
