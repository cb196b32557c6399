//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Everybody comes back at once, again and again, while strangers log in too.
func TestStorm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 8, t.TempDir(), "")
	stop := w.load(5 * time.Millisecond)
	var visitors sync.WaitGroup
	for i := range 20 {
		visitors.Go(func() {
			v := newClient(w, i, heroes[i%8])
			v.resource, v.keys = fmt.Sprintf("visit%d", i), w.clients[i%8].keys
			v.hello = "<presence type='unavailable'/>" // the messages are for others
			for range 3 {
				if err := v.connect(t.Context()); err != nil {
					w.books.fault("a visitor: %v", err)
				}
				v.leave()
			}
		})
	}
	for range 6 {
		before := w.streams()
		for _, k := range w.proxy.all() {
			if w.has(k) {
				k.cut()
			}
		}
		w.online(t, before)
	}
	visitors.Wait()
	stop()
	w.strict(t)
}

// stuckRSS is how much memory one client that does not read may cost for long: its queue, and what has been written and not
// acknowledged. It is much less than what is sent to it.
const stuckRSS = 40 << 20

// A client that reads nothing costs a bounded amount of memory, and nobody else notices.
func TestStuckClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5, t.TempDir(), "[mam]\ndefault = \"never\"\n")
	w.ends = true
	stuck := w.clients[0]
	free := make(chan struct{})
	stuck.mu.Lock()
	stuck.deaf = free
	stuck.mu.Unlock()
	before := w.server.rss(t)
	w.bulk = strings.Repeat("it is the east ", 600) // 9000 bytes: the buffers on the way are full soon
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	var senders sync.WaitGroup
	for i := 1; i <= 3; i++ {
		senders.Go(func() {
			for range 1500 {
				w.post(ctx, i, 0)
			}
		})
	}
	for range 300 {
		w.post(ctx, 4, 1+rand.IntN(3))
	}
	if !w.books.arrived(ctx, func(x *letter) bool { return x.to != 0 }) {
		t.Error("others do not get their messages")
	}
	senders.Wait()
	if !w.books.arrived(ctx, func(x *letter) bool { return x.to != 0 }) || ctx.Err() != nil {
		t.Error("others wait for the client that does not read")
	}
	t.Logf("after %d MiB for it the server has grown by %d MiB", 3*1500*len(w.bulk)>>20, (w.server.rss(t)-before)>>20)
	w.await(t, "the server gives back the memory that it needed for a moment", func() bool { return w.server.rss(t)-before < stuckRSS })
	stuck.mu.Lock()
	stuck.deaf = nil
	stuck.mu.Unlock()
	close(free)
	w.check(t)
}

// Without file descriptors the server takes no connections and says so; those it has go on, and so does it when there are
// some again.
func TestNoFileDescriptors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, t.TempDir(), "")
	stop := w.load(5 * time.Millisecond)
	pid := w.server.cmd.Process.Pid
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	few := unix.Rlimit{Cur: uint64(len(open) + 6), Max: uint64(len(open) + 6)}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &few, nil); err != nil {
		t.Skip("skipped: limiting the file descriptors of another process: ", err)
	}
	var strangers []net.Conn
	for range 30 { // more than fit; the kernel takes them all
		c, err := net.Dial("tcp", w.server.addr.Load().(string))
		if err != nil {
			t.Fatal(err)
		}
		strangers = append(strangers, c)
	}
	w.await(t, "the server says that it is out of descriptors", func() bool { return w.server.said("too many open files") })
	life(500)
	for _, c := range strangers {
		_ = c.Close()
	}
	before := w.streams()
	for _, k := range w.proxy.all() {
		k.cut()
	}
	w.online(t, before)
	stop()
	w.strict(t)
}

// On a full disk nothing is acknowledged that could not be stored; when there is room again the server goes on by itself.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if testing.Short() || raceEnabled {
		t.Skip("skipped under -short and the race detector")
	}
	dir := t.TempDir()
	if err := syscall.Mount("stonechat-faults", dir, "tmpfs", 0, "size=48m"); err != nil {
		t.Skip("skipped: a small disk cannot be made here: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	w := newWorld(t, 4, dir, "")
	w.ends = true
	stop := w.load(4 * time.Millisecond)
	life(300)
	for range 2 {
		filler := fill(t, dir)
		w.await(t, "the server says that the disk is full", func() bool { return w.server.said("full") })
		life(700)
		if !w.server.alive() {
			t.Fatal("the server has given up")
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		life(500)
	}
	stop()
	w.check(t)
	w.archived(t)
}

// fill takes all the room there is.
func fill(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			return f.Name()
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
