// Package register lets people make accounts, change their passwords and leave again, over XMPP itself (XEP-0077).
// Strangers may register only where the operator opens the door; then it is bounded by address.
//
// State in memory: how often each address has tried (rate.go), and the requests of accounts that are being removed, which
// are answered at the moment when there is no way back. Start reading at guest and own.
package register

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/spec"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/forms"
	wire "github.com/stonechat-im/stonechat/xep/register"
)

// Def is the module.
var Def = kit.Define(kit.Info{
	Name:  "register",
	Specs: []spec.Spec{{XEP: 77, Version: "2.4", Status: spec.Complete, Since: "0.1"}},
	Host:  []string{wire.NS},
}, Config{
	Password: true,
	Remove:   true,
	Hourly:   5,
	Reserved: []string{"abuse", "admin", "administrator", "hostmaster", "postmaster", "root", "security", "support", "webmaster", "xmpp"},
}, New)

// Config is the [register] section.
type Config struct {
	// Open lets strangers make accounts.
	Open bool
	// Hourly is how often one address (an IPv6 /64) may try to make an account within an hour.
	Hourly int
	// Reserved are names that strangers do not get.
	Reserved []string
	// Password lets people change their passwords.
	Password bool
	// Remove lets people remove their accounts.
	Remove bool
}

type module struct {
	env  *kit.Env
	cfg  Config
	rate rate

	mu      sync.Mutex
	leaving map[jid.Bare]*kit.IQ // accounts whose removal has been asked for and not yet happened
}

// New ties the module into a realm.
func New(env *kit.Env, cfg Config) (kit.Module, error) {
	m := &module{env: env, cfg: cfg, leaving: make(map[jid.Bare]*kit.IQ)}
	if cfg.Open {
		kit.ServeGuests(env, kit.GuestFeature{
			Takes:     (*wire.Query)(nil).Name(),
			Advertise: func(_ *kit.Guest, w *elem.Writer) { w.Elem(wire.NSFeature, "register", "") },
			Answer:    m.guest,
		})
	}
	for _, target := range []kit.Target{kit.Server, kit.OwnAccount} {
		kit.HandleIQ(env, target, stanza.Get, m.registered)
		kit.HandleIQ(env, target, stanza.Set, m.own)
	}
	kit.Tell(env, &env.Points.Removed, m.removed)
	return m, nil
}

// blank is what there is to fill in (§3.1).
func blank(instructions, username string) *wire.Query {
	none := ""
	form := forms.New(forms.Ask, wire.NS)
	form.Instructions = instructions
	user := forms.Field{Var: "username", Type: forms.TextSingle, Label: "User name", Required: true}
	if username != "" {
		user.Values = []string{username}
	}
	form.Add(user, forms.Field{Var: "password", Type: forms.TextPrivate, Label: "Password", Required: true})
	return &wire.Query{Instructions: instructions, Username: &username, Password: &none, Form: form}
}

// guest answers clients that have not logged in.
func (m *module) guest(ctx context.Context, g *kit.Guest, typ stanza.Type, payload elem.Elem) (stanza.Payload, error) {
	q := new(wire.Query)
	if err := q.Decode(payload); err != nil {
		return nil, stanza.BadRequest.With(err.Error())
	}
	switch {
	case typ == stanza.Get:
		return blank("Choose a user name and a password.", ""), nil
	case typ != stanza.Set:
		return nil, stanza.BadRequest
	case q.Remove: // §3.2: there is nobody to remove yet
		return nil, stanza.UnexpectedRequest.With("log in first")
	}
	username, password := q.Filled()
	account, err := jid.NewBare(username, g.Domain)
	switch {
	case err != nil || account.Local() == "":
		return nil, stanza.NotAcceptable.With("the user name has characters that are not allowed")
	case password == "":
		return nil, stanza.NotAcceptable.With("a password is needed")
	case slices.Contains(m.cfg.Reserved, account.Local()):
		return nil, stanza.Conflict.With("that name is reserved")
	case !m.rate.allow(kit.AddressKey(g.Addr), m.cfg.Hourly): // §3.1.1
		return nil, stanza.NotAcceptable.With("too many registrations from your address; try again in an hour").WithType(stanza.Wait)
	}
	return nil, m.create(ctx, account.Clone(), password, g)
}

