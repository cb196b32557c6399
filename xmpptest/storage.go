package xmpptest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"

	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/memory"
	"github.com/stonechat-im/stonechat/server/store/sqlite"
)

// storage is where a server keeps its data, over restarts.
type storage interface {
	open() (store.DB, error)
	// next opens what old holds now, as the server after it finds it. What is written to old later is lost.
	next(ctx context.Context, old store.DB) (store.DB, error)
}

type memoryStorage struct{}

func (memoryStorage) open() (store.DB, error) { return memory.New(), nil }

func (memoryStorage) next(ctx context.Context, old store.DB) (store.DB, error) {
	db := memory.New()
	var shapes []store.Shape
	owners := make(map[string]bool)
	err := old.View(ctx, func(tx store.Tx) (err error) {
		if shapes, err = tx.Shapes(); err != nil {
			return err
		}
		for _, s := range shapes {
			for after, more := "", true; more; {
				page, err := tx.Owners(s.Name, after, 1000)
				if err != nil {
					return err
				}
				for _, o := range page {
					owners[o], after = true, o
				}
				more = len(page) > 0
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return db, db.Update(ctx, func(tx store.Tx) error {
		for _, s := range shapes {
			if err := tx.Create(s); err != nil {
				return err
			}
		}
		for o := range owners {
			if err := old.Export(ctx, o, tx.Import); err != nil {
				return err
			}
		}
		return nil
	})
}

// fileStorage keeps SQLite files, one for each life of the server.
type fileStorage struct {
	dir  string
	life int
}

func (f *fileStorage) path() string { return filepath.Join(f.dir, "life"+strconv.Itoa(f.life)+".db") }

func (f *fileStorage) open() (store.DB, error) { return sqlite.Open(f.path()) }

// next copies the file and its log, as a power cut would leave them.
func (f *fileStorage) next(ctx context.Context, old store.DB) (store.DB, error) {
	if err := old.Sync(ctx); err != nil {
		return nil, err
	}
	from := f.path()
	f.life++
	for _, part := range []string{"", "-wal"} {
		b, err := os.ReadFile(from + part)
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = os.WriteFile(f.path()+part, b, 0o600)
		}
		if err != nil {
			return nil, err
		}
	}
	return f.open()
}
