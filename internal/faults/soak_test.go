//go:build linux

package faults

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"
)

var (
	soakFor   = flag.Duration("soak", 0, "how long TestSoak runs")
	killEvery = flag.Duration("kill", 20*time.Second, "how often TestSoak kills the server")
)

// All of it for a long time: a kill now and then, and between two of them connections that break.
func TestSoak(t *testing.T) {
	if *soakFor == 0 {
		t.Skip("skipped: without -soak there is no soak; see make soak")
	}
	w := newWorld(t, 8, t.TempDir(), "[offline]\nmax = 100000\nsize = \"1GiB\"\n") // nobody is to be refused for being away
	for _, c := range w.clients {
		c.calm = time.Second
	}
	stop, settled := w.load(15*time.Millisecond), w.confirm()
	kills := 0
	for end := time.Now().Add(*soakFor); time.Now().Before(end); {
		for due := time.Now().Add(*killEvery); time.Now().Before(due); {
			life(500 + rand.IntN(2000))
			if all := w.proxy.all(); len(all) > 0 {
				k := all[rand.IntN(len(all))]
				if rand.IntN(3) == 0 {
					k.silence(lost)
				} else {
					k.cut()
				}
			}
		}
		before := w.streams()
		w.server.kill()
		w.server.start(t)
		w.online(t, before)
		kills++
		t.Logf("%d kills, the server has %d MiB", kills, w.server.rss(t)>>20)
	}
	stop()
	kept := settled()
	w.check(t)
	kept.verify(t, w)
	w.archived(t)
}
