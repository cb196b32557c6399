package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/server/store"
)

func mapRoundTrip(t *testing.T, db store.DB) {
	m := store.OpenMap[string](db, "roster")
	ctx := t.Context()
	_, ok, err := m.Get(ctx, romeo, juliet)
	must(t, err)
	equal(t, "found before put", ok, false)
	must(t, m.Put(ctx, romeo, juliet, "love"))
	must(t, m.Put(ctx, romeo, juliet, "wife"))
	must(t, m.Put(ctx, juliet, romeo, "husband"))
	v, ok, err := m.Get(ctx, romeo, juliet)
	must(t, err)
	equal(t, "value", v, "wife")
	equal(t, "found", ok, true)
	n, err := m.Count(ctx, romeo)
	must(t, err)
	equal(t, "count", n, 1)

	existed, err := m.Delete(ctx, romeo, juliet)
	must(t, err)
	equal(t, "existed", existed, true)
	existed, err = m.Delete(ctx, romeo, juliet)
	must(t, err)
	equal(t, "existed again", existed, false)
	v, _, err = m.Get(ctx, juliet, romeo)
	must(t, err)
	equal(t, "value of another owner", v, "husband")

	must(t, m.Put(ctx, juliet, mercutio, ""))
	must(t, m.Clear(ctx, juliet))
	n, err = m.Count(ctx, juliet)
	must(t, err)
	equal(t, "count after clear", n, 0)
}

func mapOrder(t *testing.T, db store.DB) {
	m := store.OpenMap[struct{}](db, "blocking")
	ctx := t.Context()
	for _, k := range []string{"b", "a\xff", "a", "ab", "é", "", "Z", "a\xff\xff", "a%", "a_"} {
		must(t, m.Put(ctx, romeo, k, struct{}{}))
	}
	keys := func(prefix string) (all []string) {
		pairs, err := m.Prefix(ctx, romeo, prefix)
		must(t, err)
		for _, p := range pairs {
			all = append(all, p.Key)
		}
		return all
	}
	equal(t, "all", keys(""), []string{"", "Z", "a", "a%", "a_", "ab", "a\xff", "a\xff\xff", "b", "é"})
	equal(t, "prefix a", keys("a"), []string{"a", "a%", "a_", "ab", "a\xff", "a\xff\xff"})
	equal(t, "prefix a0xff", keys("a\xff"), []string{"a\xff", "a\xff\xff"})
	equal(t, "prefix 0xff", keys("\xff"), []string(nil))
	equal(t, "prefix %", keys("%"), []string(nil))
	pairs, err := m.All(ctx, juliet)
	must(t, err)
	equal(t, "of nobody", len(pairs), 0)
}

func kvRoundTrip(t *testing.T, db store.DB) {
	kv := store.OpenKV[map[string]int](db, "prefs")
	ctx := t.Context()
	must(t, kv.Put(ctx, romeo, map[string]int{"a": 1}))
	must(t, kv.Put(ctx, romeo, map[string]int{"b": 2}))
	v, ok, err := kv.Get(ctx, romeo)
	must(t, err)
	equal(t, "value", v, map[string]int{"b": 2})
	equal(t, "found", ok, true)
	_, ok, err = kv.Get(ctx, juliet)
	must(t, err)
	equal(t, "found of another owner", ok, false)
	existed, err := kv.Delete(ctx, romeo)
	must(t, err)
	equal(t, "existed", existed, true)
	_, ok, err = kv.Get(ctx, romeo)
	must(t, err)
	equal(t, "found after delete", ok, false)
}

// stamp has the binary methods by way of time.Time, and would differ in JSON.
type stamp struct{ time.Time }

func codecs(t *testing.T, db store.DB) {
	ctx := t.Context()
	raw := store.OpenMap[[]byte](db, "raw")
	for _, v := range []string{"", "\x00\xff", "<presence/>"} {
		must(t, raw.Put(ctx, romeo, "k", []byte(v)))
		got, ok, err := raw.Get(ctx, romeo, "k")
		must(t, err)
		equal(t, "bytes", string(got), v)
		equal(t, "bytes found", ok, true)
	}
	must(t, raw.Put(ctx, romeo, "nil", nil))
	_, ok, err := raw.Get(ctx, romeo, "nil")
	must(t, err)
	equal(t, "nil found", ok, true)

	mine := []byte("mine")
	must(t, raw.Put(ctx, romeo, "k", mine))
	mine[0] = 'X'
	got, _, err := raw.Get(ctx, romeo, "k")
	must(t, err)
	equal(t, "bytes after the caller changed its own", string(got), "mine")
	got[0] = 'X'
	got, _, err = raw.Get(ctx, romeo, "k")
	must(t, err)
	equal(t, "bytes after a reader changed its own", string(got), "mine")

	bin := store.OpenKV[stamp](db, "bin")
	must(t, bin.Put(ctx, romeo, stamp{at(7)}))
	back, _, err := bin.Get(ctx, romeo)
	must(t, err)
	equal(t, "time", back.Equal(at(7)), true)
	view(t, db, func(tx store.Tx) error {
		b, _, err := tx.Get("bin", romeo, "")
		equal(t, "binary, not JSON", json.Valid(b), false)
		return err
	})

	bad := store.OpenKV[int](db, "bad")
	update(t, db, func(tx store.Tx) error { return tx.Put("bad", romeo, "", []byte("{")) })
	if _, _, err := bad.Get(ctx, romeo); err == nil {
		t.Fatal("no error for a value that does not decode")
	}
	if err := store.OpenKV[chan int](db, "chan").Put(ctx, romeo, nil); err == nil {
		t.Fatal("no error for a value that does not encode")
	}
}

