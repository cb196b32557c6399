package run

import (
	"errors"
	"testing"

	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/memory"
)

func TestRealmsShareShapes(t *testing.T) {
	db := memory.New()
	defer db.Close()
	all := make(map[string]store.Shape)
	realm := func() store.DB { return &realmStore{db, all, make(map[string]bool)} }
	roster := store.Shape{Name: "roster", Kind: store.KindMap}
	one, two := realm(), realm()
	for _, r := range []store.DB{one, two} {
		if err := r.Declare(roster); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Ready(); err != nil {
		t.Error("two realms with the same modules:", err)
	}
	if err := two.Declare(roster); !errors.Is(err, store.ErrShape) {
		t.Error("two modules of one realm with the same name:", err)
	}
	if err := realm().Declare(store.Shape{Name: "roster", Kind: store.KindLog}); !errors.Is(err, store.ErrShape) {
		t.Error("another kind in another realm:", err)
	}
}
