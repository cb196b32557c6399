// Package muc serves rooms: Multi-User Chat (XEP-0045) on a subdomain, with the additions that clients of today rely on.
//
// The core knows rooms, occupants, affiliations and how to tell everybody; of settings it knows nothing. Each setting or
// feature is a file of its own, whose add function joins the module's own points (points.go): it offers fields of the
// configuration form, features and fields of service discovery, and has its say when somebody enters, speaks, or changes
// the configuration. features.go lists them. Start reading at room.go, then enter.go, message.go and one feature, such as
// membersonly.go.
//
// State. A service keeps its rooms in shards (service.go): a slot for each room that exists, and the Room itself while
// somebody uses it. A persistent room lies in the store (store.go) and is loaded at its first use; when it has been idle
// for a while it is let go of again. A temporary room is in memory alone, with its archive in the store as long as it lives.
//
// Locks. A Room has one lock, which guards all of it, the state of features included. Under it nothing waits: what is to
// be sent is appended to the room's outbox, what is to be stored is queued with the store's writer, which holds its order
// (and makes the room wait only when thousands of writes are queued already). When the lock is released, whoever released
// it carries the outbox out, unless somebody else is at it already (outbox.go). So what a room sends arrives in one order
// for all, no lock is held while the router runs, and an error that comes back while a message is being delivered finds
// the room free. Answers to requests go through the outbox as well, behind what they caused, once the store has committed
// what they confirm. A shard's lock may be taken under a room's, never the other way round.
package muc

import (
	"context"
	"hash/maphash"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/muc"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name: "muc",
	Specs: []spec.Spec{
		{XEP: 45, Version: "1.35.5", Status: spec.Complete, Since: "0.1"},
		{XEP: 249, Version: "1.2", Status: spec.Complete, Since: "0.1"},
		{XEP: 317, Version: "0.3.1", Status: spec.Complete, Since: "0.1"},
		{XEP: 313, Version: "1.1.3", Status: spec.Complete, Since: "0.1", Note: "the archives of rooms"},
		{XEP: 359, Version: "0.7.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 410, Version: "1.1.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 421, Version: "1.0.1", Status: spec.Complete, Since: "0.1"},
		{XEP: 424, Version: "0.4.2", Status: spec.Complete, Since: "0.1", Note: "in rooms"},
		{XEP: 425, Version: "0.3.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 486, Version: "0.1.0", Status: spec.Complete, Since: "0.1"},
		{XEP: 500, Version: "0.1.1", Status: spec.Complete, Since: "0.1"},
		{XEP: 502, Version: "0.1.0", Status: spec.Complete, Since: "0.1"},
	},
}, Config{
	Host: "conference", Name: "Rooms", Create: Local, RoomsPerUser: 100,
	MaxUsers: 500, DefaultUsers: 100, MessageSize: 64 << 10, PresenceSize: 8 << 10, SubjectSize: 2 << 10,
	UserRate: 5, RoomRate: 50, History: 20, MaxHistory: 100, Public: true, Idle: kit.Duration(10 * time.Minute),
}, New)

// Who may create rooms.
const (
	Everybody = "everybody"
	Local     = "local"
	Admins    = "admins"
)

// Config is the [muc] section.
type Config struct {
	// Host is the subdomain that rooms are at: conference stands for conference.DOMAIN.
	Host string
	// Name is what the service calls itself in lists.
	Name string
	// Create says who may create rooms: everybody, local (accounts of this server), or admins (operators).
	Create string
	// RoomsPerUser is how many rooms one user may have created at a time; operators as many as they like.
	RoomsPerUser int
	// MaxUsers is the most occupants that any room may be configured for. Admins of a full room can enter some more.
	MaxUsers int
	// DefaultUsers is how many occupants a new room takes.
	DefaultUsers int
	// MessageSize is the largest message that a room takes.
	MessageSize kit.Size
	// PresenceSize is the largest presence that a room takes.
	PresenceSize kit.Size
	// SubjectSize is the longest subject that a room takes.
	SubjectSize kit.Size
	// UserRate is how many messages and presence changes per second one user may send to a room, over some seconds.
	UserRate int
	// RoomRate is how many messages and presence changes per second a room takes from all users, over some seconds.
	RoomRate int
	// History is how many messages somebody who enters gets, unless the room says otherwise.
	History int
	// MaxHistory is the most messages that a room may be configured to send to somebody who enters.
	MaxHistory int
	// Retention is how long messages stay in the archives of rooms; 0s is for ever.
	Retention kit.Duration
	// Idle is how long after its last use a persistent room stays in memory.
	Idle kit.Duration

	// Persistent makes new rooms persistent unless their owner says otherwise.
	Persistent bool
	// Public lists new rooms for everybody.
	Public bool
	// MembersOnly makes new rooms members-only.
	MembersOnly bool
	// Moderated makes new rooms moderated.
	Moderated bool
	// NonAnonymous shows the addresses of the occupants of new rooms to all occupants.
	NonAnonymous bool
}

