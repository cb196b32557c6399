package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// runIdle logs in cfg.Sessions sessions and holds them. The warm-up is the time the server has to settle with all of them
// there; what is measured comes after.
func runIdle(ctx context.Context, l *load) error {
	if _, err := l.open(ctx, l.cfg.Sessions, true); err != nil {
		return err
	}
	if err := l.sample(ctx, l.cfg.Warmup, "settling"); err != nil {
		return err
	}
	var err error
	if l.start, err = l.moment(); err != nil {
		return err
	}
	if err := l.sample(ctx, l.cfg.Duration, "idle"); err != nil {
		return err
	}
	if l.end, err = l.moment(); err != nil {
		return err
	}
	l.settled = l.end.server
	l.end.done = int64(l.cfg.Sessions)
	return nil
}

// runLogins logs in and out cfg.Sessions times, by all accounts in turn. Each account has logged in once before, so that
// its keys are known.
func runLogins(ctx context.Context, l *load) error {
	if len(l.users) == 0 {
		return fmt.Errorf("bench: no accounts")
	}
	use := min(len(l.users), l.cfg.Sessions)
	err := l.each(ctx, use, func(ctx context.Context, i int) error { return l.visit(ctx, i, 0) })
	if err != nil {
		return err
	}
	if err := l.settle(); err != nil {
		return err
	}
	l.done.Store(0)
	if l.start, err = l.moment(); err != nil {
		return err
	}
	l.from.Store(l.now())
	watching, stopWatching := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() { _ = l.sample(watching, time.Hour, "logins") })
	err = l.logIn(ctx, use)
	stopWatching()
	watcher.Wait()
	if err != nil {
		return err
	}
	l.end, err = l.moment()
	return err
}

// logIn does cfg.Sessions logins, at cfg.Rate or as fast as they go.
func (l *load) logIn(ctx context.Context, users int) error {
	start := l.now()
	var started atomic.Int64
	return l.each(ctx, l.cfg.Sessions, func(ctx context.Context, _ int) error {
		i := started.Add(1) - 1
		if l.cfg.Rate > 0 {
			if due := start + int64(float64(i)*float64(time.Second)/l.cfg.Rate); l.now() < due {
				time.Sleep(time.Duration(due - l.now()))
			}
		}
		if err := l.visit(ctx, int(i)%users, i+1); err != nil {
			if ctx.Err() != nil {
				return err
			}
			l.failed.Add(1)
			l.note(err.Error())
		}
		return nil
	})
}

// visit is one login, counted and timed, and an orderly end (RFC 6120 §4.4).
func (l *load) visit(ctx context.Context, i int, nth int64) error {
	at := l.now()
	c, err := l.login(ctx, l.users[i], fmt.Sprintf("%s-%d", l.name, nth))
	if err != nil {
		return err
	}
	l.done.Add(1)
	if l.from.Load() > 0 {
		l.logins.Record(time.Duration(l.now() - at))
	}
	_ = c.nc.SetDeadline(time.Now().Add(loginTime))
	_, err = c.nc.Write([]byte("</stream:stream>"))
	var rest [512]byte
	for err == nil {
		_, err = c.nc.Read(rest[:])
	}
	return c.nc.Close()
}
