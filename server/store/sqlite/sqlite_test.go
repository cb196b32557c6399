package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/memory"
	"github.com/stonechat-im/stonechat/server/store/sqlite"
	"github.com/stonechat-im/stonechat/server/store/storetest"
)

// open makes a database in a folder that does not exist yet.
func open(t testing.TB) store.DB {
	t.Helper()
	return reopen(t, filepath.Join(t.TempDir(), "data", "stonechat.db"))
}

func reopen(t testing.TB, path string) store.DB {
	t.Helper()
	db, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestDriver(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.DB { return open(t) })
}

// The memory driver is the plain statement of what SQL must answer.
func TestAgainstMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector; runs without it")
	}
	one, two := memory.New(), open(t)
	defer one.Close()
	defer two.Close()
	storetest.Compare(t, one, two)
}