// Check implements kit.Checker.
func (c Config) Check() error {
	for key, n := range map[string]int{"rooms_per_user": c.RoomsPerUser, "max_users": c.MaxUsers, "default_users": c.DefaultUsers,
		"user_rate": c.UserRate, "room_rate": c.RoomRate, "message_size": int(c.MessageSize), "presence_size": int(c.PresenceSize),
		"subject_size": int(c.SubjectSize), "idle": int(c.Idle)} {
		if n < 1 {
			return &kit.ConfigError{Key: key, Text: "must be at least 1"}
		}
	}
	switch {
	case c.Host == "" || strings.Contains(c.Host, " "):
		return &kit.ConfigError{Key: "host", Text: "is no subdomain"}
	case !slices.Contains([]string{Everybody, Local, Admins}, c.Create):
		return &kit.ConfigError{Key: "create", Text: "is one of everybody, local and admins"}
	case c.DefaultUsers > c.MaxUsers:
		return &kit.ConfigError{Key: "default_users", Text: "is more than max_users"}
	case c.History < 0 || c.History > c.MaxHistory:
		return &kit.ConfigError{Key: "history", Text: "is more than max_history"}
	}
	return nil
}

// module is the service of one realm.
type module struct {
	env      *kit.Env
	cfg      Config
	log      *slog.Logger
	svc      *kit.Service
	points   points
	settings []setting
	store    storage
	archive  store.Log // what was said: room → messages
	past     *local[history]
	paces    *local[pace]
	seed     maphash.Seed
	shards   [shardCount]shard
	indexing sync.Mutex  // held while the shards are filled from the store
	indexed  atomic.Bool // they have been
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{env: env, cfg: cfg, log: env.Log, store: openStorage(env.Store),
		archive: store.OpenLog(env.Store, "muc-archive", store.LogOptions{}), past: new(local[history]), paces: new(local[pace]), seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].slots = make(map[jid.Bare]*slot)
	}
	m.svc = kit.Serve(env, cfg.Host, cfg.Name, m.handle)
	kit.Tell(env, &env.Points.Stopping, m.stopping)
	m.handleRequests()
	m.addFeatures()
	m.points.freeze(func(owner string, err error) { m.log.Error("a copy went wrong", "feature", owner, "err", err) })
	return m, nil
}

// Run lists the rooms there are, lets go of those that nobody uses, and trims archives, until ctx ends.
func (m *module) Run(ctx context.Context) error {
	if err := m.tidy(ctx); err != nil {
		return err
	}
	m.trim(ctx)
	sweep := time.NewTicker(time.Minute)
	defer sweep.Stop()
	trim := time.NewTicker(time.Hour)
	defer trim.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sweep.C:
			m.sweep(time.Now())
		case <-trim.C:
			m.trim(ctx)
		}
	}
}

// handle takes what is sent to the service and no table of requests takes (kit.Serve).
func (m *module) handle(ctx context.Context, s *stanza.Stanza) {
	switch {
	case s.To.Local() == "":
		m.toService(ctx, s)
	case s.Kind == stanza.Presence:
		m.presence(ctx, s)
	case s.Kind == stanza.Message:
		m.message(ctx, s)
	case s.Type == stanza.Get || s.Type == stanza.Set:
		m.passIQ(ctx, s)
	}
}

// toService deals with what is addressed to the service itself: it takes part in no conversation.
func (m *module) toService(ctx context.Context, s *stanza.Stanza) {
	switch {
	case s.Type == stanza.TypeError, s.Kind == stanza.IQ && s.Type == stanza.Result:
	case s.Kind == stanza.Presence && s.Type != stanza.Subscribe:
	default:
		m.refuse(ctx, s, stanza.ServiceUnavailable)
	}
}

// refuse sends an error back. Errors that answer messages and presence name the room as their author, and those that answer
// presence have an empty x, by which clients know that their entering failed (XEP-0045#enter-pw).
func (m *module) refuse(ctx context.Context, s *stanza.Stanza, err error) {
	se, meant := stanza.AsError(err)
	if !meant {
		m.log.Error("a room failed", "to", s.To, "from", s.From, "id", s.ID, "err", err)
	}
	if b := m.errorFor(s, se); b != nil {
		m.env.Router.Route(ctx, b)
	}
}

func (m *module) errorFor(s *stanza.Stanza, se *stanza.Error) *stanza.Stanza {
	if s.Kind != stanza.IQ && se.By == "" {
		c := *se
		c.By = s.To.Bare().String()
		se = &c
	}
	b := s.Bounce(se)
	if b != nil && s.Kind == stanza.Presence {
		b = b.WithFirst(&wire.Join{})
	}
	return b
}

// isOperator says whether somebody runs this server; operators are owners of every room.
func (m *module) isOperator(b jid.Bare) bool { return m.env.Operator.IsAdmin(b) }

// mayCreate says why somebody may not create a room (XEP-0045#createroom-general).
func (m *module) mayCreate(by jid.Bare) error {
	switch {
	case m.isOperator(by), m.cfg.Create == Everybody, m.cfg.Create == Local && m.env.Serves(by.Domain()):
	default:
		return stanza.NotAllowed.With("you may not create rooms here")
	}
	if !m.isOperator(by) && m.created(by) >= m.cfg.RoomsPerUser {
		return stanza.ResourceConstraint.With("you have as many rooms as one may have here")
	}
	return nil
}

var _ kit.Runner = (*module)(nil)

// affiliationOf is what the room's list says, or operators' power over every room.
func (r *Room) affiliationOf(b jid.Bare) wire.Affiliation {
	if r.m.isOperator(b) {
		return wire.Owner
	}
	if a, ok := r.affiliations[b]; ok {
		return a.Affiliation
	}
	if r.affiliations[b.DomainBare()].Affiliation == wire.Outcast { // XEP-0045#modifyban: a domain is banned as a whole
		return wire.Outcast
	}
	return wire.NoAffiliation
}
