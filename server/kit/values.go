package kit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time span in configuration: "90s", "10m", "36h", "30d". Zero usually means no limit.
type Duration time.Duration

// UnmarshalText reads a span.
func (d *Duration) UnmarshalText(b []byte) error {
	s := string(b)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 15)
		if err != nil {
			return fmt.Errorf("%q is no time span; write for example 90s, 10m, 36h or 30d", s)
		}
		*d = Duration(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no time span; write for example 90s, 10m, 36h or 30d", s)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the span as it is read.
func (d Duration) MarshalText() ([]byte, error) {
	v := time.Duration(d)
	if v != 0 && v%(24*time.Hour) == 0 {
		return fmt.Appendf(nil, "%dd", v/(24*time.Hour)), nil
	}
	s := v.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return []byte(s), nil
}

// Size is a number of bytes in configuration: "512", "64KiB", "10MiB".
type Size int64

var errSize = errors.New("is no size; write for example 512, 64KiB, 10MiB or 2GiB")

// UnmarshalText reads a size.
func (z *Size) UnmarshalText(b []byte) error {
	s, shift := string(b), 0
	for unit, n := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if rest, ok := strings.CutSuffix(s, unit); ok {
			s, shift = strings.TrimSpace(rest), n
			break
		}
	}
	n, err := strconv.ParseUint(s, 10, 62-shift)
	if err != nil {
		return fmt.Errorf("%q %w", b, errSize)
	}
	*z = Size(n << shift)
	return nil
}

// MarshalText writes the size in the largest unit that fits.
func (z Size) MarshalText() ([]byte, error) {
	for _, u := range []struct {
		name  string
		shift int
	}{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}} {
		if z != 0 && z%(1<<u.shift) == 0 {
			return fmt.Appendf(nil, "%d%s", z>>u.shift, u.name), nil
		}
	}
	return strconv.AppendInt(nil, int64(z), 10), nil
}
