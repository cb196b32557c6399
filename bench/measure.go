package bench

import (
	"context"
	"math"
	"sync"
	"time"
)

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
