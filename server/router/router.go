// Package router takes stanzas to where they are addressed. deliver.go is RFC 6121 §8.5 on one page; iq.go answers
// requests from the realms' tables.
//
// A Router owns nothing but its table of hosts, which is fixed at start, and the requests that the server itself has
// asked (ask.go).
package router

import (
	"context"
	"log/slog"
	"sync"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/session"
	"github.com/stonechat-im/stonechat/stanza"
)

// Remote takes stanzas for domains that are not ours: federation, and components.
type Remote interface {
	// Forward queues s, or bounces it now or later. ok is false when it knows no way at all.
	Forward(ctx context.Context, s *stanza.Stanza) (ok bool)
}

// Router implements kit.Router for all realms of a server.
type Router struct {
	Table  *session.Table
	Remote Remote // nil: there is nobody beyond this server
	Log    *slog.Logger

	hosts map[string]host
	asks  asks
}

// host is what a domain of ours is: a realm's domain, or a service below one.
type host struct {
	realm   *kit.Realm
	service *kit.Service // nil for the domain itself
}

// New makes a router with no hosts.
func New(t *session.Table, log *slog.Logger) *Router {
	return &Router{Table: t, Log: log, hosts: make(map[string]host)}
}

// AddRealm adds a realm's domains and the services below them, before the server starts.
func (r *Router) AddRealm(realm *kit.Realm) {
	for _, d := range realm.Domains {
		r.hosts[d] = host{realm: realm}
		for prefix, s := range realm.Services() {
			r.hosts[prefix+"."+d] = host{realm, s}
		}
	}
}

// Realm returns the realm whose domain d is; nil when it is none, or a service.
func (r *Router) Realm(d string) *kit.Realm {
	if h := r.hosts[d]; h.service == nil {
		return h.realm
	}
	return nil
}

// Local implements kit.Router.
func (r *Router) Local(domain string) bool {
	_, ok := r.hosts[domain]
	return ok
}

// Sessions implements kit.Router.
func (r *Router) Sessions(b jid.Bare) []kit.Session { return r.Table.Shown(b) }

// Session implements kit.Router.
func (r *Router) Session(full jid.Full) (kit.Session, bool) {
	if s := r.Table.Find(full); s != nil {
		return s, true
	}
	return nil, false
}

// EachSession implements kit.Router.
func (r *Router) EachSession(f func(kit.Session) bool) {
	r.Table.Each(func(s *session.Session) bool { return f(s) })
}

// Route implements kit.Router.
func (r *Router) Route(ctx context.Context, s *stanza.Stanza) {
	h, ours := r.hosts[s.To.Domain()]
	switch {
	case !ours:
		if r.Remote == nil || !r.Remote.Forward(ctx, s) {
			r.bounce(ctx, s, stanza.RemoteServerNotFound.With("this server has no way to "+s.To.Domain()))
		}
	case s.Kind == stanza.IQ && (s.Type == stanza.Result || s.Type == stanza.TypeError) && r.asks.answer(s):
	case h.service != nil:
		r.toService(ctx, h, s)
	case s.To.Local() == "":
		r.toHost(ctx, h.realm, s)
	default:
		r.toAccount(ctx, h.realm, s)
	}
}

// bounce sends an error back, where one may be sent (RFC 6120 §8.3.1).
func (r *Router) bounce(ctx context.Context, s *stanza.Stanza, err *stanza.Error) {
	if b := s.Bounce(err); b != nil && !b.To.IsZero() {
		r.Route(ctx, b)
	}
}

// toHost deals with stanzas to a domain of ours itself (RFC 6120 §10.5.1, §10.5.2).
func (r *Router) toHost(ctx context.Context, realm *kit.Realm, s *stanza.Stanza) {
	switch {
	case s.Kind == stanza.IQ && s.To.IsBare():
		r.answer(ctx, realm, kit.Server, s)
	case s.Kind == stanza.Presence:
		// nobody is subscribed to a host, and a host to nobody
	default:
		r.bounce(ctx, s, stanza.ServiceUnavailable.With(""))
	}
}

func (r *Router) toService(ctx context.Context, h host, s *stanza.Stanza) {
	if s.Kind == stanza.IQ && s.To.IsBare() && (s.Type == stanza.Get || s.Type == stanza.Set) {
		target := h.service.Self()
		if s.To.Local() != "" {
			target = h.service.Node()
		}
		if run, owner, known := h.realm.IQHandler(target, s.Type, s.Payload().Name()); known {
			r.run(ctx, h.realm, target, run, owner, s)
			return
		}
	}
	h.service.Handle(ctx, s)
}

var toAccounts = sync.Pool{New: func() any { return new(kit.ToAccount) }}
