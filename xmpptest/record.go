package xmpptest

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
)

// record keeps the server's log, for those who look into a failure. It is a slog.Handler.
type record struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	failed int
	muted  bool
}

func (r *record) handler(attrs []slog.Attr) slog.Handler {
	return slog.NewTextHandler(&r.buf, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(g []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(g) == 0 {
			return slog.Attr{}
		}
		return a
	}}).WithAttrs(attrs)
}

func (r *record) add(ctx context.Context, rec slog.Record, attrs []slog.Attr) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.muted {
		return nil
	}
	if rec.Level >= slog.LevelError {
		r.failed++
	}
	return r.handler(attrs).Handle(ctx, rec)
}

// Enabled implements slog.Handler.
func (r *record) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (r *record) Handle(ctx context.Context, rec slog.Record) error { return r.add(ctx, rec, nil) }

// WithAttrs implements slog.Handler.
func (r *record) WithAttrs(attrs []slog.Attr) slog.Handler { return recordWith{r, attrs} }

// WithGroup implements slog.Handler. The server's log has no groups.
func (r *record) WithGroup(string) slog.Handler { return r }

func (r *record) mute(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.muted = on
}

// errors is how many records of level Error there were.
func (r *record) errors() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

// recordWith is a record under a logger with attributes.
type recordWith struct {
	*record
	attrs []slog.Attr
}

func (w recordWith) Handle(ctx context.Context, rec slog.Record) error {
	return w.add(ctx, rec, w.attrs)
}

func (w recordWith) WithAttrs(attrs []slog.Attr) slog.Handler {
	return recordWith{w.record, append(w.attrs[:len(w.attrs):len(w.attrs)], attrs...)}
}
