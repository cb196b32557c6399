package memory_test

import (
	"testing"

	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/memory"
	"github.com/stonechat-im/stonechat/server/store/storetest"
)

func TestDriver(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.DB { return memory.New() })
}
