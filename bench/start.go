package bench

import (
	"context"
	"errors"
	"time"

	"github.com/stonechat-im/stonechat/bench/proc"
)

// startTime is how long a server may take until somebody can log in.
const startTime = time.Minute

// runStart tries to log in until it works, and counts from the start of the server's process.
func runStart(ctx context.Context, l *load) error {
	if l.cfg.ServerPID == 0 || len(l.users) == 0 {
		return errors.New("bench: the start of a server is measured with its process id and an account")
	}
	running, err := proc.Running(l.cfg.ServerPID)
	if err != nil {
		return err
	}
	began := time.Now().Add(-running)
	if l.start, err = l.moment(); err != nil {
		return err
	}
	l.start.at = began
	for {
		c, err := l.login(ctx, l.users[0], l.name)
		if err == nil {
			l.done.Add(1)
			l.logins.Record(time.Since(began))
			l.begin(c)
			break
		}
		if ctx.Err() != nil || time.Since(began) > startTime {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	if l.end, err = l.moment(); err != nil {
		return err
	}
	l.settled = l.end.server
	return nil
}
