package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/sasl"
	"github.com/stonechat-im/stonechat/server/auth"
	"github.com/stonechat-im/stonechat/server/config/certs"
	"github.com/stonechat-im/stonechat/server/config/datadir"
)

// demoAccount is a ready account of the server for localhost.
type demoAccount struct {
	jid      jid.Bare
	password string
	changed  bool // the password no longer is the one that was made
}

// demoAccounts makes the two ready accounts where they are missing. Their passwords are made up once and kept in the file
// demo-accounts of the data folder.
func demoAccounts(ctx context.Context, a *auth.Accounts, dir datadir.Path) ([]demoAccount, error) {
	all, err := readDemo(filepath.Join(string(dir), "demo-accounts"))
	if err != nil {
		return nil, fmt.Errorf("the ready accounts: %w", err)
	}
	for i, d := range all {
		there, err := a.Exists(ctx, d.jid)
		if err == nil && !there {
			err = a.Create(ctx, d.jid, d.password)
		}
		if err != nil {
			return nil, fmt.Errorf("the ready account %s: %w", d.jid, err)
		}
		all[i].changed = there && !logsIn(ctx, a, d)
	}
	return all, nil
}

// readDemo reads the file, a line "address password" for each account, and makes it on the first run.
func readDemo(file string) ([]demoAccount, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte("romeo@localhost " + makePassword() + "\njuliet@localhost " + makePassword() + "\n")
		err = datadir.WriteFile(file, text)
	}
	if err != nil {
		return nil, err
	}
	var all []demoAccount
	for line := range strings.Lines(string(text)) {
		address, password, ok := strings.Cut(strings.TrimSpace(line), " ")
		b, err := jid.ParseBare(address)
		if err != nil || !ok {
			return nil, fmt.Errorf("%s: %q is not an address and a password; remove the file to have another made", file, line)
		}
		all = append(all, demoAccount{jid: b, password: password})
	}
	return all, nil
}

// logsIn tries the account's password as a client would.
func logsIn(ctx context.Context, a *auth.Accounts, d demoAccount) bool {
	const mech = sasl.ScramSHA256
	server, err := a.NewLogin(auth.Policy{}, auth.Peer{Domain: d.jid.Domain()}).Begin(ctx, mech)
	if err != nil {
		return false
	}
	client, err := sasl.NewScramClient(mech, sasl.ScramClientOptions{Username: d.jid.Local(), Password: d.password})
	if err != nil {
		return false
	}
	response, _, err := client.Start()
	for err == nil {
		var challenge []byte
		var done bool
		if challenge, done, err = server.Next(response); done {
			return client.Done(challenge) == nil
		}
		if err == nil {
			response, err = client.Next(challenge)
		}
	}
	return false
}

// tellDemo prints the ready accounts and how to connect.
func (v *serving) tellDemo(w io.Writer) {
	fmt.Fprintln(w, "\nTwo accounts are ready:")
	for _, d := range v.demo {
		shown := d.password
		if d.changed {
			shown = "(was changed)"
		}
		fmt.Fprintf(w, "  %-18s password %s\n", d.jid, shown)
	}
	fmt.Fprintf(w, `
Connect with any XMPP client on this machine: host 127.0.0.1, with one of the ports above.
The server made its own certificate, which clients warn of. Its SHA-256 fingerprint is
  %s
More accounts: stonechat account add NAME@localhost%s
Your own domain: stonechat quickstart DOMAIN
Data is in %s. Ctrl-C stops the server.
`, certs.Fingerprint(v.shown.Leaf("")), v.dataFlag(), v.dir.Path)
}

// dataFlag is what commands about this server need to find it.
func (v *serving) dataFlag() string {
	if v.where.Data == "" {
		return ""
	}
	return " --data " + v.where.Data
}
