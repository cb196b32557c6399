package config

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/stonechat-im/stonechat/server/c2s"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/session"
)

// leastStanza is what RFC 6120 §13.12 demands; guests need room for a long SASL message.
const (
	leastStanza = 10000
	leastGuest  = 4096
)

func limitsFrom(l c2s.Limits) Limits {
	return Limits{
		Stanza:       kit.Size(l.Element),
		GuestElement: kit.Size(l.GuestBytes),
		Negotiation:  kit.Duration(l.Negotiation),
		PerAddress:   l.PerAddress,
		Guests:       l.Guests,
		Sessions:     l.Sessions,
		Rate:         kit.Size(l.Rate),
		Burst:        kit.Size(l.Burst),
		Ping:         kit.Duration(l.Ping),
		Pong:         kit.Duration(l.Pong),
		Resume:       kit.Duration(l.Resume),
		Queue:        kit.Size(l.Session.QueueBytes),
		Unacked:      l.Session.Unacked,
		SpoolAfter:   kit.Duration(l.Session.SpoolAfter),
		Write:        kit.Duration(l.Session.Write),
		Goodbye:      kit.Duration(l.Session.Goodbye),
	}
}

func (l *Limits) c2s() c2s.Limits {
	return c2s.Limits{
		Element:     int(l.Stanza),
		GuestBytes:  int(l.GuestElement),
		Negotiation: time.Duration(l.Negotiation),
		PerAddress:  l.PerAddress,
		Guests:      l.Guests,
		Sessions:    l.Sessions,
		Rate:        int64(l.Rate),
		Burst:       int64(l.Burst),
		Ping:        time.Duration(l.Ping),
		Pong:        time.Duration(l.Pong),
		Resume:      time.Duration(l.Resume),
		Session: session.Limits{
			QueueBytes: int(l.Queue),
			Unacked:    l.Unacked,
			SpoolAfter: time.Duration(l.SpoolAfter),
			Write:      time.Duration(l.Write),
			Goodbye:    time.Duration(l.Goodbye),
		},
	}
}

// Check implements kit.Checker.
func (l Limits) Check() error {
	const most = 1 << 30
	for _, x := range []struct {
		key         string
		value       int64
		least, most int64
	}{
		{"stanza", int64(l.Stanza), leastStanza, most},
		{"guest_element", int64(l.GuestElement), leastGuest, most},
		{"per_address", int64(l.PerAddress), 1, most},
		{"guests", int64(l.Guests), 1, most},
		{"sessions", int64(l.Sessions), 1, most},
		{"queue", int64(l.Queue), int64(l.Stanza), most},
		{"unacked", int64(l.Unacked), 1, most},
	} {
		if x.value < x.least || x.value > x.most {
			return &kit.ConfigError{Key: x.key, Text: fmt.Sprintf("expected %d to %d, found %d", x.least, x.most, x.value)}
		}
	}
	if l.Rate > 0 && l.Burst < l.Stanza {
		return &kit.ConfigError{Key: "burst", Text: "is less than one stanza"}
	}
	for _, x := range []struct {
		key   string
		value kit.Duration
	}{
		{"negotiation", l.Negotiation}, {"ping", l.Ping}, {"pong", l.Pong}, {"spool_after", l.SpoolAfter},
		{"write", l.Write}, {"goodbye", l.Goodbye},
	} {
		if x.value <= 0 {
			return &kit.ConfigError{Key: x.key, Text: "must be more than nothing"}
		}
	}
	return nil
}

// UnmarshalText reads a level.
func (l *Level) UnmarshalText(b []byte) error {
	for _, known := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if string(b) == strings.ToLower(known.String()) {
			*l = Level(known)
			return nil
		}
	}
	return fmt.Errorf("expected debug, info, warn or error, found %q", b)
}

// MarshalText writes the level as it is read.
func (l Level) MarshalText() ([]byte, error) {
	return []byte(strings.ToLower(slog.Level(l).String())), nil
}

// Level implements slog.Leveler.
func (l Level) Level() slog.Level { return slog.Level(l) }