func (m *module) create(ctx context.Context, account jid.Bare, password string, g *kit.Guest) error {
	taken, err := m.env.Accounts.Exists(ctx, account) // before the work of deriving keys
	if err == nil && !taken {
		taken, err = m.env.Accounts.Tombstone(ctx, account)
	}
	if err != nil {
		return err
	}
	if !taken {
		err = m.env.Accounts.Create(ctx, account, password)
	}
	switch {
	case taken, errors.Is(err, kit.ErrAccountExists):
		return stanza.Conflict.With("that name is taken")
	case errors.Is(err, kit.ErrBadPassword):
		return stanza.NotAcceptable.With(kit.ErrBadPassword.Error())
	case err == nil:
		m.env.Log.Info("somebody registered", "jid", account, "addr", g.Addr)
	}
	return err
}

// who is the account that sends a request to the host or to itself. Registering with a server is for those who have not
// logged in; other servers' users have nothing to register here.
func (m *module) who(iq *kit.IQ) (jid.Bare, error) {
	account := iq.From.Bare()
	if account.Domain() != iq.Domain || account.Local() == "" {
		return account, stanza.NotAllowed.With("only accounts of " + iq.Domain + " are registered here")
	}
	return account, nil
}

func (m *module) registered(_ context.Context, iq *kit.IQ, _ *wire.Query) (stanza.Payload, error) {
	account, err := m.who(iq)
	if err != nil {
		return nil, err
	}
	q := blank("You are registered. You can change your password here.", account.Local())
	q.Registered = true
	return q, nil
}

// own changes the password of an account, or removes it.
func (m *module) own(ctx context.Context, iq *kit.IQ, q *wire.Query) (stanza.Payload, error) {
	account, err := m.who(iq)
	if err != nil {
		return nil, err
	}
	if q.Remove {
		return m.remove(context.WithoutCancel(ctx), account.Clone(), iq, q)
	}
	username, password := q.Filled()
	switch {
	case !m.cfg.Password:
		return nil, stanza.NotAllowed.With("passwords are not changed here")
	case password == "": // §3.3: the old one stays
		return nil, stanza.BadRequest.With("a password is needed")
	case username != "" && !names(username, account): // §3.1.1: no second identity
		return nil, stanza.NotAcceptable.With("that is not your user name")
	}
	switch err := m.env.Accounts.SetPassword(ctx, account, password); {
	case errors.Is(err, kit.ErrBadPassword):
		return nil, stanza.NotAcceptable.With(kit.ErrBadPassword.Error())
	case errors.Is(err, kit.ErrNoAccount): // an anonymous one
		return nil, stanza.NotAllowed.With("this account has no password")
	default:
		return nil, err
	}
}

// names says whether a user name, or a whole address, is that of an account.
func names(username string, account jid.Bare) bool {
	if b, err := jid.NewBare(username, account.Domain()); err == nil {
		return b == account
	}
	b, err := jid.ParseBare(username)
	return err == nil && b == account
}

// remove removes an account (§3.2). The result has to be on its way before the sessions end, and must not be before the
// removal is durable: so it is sent from removed, in between.
func (m *module) remove(ctx context.Context, account jid.Bare, iq *kit.IQ, q *wire.Query) (stanza.Payload, error) {
	alone := *q
	alone.Remove = false
	switch {
	case alone != (wire.Query{}):
		return nil, stanza.BadRequest.With("remove stands alone")
	case !m.cfg.Remove:
		return nil, stanza.NotAllowed.With("accounts are not removed here")
	}
	m.mu.Lock()
	_, twice := m.leaving[account]
	if !twice {
		m.leaving[account] = iq
	}
	m.mu.Unlock()
	if twice {
		return nil, stanza.Conflict.With("the account is being removed")
	}
	err := m.env.Accounts.Remove(ctx, account)
	if m.take(account) == nil { // answered
		if err != nil {
			m.env.Log.Error("erasing what a removed account had stored", "jid", account, "err", err)
		}
		return nil, kit.Later
	}
	if errors.Is(err, kit.ErrNoAccount) {
		return nil, stanza.RegistrationRequired
	}
	return nil, err
}

// take returns the request to remove an account, once.
func (m *module) take(account jid.Bare) *kit.IQ {
	m.mu.Lock()
	defer m.mu.Unlock()
	iq := m.leaving[account]
	delete(m.leaving, account)
	return iq
}

// removed is told between the removal and the end of the sessions.
func (m *module) removed(ctx context.Context, ev *kit.AccountEvent) {
	if iq := m.take(ev.Account); iq != nil {
		m.env.Log.Info("an account was removed by its owner", "jid", ev.Account)
		m.env.Router.Route(ctx, iq.Reply(stanza.Result))
	}
}