func owners(t *testing.T, db store.DB) {
	ctx := t.Context()
	m := store.OpenMap[int](db, "m")
	l := store.OpenLog(db, "l", store.LogOptions{})
	for i, o := range []string{"c", "a", "d", "b"} {
		for k := range 3 {
			must(t, m.Put(ctx, o, string(rune('x'+k)), i))
		}
		fill(t, l, o, 3)
	}
	for _, c := range []struct {
		after string
		limit int
		want  []string
	}{
		{"", 10, []string{"a", "b", "c", "d"}},
		{"", 2, []string{"a", "b"}},
		{"b", 2, []string{"c", "d"}},
		{"bb", 1, []string{"c"}},
		{"d", 5, nil},
		{"", 0, nil},
	} {
		got, err := m.Owners(ctx, c.after, c.limit)
		must(t, err)
		equal(t, "owners of the map after "+c.after, got, c.want)
		got, err = l.Owners(ctx, c.after, c.limit)
		must(t, err)
		equal(t, "owners of the log after "+c.after, got, c.want)
	}
	must(t, m.Clear(ctx, "b"))
	got, err := m.Owners(ctx, "", 10)
	must(t, err)
	equal(t, "owners after clear", got, []string{"a", "c", "d"})
}

func names(t *testing.T, db store.DB) {
	must(t, db.Declare(store.Shape{Name: "roster", Kind: store.KindMap}))
	must(t, db.Ready())
	for name, s := range map[string]store.Shape{
		"twice":             {Name: "roster", Kind: store.KindMap},
		"twice, other kind": {Name: "roster", Kind: store.KindLog},
		"empty":             {Name: "", Kind: store.KindMap},
		"quote":             {Name: `a"b`, Kind: store.KindMap},
		"upper case":        {Name: "Roster", Kind: store.KindMap},
		"digit first":       {Name: "1a", Kind: store.KindMap},
		"long":              {Name: "a234567890123456789012345678901234567890123456789", Kind: store.KindMap},
		"no kind":           {Name: "nokind"},
		"full text of map":  {Name: "ft", Kind: store.KindMap, FullText: true},
	} {
		if err := db.Declare(s); !errors.Is(err, store.ErrShape) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	wantErr(t, db.Ready(), store.ErrShape, `"roster" is declared twice`, "nokind")
	must(t, db.Declare(store.Shape{Name: "muc-archive_2", Kind: store.KindMap}))

	m := store.OpenMap[int](db, "roster")
	ctx := t.Context()
	_, _, err := m.Get(ctx, romeo, "k")
	wantErr(t, err, store.ErrShape, "twice")
	wantErr(t, m.Put(ctx, romeo, "k", 1), store.ErrShape)
	err = db.Update(ctx, func(tx store.Tx) error { return m.In(tx).Put(romeo, "k", 1) })
	wantErr(t, err, store.ErrShape)
	l := store.OpenLog(db, "roster", store.LogOptions{})
	wantErr(t, l.Append(romeo, item(1)).Wait(ctx), store.ErrShape)
}

func kinds(t *testing.T, db store.DB) {
	store.OpenKV[int](db, "kv")
	store.OpenLog(db, "log", store.LogOptions{})
	update(t, db, func(tx store.Tx) error {
		wantErr(t, tx.Create(store.Shape{Name: "kv", Kind: store.KindLog}), store.ErrShape, "is stored as a kv")
		must(t, tx.Create(store.Shape{Name: "kv", Kind: store.KindKV}))
		_, err := tx.Append("kv", romeo, item(1))
		wantErr(t, err, store.ErrShape, "kv")
		wantErr(t, tx.Put("log", romeo, "k", nil), store.ErrShape, "log")
		wantErr(t, tx.Put("nowhere", romeo, "k", nil), store.ErrShape, "nowhere")
		wantErr(t, tx.Clear("nowhere", romeo), store.ErrShape, "nowhere")
		_, err = tx.Owners("nowhere", "", 1)
		wantErr(t, err, store.ErrShape, "nowhere")
		shapes, err := tx.Shapes()
		equal(t, "shapes", shapes, []store.Shape{{Name: "kv", Kind: store.KindKV}, {Name: "log", Kind: store.KindLog}})
		return err
	})
}
