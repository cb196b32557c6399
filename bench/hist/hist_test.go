package hist

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBucketsHoldTheirValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(0, 1<<topBits-1).Draw(t, "v")
		i := index(v)
		if up := upper(i); v > up || up-v > v/sub+1 {
			t.Errorf("%d is in bucket %d, which ends at %d", v, i, up)
		}
		if i > 0 && v <= upper(i-1) {
			t.Errorf("%d is in bucket %d, but fits the one before, which ends at %d", v, i, upper(i-1))
		}
	})
}

func TestIndexStaysInside(t *testing.T) {
	for _, tc := range []struct {
		name string
		v    int64
		want int
	}{
		{"negative", -5, 0},
		{"zero", 0, 0},
		{"last of the linear part", sub - 1, sub - 1},
		{"first of the next", sub, sub},
		{"largest told apart", 1<<topBits - 1, buckets - 1},
		{"beyond", 1<<topBits + 5, buckets - 1},
		{"far beyond", 1<<63 - 1, buckets - 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := index(tc.v); got != tc.want {
				t.Errorf("bucket %d, want %d", got, tc.want)
			}
		})
	}
}

func TestQuantiles(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 || h.Max() != 0 || h.Count() != 0 {
		t.Error("an empty histogram is not all zero")
	}
	for i := 1; i <= 1000; i++ {
		h.Record(time.Duration(i) * time.Microsecond)
	}
	for _, tc := range []struct {
		q    float64
		want time.Duration
	}{{0, time.Microsecond}, {0.5, 500 * time.Microsecond}, {0.99, 990 * time.Microsecond}, {1, time.Millisecond}} {
		got := h.Quantile(tc.q)
		if got < tc.want || got > tc.want+tc.want/sub+1 {
			t.Errorf("quantile %v is %v, want about %v", tc.q, got, tc.want)
		}
	}
	if h.Max() != time.Millisecond {
		t.Errorf("max %v", h.Max())
	}
	var sum Histogram
	sum.Add(&h)
	sum.Add(&h)
	if sum.Count() != 2000 || sum.Max() != time.Millisecond {
		t.Errorf("the sum counts %d up to %v", sum.Count(), sum.Max())
	}
	var n int64
	for _, b := range sum.Buckets() {
		n += b.Count
	}
	if n != 2000 {
		t.Errorf("the buckets hold %d", n)
	}
}

func TestRecordDoesNotAllocate(t *testing.T) {
	var h Histogram
	if n := testing.AllocsPerRun(100, func() { h.Record(3 * time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	var h Histogram
	for b.Loop() {
		h.Record(300 * time.Microsecond)
	}
}
