package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stonechat-im/stonechat/server/config"
	"github.com/stonechat-im/stonechat/server/config/certs"
	"github.com/stonechat-im/stonechat/server/mod/all"
)

type configCmd struct {
	Check checkCmd `cmd:"" help:"Read a configuration and its certificates, and report everything that is wrong with them."`
}

type checkCmd struct {
	File string `arg:"" default:"stonechat.toml" env:"STONECHAT_CONFIG" help:"The configuration (${default})."`
}

func (c *checkCmd) Run(s *streams) error {
	f, err := config.Load(c.File, all.Defs())
	var ps config.Problems
	if errors.As(err, &ps) {
		for _, p := range ps {
			fmt.Fprintln(s.err, p)
		}
		if len(ps) == 1 {
			return fmt.Errorf("%s has one mistake", c.File)
		}
		return fmt.Errorf("%s has %d mistakes", c.File, len(ps))
	}
	if err != nil {
		return fmt.Errorf("the configuration: %w", err)
	}
	fmt.Fprintf(s.out, "%s is in order: %s\n", c.File, strings.Join(f.Domains(), ", "))
	if len(f.Certificates) == 0 {
		fmt.Fprintln(s.out, "Note: no certificate is configured; the server will make its own, which clients warn of.")
		return nil
	}
	shown, err := certs.New(f.Certificates, false)
	if err != nil {
		return err
	}
	for _, d := range shown.Missing(f.Domains()) {
		fmt.Fprintf(s.out, "Note: no certificate is good for %s, or it has expired.\n", d)
	}
	return nil
}
