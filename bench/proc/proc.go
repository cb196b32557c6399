// Package proc reads from /proc what a process has used: processor time and memory. On systems without /proc every call
// is an error. It keeps no state. Start reading at Read.
package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc/PID/stat: USER_HZ, which is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// Use is what a process has used until now.
type Use struct {
	CPU time.Duration // user and system time of all its threads, ended ones included
	RSS int64         // resident bytes (VmRSS)
	PSS int64         // resident bytes with shared pages divided among their users; 0 where it cannot be read
}

// Read returns what process pid has used; with children, what all its living descendants have used as well.
func Read(pid int, children bool) (Use, error) {
	u, err := one(pid)
	if err != nil || !children {
		return u, err
	}
	parents, err := parents()
	if err != nil {
		return u, err
	}
	for p := range parents {
		if p == pid || !descends(parents, p, pid) {
			continue
		}
		c, err := one(p)
		if errors.Is(err, os.ErrNotExist) {
			continue // it has ended meanwhile
		} else if err != nil {
			return u, err
		}
		u.CPU, u.RSS, u.PSS = u.CPU+c.CPU, u.RSS+c.RSS, u.PSS+c.PSS
	}
	return u, nil
}

func one(pid int) (Use, error) {
	var u Use
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	b, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return u, err
	}
	if _, u.CPU, err = parseStat(string(b)); err != nil {
		return u, err
	}
	if b, err = os.ReadFile(filepath.Join(dir, "status")); err != nil {
		return u, err
	}
	u.RSS = kilobytes(string(b), "VmRSS:")
	if b, err := os.ReadFile(filepath.Join(dir, "smaps_rollup")); err == nil {
		u.PSS = kilobytes(string(b), "Pss:")
	}
	return u, nil
}

// Running is for how long process pid has been running, to within the 10 ms that the kernel tells.
func Running(pid int) (time.Duration, error) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 20 {
		return 0, fmt.Errorf("proc: stat line %q is too short", b)
	}
	ticks, err := strconv.ParseInt(f[19], 10, 64) // starttime: since the machine's start
	if err != nil {
		return 0, err
	}
	up, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0, err
	}
	seconds, _, _ := strings.Cut(string(up), " ")
	s, err := strconv.ParseFloat(seconds, 64)
	return time.Duration(s*float64(time.Second)) - time.Duration(ticks)*tick, err
}

// parseStat reads parent and processor time of a line of proc_pid_stat(5). The name in parentheses may hold anything.
func parseStat(line string) (parent int, cpu time.Duration, err error) {
	f := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if len(f) < 13 {
		return 0, 0, fmt.Errorf("proc: stat line %q is too short", line)
	}
	parent, err1 := strconv.Atoi(f[1])
	user, err2 := strconv.ParseInt(f[11], 10, 64)
	system, err3 := strconv.ParseInt(f[12], 10, 64)
	return parent, time.Duration(user+system) * tick, errors.Join(err1, err2, err3)
}

// kilobytes reads the line "key  123 kB" as bytes; 0 without it.
func kilobytes(text, key string) int64 {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return n << 10
		}
	}
	return 0
}

// parents maps each process to its parent.
func parents() (map[int]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	out := make(map[int]int)
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		b, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue // it has ended meanwhile
		}
		if parent, _, err := parseStat(string(b)); err == nil {
			out[pid] = parent
		}
	}
	return out, nil
}

func descends(parents map[int]int, pid, from int) bool {
	for range len(parents) { // pids may be reused while reading: no endless loop
		parent, ok := parents[pid]
		if !ok {
			return false
		}
		if parent == from {
			return true
		}
		pid = parent
	}
	return false
}
