package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
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

// lanes makes a scenario of what sets up lanes: it lets them run and measures.
func lanes(build func(context.Context, *load) error) func(context.Context, *load) error {
	return func(ctx context.Context, l *load) error {
		if err := build(ctx, l); err != nil {
			return err
		}
		if err := l.settle(); err != nil {
			return err
		}
		return l.measure(ctx, func(ctx context.Context) error { return l.drive(ctx, l.lanes) })
	}
}

// settle notes what the server uses with all sessions there and nothing going on.
func (l *load) settle() (err error) {
	l.settled, err = l.serverUse()
	return err
}

// drive sends: by schedule when there is a rate, and otherwise a window's worth in each lane, which then keeps itself
// going by credits.
func (l *load) drive(ctx context.Context, order []*lane) error {
	if l.cfg.Rate > 0 {
		return l.pace(ctx, order)
	}
	for _, ln := range order {
		ln.send(l.cfg.Window, l.now())
	}
	return nil
}

// latest is how far behind its schedule the generator may be before the schedule counts as the time of sending. Up to
// that it is the generator that was late, beyond it a server that does not take what is sent.
const latest = 10 * time.Millisecond

// pace sends in the lanes by turns, at cfg.Rate in all, until the load stops.
func (l *load) pace(ctx context.Context, order []*lane) error {
	timer, err := newPauser()
	if err != nil {
		return err
	}
	defer timer.close()
	each := float64(time.Second) / l.cfg.Rate
	start := l.now()
	for i := 0; ctx.Err() == nil && !l.stopping.Load(); i++ {
		due := start + int64(float64(i)*each)
		now := l.now()
		if now < due {
			timer.pause(time.Duration(due - now))
			if now = l.now(); now < due { // woken early
				now = due
			}
		}
		if behind := time.Duration(now - due); behind > 0 {
			if l.from.Load() > 0 {
				l.late.Record(behind)
			}
			if behind > latest {
				now = due
			}
		}
		order[i%len(order)].send(1, now)
	}
	return nil
}

// measure runs drive for the warm-up and the measured time, and then waits for what is under way.
func (l *load) measure(ctx context.Context, drive func(context.Context) error) error {
	driving, stop := context.WithCancel(ctx)
	var driver sync.WaitGroup
	var driveErr error
	driver.Go(func() { driveErr = drive(driving) })
	err := l.phases(ctx)
	l.stopping.Store(true)
	stop()
	driver.Wait() // only now is what was sent final
	if err == nil {
		err = driveErr
	}
	if err == nil {
		l.drain(ctx)
	}
	return err
}

// phases lets the warm-up and the measured time pass.
func (l *load) phases(ctx context.Context) (err error) {
	if err = l.sample(ctx, l.cfg.Warmup, "warm-up"); err != nil {
		return err
	}
	if l.start, err = l.moment(); err != nil {
		return err
	}
	l.from.Store(l.now())
	if err = l.sample(ctx, l.cfg.Duration, "measuring"); err != nil {
		return err
	}
	l.until.Store(l.now())
	l.end, err = l.moment()
	return err
}

func (l *load) moment() (m moment, err error) {
	if m.own, err = ownUse(); err != nil {
		return m, err
	}
	m.at, m.done = time.Now(), l.delivered()
	m.server, err = l.serverUse()
	return m, err
}

// sample lets time pass and takes a sample each cfg.Every.
func (l *load) sample(ctx context.Context, d time.Duration, phase string) error {
	if d <= 0 {
		return ctx.Err()
	}
	end := time.NewTimer(d)
	defer end.Stop()
	tick := time.NewTicker(l.cfg.Every)
	defer tick.Stop()
	last, err := l.moment()
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return nil
		case <-tick.C:
		}
		m, err := l.moment()
		if err != nil {
			return err
		}
		s := newSample(l.base, last, m)
		last = m
		l.samples = append(l.samples, s)
		l.progress(phase, s)
	}
}

// drain waits until everything sent has arrived, or nothing has for cfg.Drain. A slow server loses nothing.
func (l *load) drain(ctx context.Context) {
	for _, c := range l.all() {
		c.mu.Lock()
		sm := c.sm
		c.mu.Unlock()
		if sm {
			c.say("<r xmlns='" + nsSM + "'/>")
		}
	}
	left := func() int64 {
		n := l.unacked()
		for _, ln := range l.lanes {
			n += max(ln.outstanding(), 0)
		}
		return n
	}
	for last := int64(math.MaxInt64); ; {
		now := left()
		if now == 0 || now >= last {
			return
		}
		last = now
		if l.await(ctx, l.cfg.Drain, func() bool { return left() < last }); ctx.Err() != nil {
			return
		}
	}
}

// await polls until done, at most for d.
func (l *load) await(ctx context.Context, d time.Duration, done func() bool) bool {
	until := time.Now().Add(d)
	for !done() {
		if ctx.Err() != nil || time.Now().After(until) {
			return false
		}
		time.Sleep(5 * time.Millisecond)
	}
	return true
}

// unacked counts stanzas that the server did not acknowledge.
func (l *load) unacked() (n int64) {
	for _, c := range l.all() {
		c.mu.Lock()
		if c.sm {
			n += int64(c.smOut - c.acked.Load())
		}
		c.mu.Unlock()
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
