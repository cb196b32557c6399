package session_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stonechat-im/stonechat/stanza"
)

// A client that goes on sending and asking while commits lag behind is answered for what it had sent when it asked.
func TestAnswersKeepUpWithASteadyClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s, w := open(&owner{})
		s.Enable("id", time.Minute, nil)
		var open []*stanza.Custody
		for range 6 {
			open = append(open, s.Receive(new(stanza.Received)))
			s.Asked()
			if len(open) > 1 { // handling is always one stanza behind
				open[len(open)-2].Release(nil)
			}
		}
		synctest.Wait()
		var told []string
		for _, e := range w.took(t) {
			if e.Local() == "a" {
				told = append(told, e.Attr("h"))
			}
		}
		if want := []string{"1", "2", "3", "4", "5"}; !slices.Equal(told, want) {
			t.Errorf("told %v while sending went on, want %v", told, want)
		}
		open[5].Release(nil)
		synctest.Wait()
		last := ""
		for _, e := range w.took(t) {
			if e.Local() == "a" {
				last = e.Attr("h")
			}
		}
		if last != "6" {
			t.Errorf("told %q at the end, want 6", last)
		}
		s.Drop()
	})
}
