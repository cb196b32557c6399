// Package bench loads an XMPP server and tells what came through, how fast, and what it cost. The server may be any: all
// it takes is RFC 6120 and RFC 6121, and for some scenarios XEP-0045, XEP-0198 or XEP-0313.
//
// Every stanza that is to be counted carries a mark: the run, its lane (a sender and those who must receive), its number
// in the lane, and when it was sent. Receivers check numbers against what they have seen (track), so that loss,
// doubles and changes of order show, and give the lane credit for the next one (lane). To cost far less than the
// server, the generator writes stanzas that were built before, many at a time, and of what it receives it builds nothing.
//
// A session has one goroutine, which reads; it owns the session's tracks. Writes to a session are guarded by its lock.
// Start reading at Run, then load.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/stonechat-im/stonechat/sasl"
)

// Transport is how sessions are protected.
type Transport string

// The transports.
const (
	Plain    Transport = "plain"
	StartTLS Transport = "starttls" // RFC 6120 §5
	Direct   Transport = "direct"   // XEP-0368
)

// Config says what to load and how. Zero values mean the defaults of Defaults.
type Config struct {
	Scenario  string
	Label     string // of the server, for reports
	Addr      string // host:port
	Domain    string
	Transport Transport
	Floor     bool // the other end is bench/floor, which knows no XMPP

	Accounts  []Account // in use from the first on
	Register  bool      // make the accounts by in-band registration (XEP-0077) first
	Mechanism sasl.Mechanism
	Service   string // the address of the chat room service

	Sessions  int // login: logins in all; idle, presence, roster, archive, mixed: sessions
	Pairs     int // chat: pairs, of one sender and one receiver each
	Contacts  int // presence: mutual contacts of each user; roster: items
	Rooms     int // muc: rooms
	Occupants int // muc: occupants of each room
	Page      int // mam: messages on a page
	Archive   int // mam: messages in each archive

	Rate     float64 // stanzas or logins a second in all; 0 is as fast as it goes
	Window   int     // stanzas under way in each lane when as fast as it goes
	Parallel int     // logins under way at once
	Acks     bool    // stream management (XEP-0198)
	Size     int     // bytes of a message as sent

	Warmup   time.Duration
	Duration time.Duration
	Drain    time.Duration // how long nothing may arrive at the end before what is missing counts as lost

	ServerPID int
	Children  bool // count the server's descendants too

	Progress io.Writer // a line that shows how far it is; nil: none
	Every    time.Duration
}

// Account is somebody who can log in.
type Account struct {
	User     string // the local part
	Password string
}

// Defaults returns a configuration for a server on this machine: 50 pairs, 500 sessions, ten seconds.
func Defaults() Config {
	return Config{
		Addr: "127.0.0.1:5222", Domain: "localhost", Transport: StartTLS,
		Sessions: 500, Pairs: 50, Contacts: 20, Rooms: 10, Occupants: 100, Page: 50, Archive: 500,
		Window: 20, Parallel: 32, Size: 377,
		Warmup: 2 * time.Second, Duration: 10 * time.Second, Drain: 10 * time.Second, Every: time.Second,
	}
}

// Scenario is one kind of load.
type Scenario struct {
	Name string
	What string
	Unit string // of what is counted

	run func(context.Context, *load) error
}

var scenarios = []Scenario{
	{"chat", "one-to-one messages from one half of the users to the other", "message", lanes(buildChat)},
	{"idle", "sessions that do nothing: memory for each", "session", runIdle},
	{"login", "connect, protect, authenticate, bind, and leave", "login", runLogins},
	{"presence", "presence updates among users with mutual contacts", "delivery", lanes(buildPresence)},
	{"muc", "messages fanned out in chat rooms (XEP-0045)", "delivery", lanes(buildRooms)},
	{"roster", "roster fetches", "fetch", lanes(buildRosters)},
	{"mam", "pages read from archives (XEP-0313)", "page", lanes(buildArchives)},
	{"start", "the time from the start of the server's process to the first login, and its memory then", "start", runStart},
	{"mixed", "a day in small: chat, presence, rosters, rooms, archives, and logins", "stanza", runMixed},
}

// ErrUnsupported says that the server lacks what a scenario needs.
var ErrUnsupported = errors.New("bench: the server does not do this")

// Run plays one scenario and returns what was measured. The error is ErrUnsupported when the server lacks what the
// scenario needs; lost or doubled stanzas are no error but part of the result.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	for i := range scenarios {
		if scenarios[i].Name == cfg.Scenario {
			return run(ctx, cfg, &scenarios[i])
		}
	}
	return nil, fmt.Errorf("bench: there is no scenario %q", cfg.Scenario)
}

func run(ctx context.Context, cfg Config, s *Scenario) (*Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l, err := newLoad(cfg)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, l.cut)
	defer stop()
	if cfg.Register {
		if err := l.registerAll(ctx); err != nil {
			return nil, err
		}
	}
	err = s.run(ctx, l)
	l.closeAll()
	if err != nil {
		return nil, err
	}
	return l.result(s), nil
}
