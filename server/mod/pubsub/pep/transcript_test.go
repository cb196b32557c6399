package pep_test

import (
	"testing"

	"github.com/stonechat-im/stonechat/xmpptest"
)

func TestTranscripts(t *testing.T) { xmpptest.Run(t, "testdata") }
