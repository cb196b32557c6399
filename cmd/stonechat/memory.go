package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// When memory is given back: after quiet seconds that follow work.
const (
	trimEvery = 5 * time.Second
	quietMost = 1 << 20  // bytes allocated in that time by a server that has little to do
	workLeast = 16 << 20 // bytes allocated since the last time that are worth it
)

// trimMemory gives memory back to the system when the server has become quiet. Left alone, the garbage collector keeps
// what a rush of logins needed for as long as nothing happens, and that is what most sessions do.
func trimMemory(ctx context.Context) {
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	var before, trimmed uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		metrics.Read(sample)
		now := sample[0].Value.Uint64()
		if now-before < quietMost && now-trimmed > workLeast {
			debug.FreeOSMemory()
			trimmed = now
		}
		before = now
	}
}
