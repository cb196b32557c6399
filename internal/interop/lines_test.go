package interop

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
)

// lines are what a process writes, kept for those who wait for some of it. What was waited for is taken out.
type lines struct {
	mu    sync.Mutex
	fresh []string
	taken []string
	more  chan struct{} // closed and replaced when a line comes
	ended chan struct{} // closed when the process has ended
}

// listen starts a process. It is killed at the end of the test if it still runs then.
func (s *scenario) listen(c *exec.Cmd) *lines {
	s.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		s.Fatal(err)
	}
	c.Stdout = write
	if c.Stderr == nil {
		c.Stderr = write
	}
	if err := c.Start(); err != nil {
		s.Fatal(err)
	}
	_ = write.Close()
	l := &lines{more: make(chan struct{}), ended: make(chan struct{})}
	go l.read(read, c)
	s.Cleanup(func() {
		_ = c.Process.Kill()
		<-l.ended
		if s.Failed() {
			s.Logf("%s said:\n%s", c.Args[0], strings.Join(l.all(), "\n"))
		}
	})
	return l
}

func (l *lines) read(from *os.File, c *exec.Cmd) {
	defer from.Close()
	in := bufio.NewScanner(from)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		l.mu.Lock()
		l.fresh = append(l.fresh, in.Text())
		close(l.more)
		l.more = make(chan struct{})
		l.mu.Unlock()
	}
	_ = c.Wait()
	close(l.ended)
}

// all are the lines in the order in which they were waited for, then the others.
func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Concat(l.taken, l.fresh)
}

// wait takes the first line out that fits, or waits for it. what says what is waited for.
func (l *lines) wait(s *scenario, what string, fits func(string) bool) string {
	s.Helper()
	for over := false; ; {
		l.mu.Lock()
		if i := slices.IndexFunc(l.fresh, fits); i >= 0 {
			line := l.fresh[i]
			l.fresh = slices.Delete(l.fresh, i, i+1)
			l.taken = append(l.taken, line)
			l.mu.Unlock()
			return line
		}
		more := l.more
		l.mu.Unlock()
		if over {
			s.Fatalf("waited in vain: %s", what)
		}
		select {
		case <-more:
		case <-l.ended:
			over = true
		case <-s.ctx.Done():
			over = true
		}
	}
}
