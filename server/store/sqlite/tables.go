package sqlite

import (
	"strings"

	"github.com/stonechat-im/stonechat/server/store"
)

// tables holds the statements of one shape.
type tables struct {
	store.Shape

	count, clear, owners string // all kinds

	get, put, del, rng, rngTo string // KV and Map

	add, merge, item, key, replace, remove string // Log
	trim, nth, first, last                 string
	index                                  string // into the full-text index
	from                                   string // FROM clause of queries
}

// tablesOf writes the statements for a shape. Its name has been checked, and
// can stand between double quotes.
func tablesOf(s store.Shape) *tables {
	t := &tables{Shape: s}
	table := "map_"
	if s.Kind == store.KindLog {
		table = "log_"
	}
	sql := func(text string) string {
		return strings.NewReplacer("$", table+s.Name).Replace(text)
	}
	t.count = sql(`SELECT count(*) FROM "$" WHERE owner = ?`)
	t.clear = sql(`DELETE FROM "$" WHERE owner = ?`)
	// One look-up per owner, however many rows each has.
	t.owners = sql(`WITH RECURSIVE o(owner) AS (
		SELECT min(owner) FROM "$" WHERE owner > ?
		UNION ALL SELECT (SELECT min(owner) FROM "$" WHERE owner > o.owner) FROM o WHERE o.owner IS NOT NULL)
		SELECT owner FROM o WHERE owner IS NOT NULL LIMIT ?`)
	if s.Kind != store.KindLog {
		t.get = sql(`SELECT value FROM "$" WHERE owner = ? AND key = ?`)
		t.put = sql(`INSERT INTO "$" (owner, key, value) VALUES (?, ?, ?)
			ON CONFLICT (owner, key) DO UPDATE SET value = excluded.value`)
		t.del = sql(`DELETE FROM "$" WHERE owner = ? AND key = ?`)
		t.rng = sql(`SELECT key, value FROM "$" WHERE owner = ? AND key >= ? ORDER BY key`)
		t.rngTo = sql(`SELECT key, value FROM "$" WHERE owner = ? AND key >= ? AND key < ? ORDER BY key`)
		return t
	}
	newest := `SELECT at FROM "$" INDEXED BY "$_at" WHERE owner = ? ORDER BY at DESC, seq DESC LIMIT 1`
	t.add = sql(`INSERT INTO "$" (owner, id, at, peer, resource, value, text)
		VALUES (?, ?, max(?, ifnull((` + newest + `), -9223372036854775808)), ?, ?, ?, ?)`)
	t.merge = sql(`INSERT INTO "$" (owner, id, at, peer, resource, value, text)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (owner, id) DO NOTHING`)
	t.item = sql(`SELECT id, at, peer, resource, value, text FROM "$" WHERE owner = ? AND id = ?`)
	t.key = sql(`SELECT at, seq FROM "$" WHERE owner = ? AND id = ?`)
	t.replace = sql(`UPDATE "$" SET value = ?, text = NULL WHERE owner = ? AND id = ?`)
	t.remove = sql(`DELETE FROM "$" WHERE owner = ? AND id = ?`)
	t.trim = sql(`DELETE FROM "$" WHERE seq IN (SELECT seq FROM "$" INDEXED BY "$_at"
		WHERE owner = ? AND (at, seq) < (?, ?) ORDER BY at, seq LIMIT ?)`)
	t.nth = sql(`SELECT at, seq FROM "$" INDEXED BY "$_at" WHERE owner = ? ORDER BY at DESC, seq DESC LIMIT 1 OFFSET ?`)
	t.first = sql(`SELECT id, at FROM "$" INDEXED BY "$_at" WHERE owner = ? ORDER BY at, seq LIMIT 1`)
	t.last = sql(`SELECT id, at FROM "$" INDEXED BY "$_at" WHERE owner = ? ORDER BY at DESC, seq DESC LIMIT 1`)
	t.index = sql(`INSERT INTO "$_fts" (rowid, owner, text) VALUES (?, ?, ?)`)
	t.from = sql(` FROM "$"`)
	return t
}
