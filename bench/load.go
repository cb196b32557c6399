package bench

import (
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stonechat-im/stonechat/bench/hist"
	"github.com/stonechat-im/stonechat/bench/proc"
	"github.com/stonechat-im/stonechat/xmlscan"
)

// load is one run.
type load struct {
	cfg      Config
	tag      string // begins the run's marks
	tagBytes []byte
	name     string // the run in addresses, where no mark may be found
	base     time.Time
	context  *xmlscan.Context
	users    []*user

	mu    sync.Mutex // guards conns and notes
	conns []*conn
	notes []string // what servers said when they ended streams, a few

	lanes   []*lane
	groups  []*group
	readers sync.WaitGroup

	stopping atomic.Bool  // no new stanzas
	leaving  atomic.Bool  // streams end because we want it
	from     atomic.Int64 // the measured time, in nanoseconds since base; 0: not yet
	until    atomic.Int64

	questions atomic.Int64
	dropped   atomic.Int64 // streams that ended without our wish
	strays    atomic.Int64 // marks that nobody waits for
	done      atomic.Int64 // logins, in scenarios without lanes
	failed    atomic.Int64

	late    hist.Histogram // how much behind its schedule the generator wrote
	logins  hist.Histogram
	samples []Sample
	before  proc.Use // the server when the load began
	settled proc.Use // and with all sessions idle
	start   moment
	end     moment
}

// moment is the state at one end of the measured time.
type moment struct {
	at     time.Time
	done   int64
	server proc.Use
	own    proc.Use
}

func newLoad(cfg Config) (*load, error) {
	ctx, err := newStreamContext()
	if err != nil {
		return nil, err
	}
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, err
	}
	l := &load{cfg: cfg, tag: newTag(random), base: time.Now(), context: ctx}
	l.tagBytes = []byte(l.tag)
	l.name = "run" + l.tag[len("sb"):]
	l.until.Store(1<<63 - 1)
	for _, a := range cfg.Accounts {
		l.users = append(l.users, &user{Account: a})
	}
	l.before, err = l.serverUse()
	return l, err
}

// now is the time in nanoseconds since the run began; never 0.
func (l *load) now() int64 { return int64(time.Since(l.base)) + 1 }

// note keeps what a server said.
func (l *load) note(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.notes) < 10 && !slices.Contains(l.notes, s) {
		l.notes = append(l.notes, s)
	}
}

func (l *load) serverUse() (proc.Use, error) {
	if l.cfg.ServerPID == 0 {
		return proc.Use{}, nil
	}
	return proc.Read(l.cfg.ServerPID, l.cfg.Children)
}

// addGroup makes a group of lanes.
func (l *load) addGroup(name string) *group {
	g := &group{name: name}
	l.groups = append(l.groups, g)
	return g
}

// delivered is all arrivals until now; in a scenario without lanes, the logins.
func (l *load) delivered() (n int64) {
	if len(l.lanes) == 0 {
		return l.done.Load()
	}
	for _, ln := range l.lanes {
		n += ln.delivered.Load()
	}
	return n
}

func (l *load) all() []*conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.conns)
}

// progress shows how far the run is.
func (l *load) progress(phase string, s Sample) {
	if l.cfg.Progress == nil {
		return
	}
	line := fmt.Sprintf("%s %s %s: %.0f s, %.0f/s", l.cfg.Label, l.cfg.Scenario, phase, s.At, s.PerSecond)
	if l.cfg.ServerPID != 0 {
		line += fmt.Sprintf(", server %.0f%% cpu %d MB", 100*s.ServerCPU, s.RSS>>20)
	}
	line += fmt.Sprintf(", generator %.0f%%", 100*s.OwnCPU)
	if n := l.dropped.Load(); n > 0 {
		line += fmt.Sprintf(", %d streams lost", n)
	}
	fmt.Fprintf(l.cfg.Progress, "\r%-100s", line)
}

// cut ends all connections at once.
func (l *load) cut() {
	l.leaving.Store(true)
	for _, c := range l.all() {
		_ = c.nc.Close()
	}
}

// closeAll ends all streams and waits for their readers.
func (l *load) closeAll() {
	l.leaving.Store(true)
	for _, c := range l.all() {
		_ = c.nc.SetWriteDeadline(time.Now().Add(time.Second))
		if !l.cfg.Floor {
			c.say("</stream:stream>")
		}
		_ = c.nc.SetReadDeadline(time.Now().Add(2 * time.Second))
		if l.cfg.Floor {
			_ = c.nc.Close()
		}
	}
	l.readers.Wait()
	if l.cfg.Progress != nil {
		fmt.Fprintln(l.cfg.Progress)
	}
}
