package kit

import (
	"context"
	"errors"
	"fmt"

	"github.com/stonechat-im/stonechat/elem"
	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
)

// Target is whom a request is addressed to.
type Target struct {
	service string
	part    part
}

type part uint8

const (
	server part = iota
	account
	ownAccount
	nobody
	serviceSelf
	serviceNode
)

// The targets of requests to a realm's domains. Those of a service are Service.Self and Service.Node.
var (
	Server     = Target{part: server}     // the domain itself
	Account    = Target{part: account}    // an account's bare address, from anybody (RFC 6121 §8.5.1, §8.5.2.1.3)
	OwnAccount = Target{part: ownAccount} // the sender's own account: no address, or his own bare one (RFC 6120 §10.3.3)
	NoAccount  = Target{part: nobody}     // the bare address of an account that does not exist, where the answer must not say so
)

func (t Target) String() string {
	switch t.part {
	case server:
		return "host"
	case account:
		return "account"
	case ownAccount:
		return "own account"
	case nobody:
		return "no account"
	case serviceSelf:
		return t.service
	}
	return "node@" + t.service
}

// IQ is a request as its handler sees it.
type IQ struct {
	*stanza.Stanza
	Session Session  // the session that asks; nil for requests from elsewhere
	Account jid.Bare // the account that is asked (Account, OwnAccount)
	Domain  string   // the domain that is asked
	after   []func()
}

// After runs f when the answer has been queued: pushes and notifications that must not overtake it.
func (q *IQ) After(f func()) { q.after = append(q.after, f) }

// Ran runs what After collected; the router calls it.
func (q *IQ) Ran() {
	for _, f := range q.after {
		f()
	}
	q.after = nil
}

// Later is what a handler returns when it has taken over answering: it must send exactly one result or error itself.
var Later = errors.New("kit: answered later")

// RawHandler answers a request. A nil payload makes an empty result. An error that is a *stanza.Error or a condition goes
// back as it is; any other is logged and answered internal-server-error.
type RawHandler func(ctx context.Context, iq *IQ, payload elem.Elem) (stanza.Payload, error)

type iqKey struct {
	target Target
	typ    stanza.Type
	name   elem.Name
}

type iqEntry struct {
	owner string
	run   RawHandler
}

// HandleIQ answers requests of type typ (stanza.Get or stanza.Set) to target whose payload is a P. The payload is decoded
// first; one that cannot be is answered with the error of Decode, or bad-request.
func HandleIQ[T any, P stanza.Decoder[T]](env *Env, target Target, typ stanza.Type, h func(ctx context.Context, iq *IQ, req P) (stanza.Payload, error)) {
	HandleRawIQ(env, target, typ, P(new(T)).Name(), func(ctx context.Context, iq *IQ, e elem.Elem) (stanza.Payload, error) {
		req := P(new(T))
		if err := req.Decode(e); err != nil {
			if se, ok := stanza.AsError(err); ok {
				return nil, se
			}
			return nil, stanza.BadRequest.With(err.Error())
		}
		return h(ctx, iq, req)
	})
}

// HandleRawIQ is HandleIQ for handlers that read the element themselves.
func HandleRawIQ(env *Env, target Target, typ stanza.Type, name elem.Name, h RawHandler) {
	if env.iqs == nil {
		env.iqs = make(map[iqKey]iqEntry)
	}
	k := iqKey{target, typ, name}
	if other, ok := env.iqs[k]; ok {
		env.Problem("answers %s {%s}%s to %v, and so does module %s", typ, name.Space, name.Local, target, other.owner)
		return
	}
	env.iqs[k] = iqEntry{env.Name, h}
}

// IQHandler finds who answers; the router calls it. known says that the payload is understood at that target, but not with
// this type.
func (r *Realm) IQHandler(target Target, typ stanza.Type, name elem.Name) (h RawHandler, owner string, known bool) {
	if e, ok := r.iqs[iqKey{target, typ, name}]; ok {
		return e.run, e.owner, true
	}
	other := stanza.Get
	if typ == stanza.Get {
		other = stanza.Set
	}
	_, known = r.iqs[iqKey{target, other, name}]
	return nil, "", known
}

// IQList describes the table of requests, for documents.
func (r *Realm) IQList() []string {
	var out []string
	for k, e := range r.iqs {
		out = append(out, fmt.Sprintf("%v\t%s\t{%s}%s\t%s", k.target, k.typ, k.name.Space, k.name.Local, e.owner))
	}
	return out
}

// Service is a subdomain that a module answers for, such as conference.DOMAIN.
type Service struct {
	Prefix  string // "conference"
	Name    string // for people, in disco#items of the host
	owner   string
	handler func(ctx context.Context, s *stanza.Stanza)
}

// Serve takes over prefix.DOMAIN for each domain of the realm. handler gets the messages, presence and IQs to it that no
// HandleIQ of Self or Node takes; requests it must answer itself.
func Serve(env *Env, prefix, name string, handler func(ctx context.Context, s *stanza.Stanza)) *Service {
	s := &Service{prefix, name, env.Name, handler}
	if env.services == nil {
		env.services = make(map[string]*Service)
	}
	if other, ok := env.services[prefix]; ok {
		env.Problem("serves %s.DOMAIN, and so does module %s", prefix, other.owner)
		return s
	}
	env.services[prefix] = s
	return s
}

// Services lists the subdomains that modules have taken over, by prefix.
func (r *Realm) Services() map[string]*Service { return r.services }

// Self is the service's own address.
func (s *Service) Self() Target { return Target{s.Prefix, serviceSelf} }

// Node is any bare address with a local part at the service.
func (s *Service) Node() Target { return Target{s.Prefix, serviceNode} }

// Handle hands a stanza to the service; the router calls it.
func (s *Service) Handle(ctx context.Context, st *stanza.Stanza) { s.handler(ctx, st) }
