package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/config"
	"github.com/stonechat-im/stonechat/server/config/datadir"
	"github.com/stonechat-im/stonechat/server/control"
)

type accountCmd struct {
	Add     addCmd     `cmd:"" help:"Make an account. Asks for the password."`
	Passwd  passwdCmd  `cmd:"" help:"Give an account another password. Asks for it."`
	List    listCmd    `cmd:"" help:"List the accounts."`
	Remove  removeCmd  `cmd:"" help:"Remove an account and everything stored for it. There is no way back."`
	Disable disableCmd `cmd:"" help:"Keep an account from logging in, and end its sessions. Nothing is lost."`
	Enable  enableCmd  `cmd:"" help:"Let a disabled account log in again."`
}

// one is what the commands about one account have in common.
type one struct {
	JID jid.Bare `arg:"" help:"Address of the account, such as romeo@montague.example."`
	where
}

type addCmd struct {
	one
	passwordFlag
}

type passwdCmd struct {
	one
	passwordFlag
}

type removeCmd struct {
	one
	Yes bool `short:"y" help:"Do not ask whether that is really meant."`
}

type disableCmd struct{ one }

type enableCmd struct{ one }

type listCmd struct {
	Domain string `arg:"" optional:"" help:"Only the accounts of this domain."`
	where
}

func (c *addCmd) Run(ctx context.Context, s *streams) error {
	return c.setPassword(ctx, s, control.Add, c.passwordFlag)
}

func (c *passwdCmd) Run(ctx context.Context, s *streams) error {
	return c.setPassword(ctx, s, control.Passwd, c.passwordFlag)
}

func (c *disableCmd) Run(ctx context.Context, s *streams) error {
	return c.order(ctx, s, control.Disable)
}

func (c *enableCmd) Run(ctx context.Context, s *streams) error {
	return c.order(ctx, s, control.Enable)
}

func (c *removeCmd) Run(ctx context.Context, s *streams) error {
	if !c.Yes && term.IsTerminal(int(s.in.Fd())) {
		fmt.Fprintf(s.err, "Everything stored for %s will be erased. Write the address again to go on: ", c.JID)
		if again, err := readLine(s.in); err != nil || again != c.JID.String() {
			return errors.New("nothing was removed")
		}
	}
	return c.order(ctx, s, control.Remove)
}

func (c *one) setPassword(ctx context.Context, s *streams, op control.Op, flag passwordFlag) error {
	password, err := flag.get(s, "Password for "+c.JID.String())
	if err != nil {
		return err
	}
	return c.say(ctx, s, &control.Request{Op: op, JID: c.JID, Password: password})
}

func (c *one) order(ctx context.Context, s *streams, op control.Op) error {
	return c.say(ctx, s, &control.Request{Op: op, JID: c.JID})
}

// say gives an order and prints what came of it.
func (c *one) say(ctx context.Context, s *streams, q *control.Request) error {
	a, err := give(ctx, c.where, q, s)
	if err == nil {
		_, err = fmt.Fprintln(s.out, a.Note)
	}
	return err
}

func (c *listCmd) Run(ctx context.Context, s *streams) error {
	a, err := give(ctx, c.where, &control.Request{Op: control.List, Domain: c.Domain}, s)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, i := range a.Accounts {
		seen, state := "never logged in", ""
		if !i.LastSeen.IsZero() {
			seen = "last login " + i.LastSeen.Local().Format(time.DateTime)
		}
		if i.Disabled {
			state = "disabled"
		}
		fmt.Fprintf(w, "%s\tsince %s\t%s\t%s\n", i.JID, i.Created.Local().Format(time.DateOnly), seen, state)
	}
	return w.Flush()
}

// startWait bounds how long an order waits for a server that is just starting or stopping, or for another order.
const startWait = 10 * time.Second

// give has an order carried out: by the server where it runs, else on its data folder.
func give(ctx context.Context, w where, q *control.Request, s *streams) (*control.Answer, error) {
	f, err := w.load()
	if err != nil {
		return nil, err
	}
	data := datadir.Path(f.Data)
	for end := time.Now().Add(startWait); ; {
		a, err := control.Ask(ctx, data.Socket(), q)
		if errors.Is(err, control.ErrNotRunning) {
			a, err = giveAlone(ctx, f, data, q, s)
		}
		if errors.Is(err, datadir.ErrInUse) && time.Now().Before(end) {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if err == nil && a.Error != "" {
			err = errors.New(a.Error)
		}
		return a, err
	}
}

// giveAlone carries out an order on a server that is built for it and takes no connections.
func giveAlone(ctx context.Context, f *config.File, data datadir.Path, q *control.Request, s *streams) (*control.Answer, error) {
	if _, err := os.Stat(data.Database()); errors.Is(err, fs.ErrNotExist) && q.Op != control.Add {
		return nil, fmt.Errorf("there are no accounts yet: no database %s", data.Database())
	}
	dir, err := datadir.Open(data)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	srv, err := open(ctx, f, nil, dir, newLogger(s.err, f.Log.Format, slog.LevelWarn))
	if err != nil {
		return nil, err
	}
	a := control.Operator{Server: srv.Server}.Do(ctx, q)
	return a, srv.close(ctx)
}
