package router

import (
	"context"

	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
)

// answer answers a request from the realm's table (RFC 6120 §8.2.3: exactly once), and drops results that nobody asked
// for.
func (r *Router) answer(ctx context.Context, realm *kit.Realm, target kit.Target, s *stanza.Stanza) {
	if s.Type != stanza.Get && s.Type != stanza.Set {
		return
	}
	name := s.Payload().Name()
	run, owner, known := realm.IQHandler(target, s.Type, name)
	if run == nil && target == kit.OwnAccount { // what anybody may ask of an account its owner may ask too
		run, owner, known = realm.IQHandler(kit.Account, s.Type, name)
		target = kit.Account
	}
	if run == nil && !known && target == kit.Account && s.From.Bare() != s.To.Bare() {
		if _, _, own := realm.IQHandler(kit.OwnAccount, s.Type, name); own { // only its owner may
			r.bounce(ctx, s, stanza.Forbidden.With(""))
			return
		}
	}
	r.run(ctx, realm, target, run, owner, s)
}

func (r *Router) run(ctx context.Context, realm *kit.Realm, target kit.Target, run kit.RawHandler, owner string, s *stanza.Stanza) {
	if run == nil {
		r.bounce(ctx, s, stanza.ServiceUnavailable.With("")) // §8.3.3.19: not understood, or not with this type
		return
	}
	iq := &kit.IQ{Stanza: s, Account: s.To.Bare(), Domain: s.To.Domain()}
	if full, ok := s.From.Full(); ok {
		if x := r.Table.Find(full); x != nil {
			iq.Session = x
		}
	}
	reply, err := run(ctx, iq, s.Payload())
	switch {
	case err == kit.Later:
		return
	case err != nil:
		se, meant := stanza.AsError(err)
		if !meant {
			r.Log.Error("answering a request", "mod", owner, "realm", realm.Name, "from", s.From, "id", s.ID, "err", err)
		}
		r.Route(ctx, s.Reply(stanza.TypeError, se))
	case reply == nil:
		r.Route(ctx, s.Reply(stanza.Result))
	default:
		r.Route(ctx, s.Reply(stanza.Result, reply))
	}
	iq.Ran()
}
