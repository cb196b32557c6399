// Package config reads the configuration of a server: one TOML file (v1.0), strictly. Whatever is wrong in it is reported with
// file, line and key, all of it at once; an unknown key is an error that names the nearest known one.
//
// The keys are the fields of the Go structs here and of the modules' Config types, in snake_case; defaults are Go values.
// What stands at the top of the file (admins, plain, module sections, …) holds for every [[host]] that does not say otherwise:
//
//	domains = ["montague.example"]
//	admins = ["romeo@montague.example"]
//
//	[offline]
//	max_messages = 100
//
// The package holds no state. Folders below it: certs keeps the certificates that are shown, datadir the data folder.
// Start reading at Load, then toml.go (file → tree with lines) and decode.go (tree → Go values).
package config

import (
	"crypto/tls"
	"log/slog"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/run"
)

// File is a whole configuration, checked: what the program itself needs, and run.Config for the server.
type File struct {
	Path         string // of the file; "" for the defaults
	Data         string // data folder
	Log          Log
	Certificates []tls.Certificate // those of [tls]; none: a self-made one is to be used
	Run          run.Config
}

// Domains lists the domains of all hosts.
func (f *File) Domains() []string {
	var all []string
	for _, r := range f.Run.Realms {
		all = append(all, r.Domains...)
	}
	return all
}

// top is the file without its modules and hosts.
type top struct {
	// Data is the folder with everything that the server keeps.
	Data   string
	Log    Log
	Listen Listen
	TLS    TLS
	Limits Limits
	Host
}

// Log is the [log] section.
type Log struct {
	// Level is the least that is logged: debug, info, warn or error.
	Level Level
	// Format is "text" for people or "json" for programs.
	Format string
}

// Listen is the [listen] section: where clients connect. Addresses are "host:port"; without a host, all addresses of the machine.
type Listen struct {
	// Client takes connections that begin in the clear and turn TLS on (STARTTLS, RFC 6120 §5); usually port 5222.
	Client []string
	// ClientTLS takes connections that begin with TLS (XEP-0368); usually port 5223.
	ClientTLS []string
	// Plaintext lets clients log in without TLS. Only with loopback addresses.
	Plaintext bool
}

// TLS is the [tls] section. A SIGHUP reads the files again. Paths are relative to the configuration file.
type TLS struct {
	// Certificate lists certificates: [[tls.certificate]] sections with file and key. Without one, the server makes its own,
	// which clients will warn of.
	Certificate []Pair
	// ClientCA is a PEM file with the authorities whose client certificates may log in (SASL EXTERNAL, XEP-0178).
	ClientCA string
}

// Pair is one [[tls.certificate]].
type Pair struct {
	// File is a PEM file with the certificate, followed by those between it and the authority.
	File string
	// Key is the PEM file with its private key; the certificate's own file when absent.
	Key string
}

// Host is a set of domains with the same options: a [[host]] section, or the top of the file where there is only one.
type Host struct {
	// Domains are served, each with its own accounts.
	Domains []string
	// Admins are accounts that may run administrative commands.
	Admins []jid.Bare
	// Plain offers SASL PLAIN, under TLS alone, to clients that cannot do SCRAM. The server then sees their passwords, for a
	// moment; it never keeps them.
	Plain bool
	// Anonymous lets anybody in without an account, and nobody with one (XEP-0175).
	Anonymous bool
	// Without lists modules that are off.
	Without []string
}

// Level is a log level.
type Level slog.Level

// Limits is the [limits] section: what one client may cost the server.
type Limits struct {
	// Stanza is the largest stanza after login; at least 10000 bytes (RFC 6120 §13.12).
	Stanza kit.Size
	// GuestElement is the largest element before login.
	GuestElement kit.Size
	// Negotiation is the time from connecting to a bound resource.
	Negotiation kit.Duration
	// PerAddress is how many connections may come from one address (an IPv6 /64).
	PerAddress int
	// Guests is how many connections may be open that are not logged in, from all addresses.
	Guests int
	// Sessions is how many sessions an account may have.
	Sessions int
	// Rate is how many bytes a second a session may send over time; 0: any number.
	Rate kit.Size
	// Burst is how many bytes it may send at once.
	Burst kit.Size
	// Ping is the silence after which a client is asked whether it is there.
	Ping kit.Duration
	// Pong is the silence after that which ends its stream.
	Pong kit.Duration
	// Resume is how long a broken session can be resumed (XEP-0198).
	Resume kit.Duration
	// Queue is how many bytes may wait for a client that does not read.
	Queue kit.Size
	// Unacked is how many stanzas a client may leave unacknowledged.
	Unacked int
	// SpoolAfter is how long an acknowledgement waits for the recipient's before the message is stored instead.
	SpoolAfter kit.Duration
	// Write is how long one write to a client may take.
	Write kit.Duration
	// Goodbye is how long a client has to end its side of a stream that the server ended.
	Goodbye kit.Duration
}

// defaults is a file that says nothing: any machine may connect. Where there is no file, see Default.
func defaults() top {
	return top{
		Data:   "stonechat-data",
		Log:    Log{Level: Level(slog.LevelInfo), Format: "text"},
		Listen: Listen{Client: []string{":5222"}, ClientTLS: []string{":5223"}},
		Limits: limitsFrom(run.DefaultLimits()),
		Host:   Host{Plain: true},
	}
}

// Default is the configuration of a server to try out: localhost on loopback, ports 5222 and 5223, data in
// ./localhost-data. Nothing else is needed.
func Default() *File {
	t := defaults()
	return &File{
		Data: "localhost-data",
		Log:  Log{Level: Level(slog.LevelWarn), Format: "text"},
		Run: run.Config{
			Listen: run.Listen{Client: []string{"127.0.0.1:5222"}, ClientTLS: []string{"127.0.0.1:5223"}},
			Limits: t.Limits.c2s(),
			Realms: []run.Realm{{Domains: []string{"localhost"}, Plain: true}},
		},
	}
}
