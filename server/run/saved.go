package run

import (
	"context"
	"errors"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/session"
	"github.com/stonechat-im/stonechat/server/store"
)

// settleMost bounds how long a stop waits for messages that nobody stores and whose recipients do not acknowledge them.
const settleMost = 2 * time.Second

// saveSessions keeps the sessions that can be resumed over a restart (XEP-0198#resumption). First the messages that
// senders still wait for are stored and the senders' counts move on, so that nobody sends them again. No stream takes
// stanzas any more.
func (s *Server) saveSessions(ctx context.Context) error {
	s.Table.Each(func(x *session.Session) bool {
		x.Secure()
		return true
	})
	if err := s.db.Sync(ctx); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, settleMost)
	defer cancel()
	s.Table.Each(func(x *session.Session) bool {
		x.Settle(wait, false)
		return true
	})
	type kept struct {
		owner string
		saved session.Saved
	}
	var all []kept
	s.Table.Each(func(x *session.Session) bool {
		if v, ok := x.Freeze(); ok {
			all = append(all, kept{x.JID().Bare().String(), v})
		}
		return true
	})
	if len(all) == 0 {
		return nil
	}
	return s.db.Update(ctx, func(tx store.Tx) error {
		for _, k := range all {
			if err := s.saved.In(tx).Put(k.owner, k.saved.Resource, k.saved); err != nil {
				return err
			}
		}
		return nil
	})
}

// restoreSessions brings them back, detached. What was saved is forgotten: from now on the table has it.
func (s *Server) restoreSessions(ctx context.Context) error {
	var all []struct {
		owner string
		list  []store.Pair[session.Saved]
	}
	for after := ""; ; {
		owners, err := s.saved.Owners(ctx, after, 1000)
		if err != nil {
			return err
		}
		for _, o := range owners {
			list, err := s.saved.All(ctx, o)
			if err != nil {
				return err
			}
			all = append(all, struct {
				owner string
				list  []store.Pair[session.Saved]
			}{o, list})
			after = o
		}
		if len(owners) < 1000 {
			break
		}
	}
	if len(all) == 0 {
		return nil
	}
	var errs []error
	for _, a := range all {
		b, err := jid.ParseBare(a.owner)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r := s.C2S.Realms[b.Domain()]
		if r == nil {
			continue // the host has gone from the configuration
		}
		for _, p := range a.list {
			errs = append(errs, session.Restore(s.Table, b, p.Value, &s.C2S.Limits().Session, r.Owner))
		}
	}
	if err := errors.Join(errs...); err != nil {
		s.log.Error("restoring sessions", "err", err)
	}
	return s.db.Update(ctx, func(tx store.Tx) error {
		for _, a := range all {
			if err := s.saved.In(tx).Clear(a.owner); err != nil {
				return err
			}
		}
		return nil
	})
}
