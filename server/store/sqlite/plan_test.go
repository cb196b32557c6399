package sqlite

import (
	"database/sql/driver"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/server/store"
)

// A page must come straight from an index, in its order: no scan, no sorting.
func TestQueryPlans(t *testing.T) {
	db, d := small(t)
	log := store.OpenLog(db, "log", store.LogOptions{FullText: true})
	must(t, log.Append(owner, store.Item{ID: "1", At: time.UnixMicro(1)}).Wait(t.Context()))
	const order, back = " ORDER BY at, seq LIMIT ?", " ORDER BY at DESC, seq DESC LIMIT ?"
	for _, c := range []struct {
		name  string
		q     store.Query
		index string
	}{
		{"all", store.Query{}, "log_log_at (owner=? AND at>? AND at<?)"},
		{"peer", store.Query{Peer: "p"}, "log_log_peer (owner=? AND peer=? AND at>? AND at<?)"},
		{"resource", store.Query{Peer: "p", PeerResource: "r"}, "log_log_peer (owner=? AND peer=? AND at>? AND at<?)"},
	} {
		view := func(tx0 store.Tx) error {
			tx := tx0.(*tx)
			s, err := tx.shape("log")
			must(t, err)
			f, err := tx.search(s, owner, c.q)
			must(t, err)
			for _, end := range []string{order, back} {
				plan := ""
				args := append(f.args, int64(math.MinInt64), int64(0), int64(math.MaxInt64), int64(0), int64(1))
				must(t, tx.c.query("EXPLAIN QUERY PLAN SELECT id"+f.from+f.where+end, func(v []driver.Value) {
					plan += text(v[3]) + "\n"
				}, args...))
				if !strings.Contains(plan, "USING INDEX "+c.index) || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN") {
					t.Errorf("%s%s:\n%s", c.name, end, plan)
				}
			}
			return nil
		}
		must(t, d.View(t.Context(), view))
	}
}
