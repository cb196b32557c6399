// Package hist counts durations in buckets of constant relative width, so that percentiles of any run cost the same
// few kilobytes. It depends on nothing. Recording is one atomic addition: it takes no lock and allocates nothing.
//
// Buckets are log-linear: each power of two is split into 64, so a value is known to within 1.6 %. Start reading at
// Histogram.
package hist

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	subBits = 6
	sub     = 1 << subBits
	topBits = 40 // durations from 2^40 ns (18 minutes) on share the last bucket
	buckets = (topBits - subBits + 1) * sub
)

// Histogram counts durations. The zero value is empty. All methods may be called at the same time.
type Histogram struct {
	counts [buckets]atomic.Int64
	max    atomic.Int64
}

// index is the bucket of v nanoseconds.
func index(v int64) int {
	if v < sub {
		return int(max(v, 0))
	}
	shift := bits.Len64(uint64(v)) - subBits - 1
	return min((shift+1)*sub+int(v>>shift)-sub, buckets-1)
}

// upper is the largest value of bucket i, in nanoseconds.
func upper(i int) int64 {
	if i < sub {
		return int64(i)
	}
	shift := i/sub - 1
	return int64(i%sub+sub+1)<<shift - 1
}

// Record counts d. A negative duration counts as zero.
func (h *Histogram) Record(d time.Duration) {
	h.counts[index(int64(d))].Add(1)
	for v := h.max.Load(); int64(d) > v && !h.max.CompareAndSwap(v, int64(d)); v = h.max.Load() {
	}
}

// Count is the number of durations recorded.
func (h *Histogram) Count() int64 {
	var n int64
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// Max is the longest duration recorded, exactly.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max.Load()) }

// Quantile returns the duration that the share q of all recorded ones (0 to 1) does not exceed, rounded up to the end
// of its bucket but never over Max. It is 0 when nothing was recorded.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := int64(q*float64(h.Count())+0.5) - 1
	for i := range h.counts {
		n := h.counts[i].Load()
		if n > 0 && rank < n {
			return min(time.Duration(upper(i)), h.Max())
		}
		rank -= n
	}
	return h.Max()
}

// Bucket is a part of a histogram: Count durations of at most Upper and more than the bucket before.
type Bucket struct {
	Upper time.Duration `json:"upper_ns"`
	Count int64         `json:"count"`
}

// Buckets lists those that are not empty, in ascending order.
func (h *Histogram) Buckets() []Bucket {
	var out []Bucket
	for i := range h.counts {
		if n := h.counts[i].Load(); n > 0 {
			out = append(out, Bucket{time.Duration(upper(i)), n})
		}
	}
	return out
}

// Add counts everything of other in h as well.
func (h *Histogram) Add(other *Histogram) {
	for i := range other.counts {
		if n := other.counts[i].Load(); n > 0 {
			h.counts[i].Add(n)
		}
	}
	for v, o := h.max.Load(), other.max.Load(); o > v && !h.max.CompareAndSwap(v, o); v = h.max.Load() {
	}
}
