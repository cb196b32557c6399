// Command stonechat is the server and the tools around it. Without any configuration, `stonechat serve` runs a server for
// localhost to try out; `stonechat quickstart DOMAIN` prepares one for a real domain.
//
// Exit codes: 0 done, 1 it did not work, 2 the command line is wrong. Errors are one line on standard error. Start reading
// at cli, then serve.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/stonechat-im/stonechat/server/config"
)

const version = "0.1.0-dev"

// cli is the command line. Its help tags are what people read.
type cli struct {
	Serve      serveCmd      `cmd:"" help:"Run the server. Without a configuration: a server for localhost to try out, on this machine alone."`
	Quickstart quickstartCmd `cmd:"" help:"Prepare a server for your domain: writes a configuration, makes the first account, and tells what to put into the DNS."`
	Account    accountCmd    `cmd:"" help:"Make, list, change and remove accounts, whether the server runs or not."`
	Config     configCmd     `cmd:"" help:"Look at the configuration."`
	Bench      benchCmd      `cmd:"" help:"Load an XMPP server, this one or another, and measure it."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// streams are where a command reads and writes.
type streams struct {
	in       *os.File
	out, err io.Writer
}

func main() {
	os.Exit(run(context.Background(), os.Args[1:], &streams{os.Stdin, os.Stdout, os.Stderr}))
}

func run(ctx context.Context, args []string, s *streams) int {
	var c cli
	k, err := kong.New(&c, kong.Name("stonechat"), kong.Description("Stonechat is a chat server for XMPP."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Writers(s.out, s.err),
		kong.Vars{"default_data": config.Default().Data}, kong.Bind(s), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		return fail(s, err, 2)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := k.Parse(args)
	if err != nil {
		return fail(s, fmt.Errorf("%w (see stonechat --help)", err), 2)
	}
	if err := kctx.Run(); err != nil {
		return fail(s, err, 1)
	}
	return 0
}

// fail writes an error on one line.
func fail(s *streams, err error, code int) int {
	text := err.Error()
	var ps config.Problems
	if errors.As(err, &ps) {
		text = ps.First()
	}
	fmt.Fprintln(s.err, "stonechat: "+strings.ReplaceAll(strings.TrimSpace(text), "\n", "; "))
	return code
}

type versionCmd struct{}

func (versionCmd) Run(s *streams) error {
	_, err := fmt.Fprintf(s.out, "stonechat %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
