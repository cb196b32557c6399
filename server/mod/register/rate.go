package register

import (
	"sync"
	"time"
)

// ratesMost bounds how many addresses are remembered.
const ratesMost = 1 << 14

// rate counts attempts by address within the current hour. The zero rate is ready for use.
type rate struct {
	mu    sync.Mutex
	since time.Time
	count map[string]int
}

// allow counts one more attempt and says whether it is among the first most of the hour.
func (r *rate) allow(key string, most int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count == nil || time.Since(r.since) >= time.Hour || len(r.count) >= ratesMost {
		r.since, r.count = time.Now(), make(map[string]int)
	}
	r.count[key]++
	return r.count[key] <= most
}
