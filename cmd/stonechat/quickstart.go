package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/term"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/config"
	"github.com/stonechat-im/stonechat/server/control"
	"github.com/stonechat-im/stonechat/server/mod/all"
)

type quickstartCmd struct {
	Domain        string `arg:"" help:"The domain of the addresses, such as montague.example."`
	Admin         string `default:"admin" placeholder:"NAME" help:"The part before the @ of the first account, which administers the server (${default})."`
	Config        string `short:"c" default:"stonechat.toml" placeholder:"FILE" help:"The configuration to write (${default}). A file that is there is never overwritten."`
	Data          string `short:"d" default:"stonechat-data" placeholder:"DIR" help:"The data folder to make (${default})."`
	PasswordStdin bool   `help:"Read the first account's password from standard input. Otherwise it is asked for, or made up where there is no terminal."`
}

func (c *quickstartCmd) Run(ctx context.Context, s *streams) error {
	domain, err := jid.Domain(c.Domain)
	if err != nil {
		return fmt.Errorf("%q is no domain: %w", c.Domain, err)
	}
	admin, err := jid.NewBare(c.Admin, domain.Domain())
	if err != nil {
		return fmt.Errorf("%q cannot be the name of an account: %w", c.Admin, err)
	}
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return err
	}
	for _, name := range []string{c.Config, data} {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already; nothing was changed", name)
		}
	}
	password, madeUp, err := c.password(s, admin)
	if err != nil {
		return err
	}
	if err := c.prepare(ctx, s, admin, data, password); err != nil {
		return err
	}
	c.tell(s, admin, data, password, madeUp)
	return nil
}

func (c *quickstartCmd) password(s *streams, admin jid.Bare) (password string, madeUp bool, err error) {
	switch {
	case c.PasswordStdin:
		password, err = readLine(s.in)
		return password, false, err
	case term.IsTerminal(int(s.in.Fd())):
		password, err = askTwice(s, "Password for "+admin.String()+" (leave empty to have one made up)")
	}
	if err == nil && password == "" {
		return makePassword(), true, nil
	}
	return password, false, err
}

// prepare writes the configuration and makes the account, or leaves nothing behind.
func (c *quickstartCmd) prepare(ctx context.Context, s *streams, admin jid.Bare, data, password string) (err error) {
	out, err := os.OpenFile(c.Config, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return fmt.Errorf("the configuration: %w", err)
	}
	defer func() {
		if err != nil { // neither was there when we began
			err = errors.Join(err, os.Remove(c.Config), os.RemoveAll(data))
		}
	}()
	_, err = out.WriteString(example(admin, data))
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("the configuration: %w", err)
	}
	if _, err = config.Load(c.Config, all.Defs()); err != nil {
		return err
	}
	_, err = give(ctx, where{Config: c.Config}, &control.Request{Op: control.Add, JID: admin, Password: password}, s)
	return err
}

// tell prints what was done and what is left to do.
func (c *quickstartCmd) tell(s *streams, admin jid.Bare, data, password string, madeUp bool) {
	fmt.Fprintf(s.out, "Wrote %s; data will be in %s.\n", c.Config, data)
	fmt.Fprintf(s.out, "Made the account %s, which administers the server", admin)
	if madeUp {
		fmt.Fprintf(s.out, ", with the password\n\n    %s\n", password)
	} else {
		fmt.Fprintln(s.out, ".")
	}
	fmt.Fprint(s.out, "\nNext steps\n\n1. Put these records into the DNS, with the addresses of the server's machine:\n\n")
	for _, r := range records(admin.Domain()) {
		fmt.Fprintln(s.out, "    "+r)
	}
	fmt.Fprintf(s.out, `
   The last two are for the servers of other domains; this version does not talk to them yet.
2. Get a certificate for %s and name it in [tls] of %s.
   Until then the server shows one that it made itself, which clients warn of.
3. Let TCP connections to ports 5222 and 5223 through the firewall.
4. Start the server:

    stonechat serve --config %s

5. Make accounts, whether it runs or not:

    stonechat account add --config %s NAME@%s
`, admin.Domain(), c.Config, c.Config, c.Config, admin.Domain())
}

// records are the DNS records of a domain: RFC 6120 §3.2.1 and §14.3, XEP-0368#usecases.
func records(domain string) []string {
	name, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		name = domain // an address literal: no records will help
	}
	all := []string{
		name + ".  IN A     (IPv4 address)",
		name + ".  IN AAAA  (IPv6 address)",
	}
	for _, srv := range []struct {
		service string
		port    int
	}{{"_xmpp-client", 5222}, {"_xmpps-client", 5223}, {"_xmpp-server", 5269}, {"_xmpps-server", 5270}} {
		all = append(all, fmt.Sprintf("%-14s IN SRV 5 1 %d %s.", srv.service+"._tcp."+name+".", srv.port, name))
	}
	return all
}

// example is the commented configuration of a new server.
func example(admin jid.Bare, data string) string {
	return strings.NewReplacer("{domain}", admin.Domain(), "{admin}", admin.String(), "{data}", fmt.Sprintf("%q", data)).Replace(exampleText)
}

const exampleText = `# Configuration of Stonechat for {domain}. What stands behind "# " is the default.
# After a change: stonechat config check FILE, then send the server a SIGHUP.

# Domains that are served. For several with different options, see [[host]] below.
domains = ["{domain}"]

# Accounts that may run administrative commands.
admins = ["{admin}"]

# Folder of the database and all else that must be kept.
data = {data}

# Offer SASL PLAIN, under TLS alone, to clients that cannot do SCRAM. The server then sees their passwords, for a moment.
# plain = true

# Modules that are off.
# without = []

[listen]
# Addresses and ports that clients connect to; without an address, all of this machine.
# client = [":5222"]
# client_tls = [":5223"]

# A certificate and its key, PEM files, relative to this file. There may be several of these sections. They are read again
# at a SIGHUP. Without one the server makes its own certificate, which clients warn of.
# [[tls.certificate]]
# file = "fullchain.pem"
# key = "privkey.pem"

[log]
# debug, info, warn or error.
# level = "info"
# text for people or json for programs.
# format = "text"

[limits]
# Largest stanza, sessions of one account, bytes a second that a session may send over time.
# stanza = "256KiB"
# sessions = 50
# rate = "2MiB"
# How long a broken connection can be resumed without losing anything.
# resume = "10m"

# Several hosts: write their domains here and not above. What stands above holds for all that do not say otherwise.
# [[host]]
# domains = ["capulet.example"]
# admins = ["juliet@capulet.example"]
`
