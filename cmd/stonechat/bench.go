package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/stonechat-im/stonechat/bench"
	"github.com/stonechat-im/stonechat/bench/page"
	"github.com/stonechat-im/stonechat/sasl"
)

// benchCmd loads an XMPP server, this one or any other.
type benchCmd struct {
	Scenario string `arg:"" enum:"chat,idle,login,presence,muc,roster,mam,start,mixed" help:"What to do: chat, idle, login, presence, muc, roster, mam, start or mixed."`

	Host      string `default:"127.0.0.1" help:"Where the server is." group:"The server"`
	Port      int    `help:"Its port. Default: 5222, for direct TLS 5223." group:"The server"`
	Domain    string `default:"localhost" help:"The domain of the accounts." group:"The server"`
	Transport string `default:"starttls" enum:"plain,starttls,direct" help:"plain, starttls or direct (TLS from the start)." group:"The server"`
	Service   string `help:"Address of the chat rooms. Default: conference.DOMAIN." group:"The server"`
	ServerPid int    `help:"Process of the server, to measure its CPU and memory." group:"The server"`
	Children  bool   `help:"Count the processes it has started too." group:"The server"`
	Label     string `help:"What to call the server in the report." group:"The server"`
	Floor     bool   `help:"The other end is bench/floor, which only relays bytes (chat)." group:"The server"`

	Users     string `default:"bench" help:"Accounts are named by this and a number: bench0, bench1…" group:"Accounts"`
	Password  string `default:"bench-%d" help:"Their passwords; %d stands for the number." group:"Accounts"`
	Accounts  string `type:"existingfile" help:"File with an account on each line: name, blank, password." group:"Accounts"`
	Count     int    `help:"How many accounts to use for logins. Default: as many as logins, at most 1000." group:"Accounts"`
	Register  bool   `help:"Make the accounts first, by in-band registration." group:"Accounts"`
	Mechanism string `help:"SASL mechanism to log in with. Default: the first of SCRAM-SHA-256, -1, -512 and PLAIN that is offered." group:"Accounts"`

	Rate      float64       `help:"Stanzas or logins a second in all. Default: as fast as it goes." group:"Load"`
	Duration  time.Duration `default:"10s" help:"How long to measure." group:"Load"`
	Warmup    time.Duration `default:"2s" help:"How long to run before that." group:"Load"`
	Drain     time.Duration `default:"10s" help:"How long nothing may arrive at the end before what is missing counts as lost." group:"Load"`
	Sessions  int           `default:"500" help:"Sessions (idle, presence, roster, mam, mixed); logins in all (login)." group:"Load"`
	Pairs     int           `default:"50" help:"Pairs of a sender and a receiver (chat)." group:"Load"`
	Contacts  int           `default:"20" help:"Mutual contacts of each user (presence, mixed); items of a roster (roster)." group:"Load"`
	Rooms     int           `default:"10" help:"Rooms (muc)." group:"Load"`
	Occupants int           `default:"100" help:"Occupants of each room (muc)." group:"Load"`
	Page      int           `default:"50" help:"Messages on a page (mam)." group:"Load"`
	Archive   int           `default:"500" help:"Messages in each archive (mam)." group:"Load"`
	Window    int           `default:"20" help:"Messages each pair keeps under way when as fast as it goes." group:"Load"`
	Parallel  int           `default:"32" help:"Logins under way at once." group:"Load"`
	Acks      bool          `help:"With stream management." group:"Load"`
	Size      int           `default:"377" help:"Bytes of a message on the wire." group:"Load"`

	JSON  string `name:"json" placeholder:"FILE" help:"Write the result as JSON; - is standard output." group:"Report"`
	HTML  string `name:"html" placeholder:"FILE" help:"Write a page with plots." group:"Report"`
	Quiet bool   `help:"No progress on standard error." group:"Report"`
}

// generatorGC lets the generator's heap grow further than usual before it is collected: memory is the server's to save.
const generatorGC = 800

// loginAccounts is how many accounts log in by turns in a login storm, unless told otherwise.
const loginAccounts = 1000

func (b *benchCmd) Run(ctx context.Context, s *streams) error {
	debug.SetGCPercent(generatorGC)
	cfg, err := b.config()
	if err != nil {
		return err
	}
	if !b.Quiet {
		cfg.Progress = s.err
	}
	r, err := bench.Run(ctx, cfg)
	if err != nil {
		return err
	}
	if b.JSON != "-" {
		if err := page.Text(s.out, r); err != nil {
			return err
		}
	}
	return b.write(r, s)
}

func (b *benchCmd) config() (bench.Config, error) {
	port := b.Port
	if port == 0 {
		port = 5222
		if b.Transport == "direct" {
			port = 5223
		}
	}
	cfg := bench.Config{
		Scenario: b.Scenario, Label: b.Label, Addr: net.JoinHostPort(b.Host, strconv.Itoa(port)), Domain: b.Domain,
		Transport: bench.Transport(b.Transport), Floor: b.Floor, Register: b.Register, Mechanism: sasl.Mechanism(strings.ToUpper(b.Mechanism)),
		Service: b.Service, Sessions: b.Sessions, Pairs: b.Pairs, Contacts: b.Contacts, Rooms: b.Rooms, Occupants: b.Occupants,
		Page: b.Page, Archive: b.Archive, Rate: b.Rate, Window: b.Window, Parallel: b.Parallel, Acks: b.Acks, Size: b.Size,
		Warmup: b.Warmup, Duration: b.Duration, Drain: b.Drain, Every: time.Second, ServerPID: b.ServerPid, Children: b.Children,
	}
	if b.Floor && b.Scenario != "chat" {
		return cfg, errors.New("the floor can only chat")
	}
	need := cfg.Needed()
	if b.Scenario == "login" {
		need = min(need, loginAccounts)
	}
	if b.Count > 0 {
		need = b.Count
	}
	if b.Accounts == "" {
		cfg.Accounts = bench.NumberedAccounts(b.Users, b.Password, need)
		return cfg, nil
	}
	f, err := os.Open(b.Accounts)
	if err != nil {
		return cfg, err
	}
	defer func() { _ = f.Close() }()
	if cfg.Accounts, err = bench.ReadAccounts(f); err != nil {
		return cfg, fmt.Errorf("%s: %w", b.Accounts, err)
	}
	return cfg, nil
}

// write writes the files that were asked for.
func (b *benchCmd) write(r *bench.Result, s *streams) error {
	if b.JSON != "" {
		out, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		out = append(out, '\n')
		if b.JSON == "-" {
			_, err = s.out.Write(out)
		} else {
			err = os.WriteFile(b.JSON, out, 0o644)
		}
		if err != nil {
			return err
		}
	}
	if b.HTML == "" {
		return nil
	}
	f, err := os.Create(b.HTML)
	if err != nil {
		return err
	}
	return errors.Join(page.HTML(f, r), f.Close())
}
