package mam

import (
	"context"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/store"
)

// trimEvery is how often old messages are looked for, and owners how many archives are looked at in one view of the store.
const (
	trimEvery = time.Hour
	owners    = 256
)

// Run deletes what is too old or too much, until ctx ends (XEP-0313#archives_deletion: the oldest go first).
func (m *module) Run(ctx context.Context) error {
	if m.cfg.MaxAge == 0 && m.cfg.MaxMessages == 0 {
		return nil
	}
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	for {
		if err := m.trim(ctx); err != nil && ctx.Err() == nil {
			m.env.Log.Error("trimming archives", "err", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// trim trims the archives of this realm's accounts. The log holds those of other realms too.
func (m *module) trim(ctx context.Context) error {
	keep := store.Retention{Keep: m.cfg.MaxMessages}
	if m.cfg.MaxAge > 0 {
		keep.Before = time.Now().Add(-time.Duration(m.cfg.MaxAge))
	}
	for after, more := "", true; more; {
		var stale []string
		err := m.env.Store.View(ctx, func(tx store.Tx) error {
			all, err := m.log.In(tx).Owners(after, owners)
			if more = len(all) == owners; len(all) > 0 {
				after = all[len(all)-1]
			}
			for _, owner := range all {
				if b, err := jid.ParseBare(owner); err != nil || !m.env.Serves(b.Domain()) {
					continue
				}
				old, err := m.exceeds(m.log.In(tx), owner, keep)
				if err != nil {
					return err
				}
				if old {
					stale = append(stale, owner)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, owner := range stale {
			if _, err := m.log.Trim(ctx, owner, keep); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *module) exceeds(log store.LogTx, owner string, keep store.Retention) (bool, error) {
	b, ok, err := log.Bounds(owner)
	if err != nil || !ok || b.FirstAt.Before(keep.Before) {
		return ok, err
	}
	if keep.Keep == 0 {
		return false, nil
	}
	n, err := log.Count(owner)
	return n > keep.Keep, err
}
