package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"
)

// Bounds of one exchange. Removing an account with a large archive takes its time.
const (
	requestMost = 1 << 20
	answerMost  = 64 << 20
	requestTime = 10 * time.Second
	answerTime  = 5 * time.Minute
)

// ErrNotRunning says that nobody listens on the socket.
var ErrNotRunning = errors.New("the server is not running")

// Listen opens the socket at path, in place of one that a dead server left behind: the caller has locked the data folder.
func Listen(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the control socket: %w", err)
	}
	old := syscall.Umask(0o177) // never open to others, not even before a chmod
	l, err := net.Listen("unix", path)
	syscall.Umask(old)
	if errors.Is(err, syscall.EINVAL) {
		return nil, fmt.Errorf("the path of the control socket is too long for this system: %s; choose a data folder with a shorter path", path)
	}
	if err != nil {
		return nil, fmt.Errorf("the control socket: %w", err)
	}
	return l, nil
}

// Serve takes orders from l until it is closed.
func Serve(ctx context.Context, l net.Listener, o Operator, log *slog.Logger) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			log.Warn("the control socket", "err", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(100 * time.Millisecond): // no file descriptors, most likely
			}
			continue
		}
		go func() {
			defer c.Close()
			if err := serveOne(ctx, c, o, log); err != nil {
				log.Info("an order that could not be answered", "err", err)
			}
		}()
	}
}

func serveOne(ctx context.Context, c net.Conn, o Operator, log *slog.Logger) error {
	if err := c.SetReadDeadline(time.Now().Add(requestTime)); err != nil {
		return err
	}
	d := json.NewDecoder(io.LimitReader(c, requestMost))
	d.DisallowUnknownFields() // a newer program may mean something by them
	var q Request
	a := new(Answer)
	if err := d.Decode(&q); err != nil {
		a.Error = "not an order: " + err.Error()
	} else {
		a = o.Do(ctx, &q)
		log.Info("an order from the operator", "op", q.Op, "jid", q.JID, "node", q.Node, "err", a.Error)
	}
	if err := c.SetWriteDeadline(time.Now().Add(requestTime)); err != nil {
		return err
	}
	return json.NewEncoder(c).Encode(a)
}

// Ask gives an order to the server that listens at path. Errors: ErrNotRunning; what is wrong with the order is in the answer.
func Ask(ctx context.Context, path string, q *Request) (*Answer, error) {
	c, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EINVAL) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, fmt.Errorf("the control socket: %w", err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, err
	}
	if err := json.NewEncoder(c).Encode(q); err != nil {
		return nil, fmt.Errorf("the control socket: %w", err)
	}
	a := new(Answer)
	if err := json.NewDecoder(io.LimitReader(c, answerMost)).Decode(a); err != nil {
		return nil, fmt.Errorf("the server's answer: %w", err)
	}
	return a, nil
}
