package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/server/store"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustOpen(t *testing.T, path string) store.DB {
	t.Helper()
	db, err := Open(path)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// written makes a database with something in it and closes it.
func written(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "stonechat.db")
	db := mustOpen(t, path)
	log := store.OpenLog(db, "log", store.LogOptions{})
	for n := range 200 {
		log.Append("romeo@montague.example", store.Item{ID: fmt.Sprint(n), At: time.UnixMicro(int64(n)), Value: bytes.Repeat([]byte("x"), 500)})
	}
	must(t, db.Close())
	return path
}

func TestOpenCreatesPrivately(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a ?%23&b", "c", "stone#chat.db")
	db := mustOpen(t, path)
	m := store.OpenMap[int](db, "m")
	must(t, m.Put(t.Context(), "romeo@montague.example", "k", 1))
	for p, want := range map[string]fs.FileMode{
		filepath.Dir(filepath.Dir(path)): 0o700,
		filepath.Dir(path):               0o700,
		path:                             0o600,
		path + "-wal":                    0o600,
		path + "-shm":                    0o600,
	} {
		info, err := os.Stat(p)
		must(t, err)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %v, want %v", filepath.Base(p), got, want)
		}
	}
	must(t, db.Close())
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the log is left after Close: %v", err)
	}
}

func TestReopen(t *testing.T) {
	path := written(t)
	db := mustOpen(t, path)
	log := store.OpenLog(db, "log", store.LogOptions{})
	n, err := log.Count(t.Context(), "romeo@montague.example")
	must(t, err)
	if n != 200 {
		t.Errorf("%d items, want 200", n)
	}
	if err := db.Declare(store.Shape{Name: "later", Kind: store.KindKV}); err != nil {
		t.Error(err)
	}
	must(t, db.Close())
	db = mustOpen(t, path)
	err = db.Declare(store.Shape{Name: "later", Kind: store.KindLog})
	if !errors.Is(err, store.ErrShape) || !strings.Contains(err.Error(), "stored as a kv") {
		t.Errorf("another kind: %v", err)
	}
	if !errors.Is(db.Ready(), store.ErrShape) {
		t.Errorf("Ready: %v", db.Ready())
	}
}

// Shapes whose module is switched off still belong to their owners.
func TestRemoveOwnerFindsUndeclaredShapes(t *testing.T) {
	db := mustOpen(t, written(t))
	n := 0
	count := func(store.Record) error { n++; return nil }
	must(t, db.Export(t.Context(), "romeo@montague.example", count))
	if n != 200 {
		t.Errorf("%d records exported, want 200", n)
	}
	must(t, db.RemoveOwner(t.Context(), "romeo@montague.example"))
	n = 0
	must(t, db.Export(t.Context(), "romeo@montague.example", count))
	if n != 0 {
		t.Errorf("%d records left", n)
	}
}

func TestFullTextLater(t *testing.T) {
	path := written(t)
	db := mustOpen(t, path)
	log := store.OpenLog(db, "log", store.LogOptions{FullText: true})
	must(t, log.Append("romeo@montague.example", store.Item{ID: "new", At: time.UnixMicro(1e6), Text: "soft light"}).Wait(t.Context()))
	must(t, log.Replace(t.Context(), "romeo@montague.example", "7", []byte("x")))
	must(t, db.Close())
	// The index is kept, and kept up, when the module no longer asks for it.
	db = mustOpen(t, path)
	log = store.OpenLog(db, "log", store.LogOptions{})
	must(t, log.Append("romeo@montague.example", store.Item{ID: "newer", At: time.UnixMicro(2e6), Text: "light"}).Wait(t.Context()))
	p, err := log.Query(t.Context(), "romeo@montague.example", store.Query{Text: "light", Limit: 9})
	must(t, err)
	if len(p.Items) != 2 || p.Items[0].ID != "new" || p.Items[1].ID != "newer" {
		t.Errorf("found %v", p.Items)
	}
}

// A file that cannot be used is refused with its path, and not touched.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string)
		want error
	}{
		{"text", func(t *testing.T, path string) {
			must(t, os.WriteFile(path, bytes.Repeat([]byte("But soft! "), 1000), 0o600))
		}, store.ErrCorrupt},
		{"short text", func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte("x"), 0o600)) }, store.ErrCorrupt},
		{"another program's database", func(t *testing.T, path string) {
			must(t, os.WriteFile(path, nil, 0o600))
			pragma(t, path, "CREATE TABLE t (a); INSERT INTO t VALUES (1)")
		}, store.ErrCorrupt},
		{"newer version", func(t *testing.T, path string) {
			must(t, os.Rename(written(t), path))
			pragma(t, path, "PRAGMA user_version=99")
		}, store.ErrVersion},
		{"overwritten beginning", func(t *testing.T, path string) {
			must(t, os.Rename(written(t), path))
			overwrite(t, path, 0, 4096)
		}, store.ErrCorrupt},
		{"overwritten schema", func(t *testing.T, path string) {
			must(t, os.Rename(written(t), path))
			overwrite(t, path, 100, 3996)
		}, store.ErrCorrupt},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "stonechat.db")
			c.make(t, path)
			before, err := os.ReadFile(path)
			must(t, err)
			db, err := Open(path)
			if err == nil {
				db.Close()
				t.Fatal("opened")
			}
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want %v with the path", err, c.want)
			}
			after, err := os.ReadFile(path)
			must(t, err)
			if !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

// Damage behind the schema shows when it is read, as an error of the reader.
func TestDamagedPages(t *testing.T) {
	path := written(t)
	info, err := os.Stat(path)
	must(t, err)
	overwrite(t, path, 3*4096, int(info.Size())-3*4096)
	db := mustOpen(t, path)
	log := store.OpenLog(db, "log", store.LogOptions{})
	_, err = log.Query(t.Context(), "romeo@montague.example", store.Query{Limit: 500})
	if !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), path) {
		t.Errorf("query: %v", err)
	}
	err = log.Append("romeo@montague.example", store.Item{ID: "new"}).Wait(t.Context())
	if !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("append: %v", err)
	}
}

func TestOpenFolder(t *testing.T) {
	if _, err := Open(t.TempDir()); err == nil {
		t.Fatal("opened a folder")
	}
}

func pragma(t *testing.T, path, sql string) {
	t.Helper()
	c, err := connect(path)
	must(t, err)
	must(t, c.run(sql))
	must(t, c.close())
}

func overwrite(t *testing.T, path string, at, n int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt(bytes.Repeat([]byte{0xa5}, n), int64(at))
	must(t, errors.Join(err, f.Close()))
}
