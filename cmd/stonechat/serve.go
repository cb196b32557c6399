package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/stonechat-im/stonechat/server/config"
	"github.com/stonechat-im/stonechat/server/config/certs"
	"github.com/stonechat-im/stonechat/server/config/datadir"
	"github.com/stonechat-im/stonechat/server/control"
)

// stopTime bounds a graceful stop.
const stopTime = 15 * time.Second

type serveCmd struct {
	where
}

// serving is a server in operation.
type serving struct {
	*server
	where    where
	shown    *certs.Store
	selfMade bool
	level    *slog.LevelVar
	log      *slog.Logger
	streams  *streams
	demo     []demoAccount // of the server for localhost
}

func (c *serveCmd) Run(ctx context.Context, s *streams) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	f, err := c.load()
	if err != nil {
		return err
	}
	v := &serving{where: c.where, streams: s, level: new(slog.LevelVar)}
	v.level.Set(f.Log.Level.Level())
	v.log = newLogger(s.err, f.Log.Format, v.level)
	dir, err := datadir.Open(datadir.Path(f.Data))
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := v.start(ctx, f, dir); err != nil {
		return err
	}
	orders, err := control.Listen(dir.Socket())
	if err != nil {
		return errors.Join(err, v.stop(ctx, signals))
	}
	go trimMemory(ctx)
	go control.Serve(ctx, orders, control.Operator{Server: v.Server}, v.log)
	v.announce()
	for sig := range signals {
		if sig != syscall.SIGHUP {
			v.log.Info("stopping", "signal", sig.String())
			break
		}
		v.reload()
	}
	return errors.Join(orders.Close(), v.stop(ctx, signals))
}

// start brings everything up but the control socket, or leaves nothing up.
func (v *serving) start(ctx context.Context, f *config.File, dir *datadir.Dir) error {
	pairs, selfMade, askClients, err := openCerts(f)
	if err != nil {
		return err
	}
	if v.shown, err = certs.New(pairs, askClients); err != nil {
		return err
	}
	v.selfMade = selfMade
	if v.server, err = open(ctx, f, v.shown, dir, v.log); err != nil {
		return err
	}
	if f.Path == "" {
		v.demo, err = demoAccounts(ctx, v.Accounts, dir.Path)
	}
	if err == nil {
		err = v.Start(f.Run.Listen)
	}
	if err != nil {
		end, cancel := context.WithTimeout(ctx, stopTime)
		defer cancel()
		return errors.Join(err, v.close(end))
	}
	return nil
}

// stop ends the server in order; after stopTime or at a second signal it gives up. What is committed is safe either way.
func (v *serving) stop(ctx context.Context, signals <-chan os.Signal) error {
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- v.close(ctx) }()
	late := time.NewTimer(stopTime + time.Second)
	defer late.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("the server did not stop in order: %w", err)
			}
			return nil
		case <-late.C:
			return errors.New("the server did not stop in time and was ended")
		case sig := <-signals:
			if sig != syscall.SIGHUP {
				return errors.New("ended at once by a second signal")
			}
		}
	}
}

// reload takes over what it can of the configuration and the certificates as they are now. Sessions stay.
func (v *serving) reload() {
	f, err := v.where.load()
	if err != nil {
		v.log.Error("the configuration stays as it was", "err", err)
		return
	}
	pairs, selfMade, askClients, err := openCerts(f)
	if err == nil {
		err = v.shown.Replace(pairs, askClients)
	}
	if err != nil {
		v.log.Error("the configuration and the certificates stay as they were", "err", err)
		return
	}
	v.selfMade = selfMade
	v.level.Set(f.Log.Level.Level())
	restart, err := v.Reload(f.Run)
	if err != nil {
		v.log.Error("a module keeps its configuration", "err", err)
	}
	if !slices.Equal(f.Run.Listen.Client, v.file.Run.Listen.Client) || !slices.Equal(f.Run.Listen.ClientTLS, v.file.Run.Listen.ClientTLS) {
		restart = append(restart, "addresses to listen on")
	}
	if f.Data != v.file.Data || f.Log.Format != v.file.Log.Format {
		restart = append(restart, "data folder or log format")
	}
	if len(restart) > 0 {
		v.log.Warn("some changes need a restart", "changes", strings.Join(restart, ", "))
	}
	v.warn(f)
	v.log.Info("configuration reloaded", "file", f.Path)
}

// warn logs what is likely to be a mistake of the operator.
func (v *serving) warn(f *config.File) {
	for _, d := range v.shown.Missing(f.Domains()) {
		v.log.Warn("no certificate is good for a domain, or it has expired", "domain", d)
	}
	if v.selfMade && f.Path != "" {
		v.log.Warn("clients will warn of the self-made certificate", "sha256", certs.Fingerprint(v.shown.Leaf("")))
	}
}

// announce says that the server is ready.
func (v *serving) announce() {
	v.warn(v.file)
	n := len(v.file.Run.Listen.Client)
	var clear, direct []string
	for i, a := range v.Addrs() {
		if i < n {
			clear = append(clear, a.String())
		} else {
			direct = append(direct, a.String())
		}
	}
	fmt.Fprintf(v.streams.out, "Stonechat serves %s: STARTTLS on %s, direct TLS on %s\n", strings.Join(v.file.Domains(), ", "),
		orNothing(clear), orNothing(direct))
	if v.file.Path == "" {
		v.tellDemo(v.streams.out)
	}
}

func orNothing(addrs []string) string {
	if len(addrs) == 0 {
		return "no address"
	}
	return strings.Join(addrs, " ")
}

func newLogger(w io.Writer, format string, level slog.Leveler) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
