package pep

import (
	"container/list"
	"context"
	"strings"
	"sync"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/stanza"
	"github.com/stonechat-im/stonechat/xep/caps"
	"github.com/stonechat-im/stonechat/xep/disco"
)

// wants are the nodes that a client wants to be notified of. It is not changed once it is made.
type wants map[string]bool

// maxWants is how many nodes one client may name, and maxName how long their names may be.
const (
	maxWants = 200
	maxName  = 256
)

// wantsOf reads them out of an answer to disco#info (XEP-0060#filtered-notifications).
func wantsOf(i *disco.Info) wants {
	out := make(wants)
	for _, f := range i.Features {
		if node, ok := strings.CutSuffix(f, "+notify"); ok && node != "" && len(node) <= maxName && len(out) < maxWants {
			out[strings.Clone(node)] = true
		}
	}
	return out
}

// capsOf reads what presence says; the zero Caps where it says nothing. Its strings are its own.
func capsOf(p *stanza.Stanza) caps.Caps {
	var c caps.Caps
	e := p.Child(caps.NS, "c")
	if !e.Ok() || c.Decode(e) != nil || len(c.Ver) > maxName || len(c.Node) > 4*maxName || len(c.Hash) > maxName {
		return caps.Caps{}
	}
	return caps.Caps{Hash: strings.Clone(c.Hash), Node: strings.Clone(c.Node), Ver: strings.Clone(c.Ver)}
}

// resolver finds out what capabilities stand for, by asking those who announce them, and remembers what has proved true
// (XEP-0115#ver-proc).
type resolver struct {
	router kit.Router
	most   int

	mu     sync.Mutex
	known  map[verified]*list.Element // of entry
	recent *list.List                 // the latest first
	asked  map[question][]func(wants)
}

// verified is a hash that was checked. Whose software it is does not matter: the hash covers all that counts.
type verified struct{ hash, ver string }

type entry struct {
	key  verified
	want wants
}

// question is one that is under way.
type question struct {
	who  jid.JID
	caps caps.Caps
}

func newResolver(r kit.Router, most int) *resolver {
	return &resolver{router: r, most: most, known: make(map[verified]*list.Element), recent: list.New(), asked: make(map[question][]func(wants))}
}

func keyOf(c *caps.Caps) verified { return verified{strings.ToLower(c.Hash), c.Ver} }

// look returns what is known already.
func (r *resolver) look(c *caps.Caps) (wants, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.known[keyOf(c)]
	if e == nil {
		return nil, false
	}
	r.recent.MoveToFront(e)
	return e.Value.(*entry).want, true
}

// resolve calls then with what c stands for: at once, or when who has answered the account. When there is no answer, or
// one that does not prove true, it is never called. One address is asked one thing once at a time.
func (r *resolver) resolve(ctx context.Context, account jid.Bare, who jid.JID, c caps.Caps, then func(wants)) {
	if w, ok := r.look(&c); ok {
		then(w)
		return
	}
	q := question{who.Clone(), c}
	r.mu.Lock()
	waiting, under := r.asked[q]
	r.asked[q] = append(waiting, then)
	r.mu.Unlock()
	if under {
		return
	}
	ask := stanza.New(stanza.IQ, stanza.Get, account.Clone().JID(), q.who, "", &disco.Info{Node: c.Query()})
	r.router.Ask(context.WithoutCancel(ctx), ask, func(answer *stanza.Stanza) { r.answered(q, answer) })
}

// answered takes an answer; nil for none.
func (r *resolver) answered(q question, answer *stanza.Stanza) {
	w, ok := read(&q.caps, answer)
	r.mu.Lock()
	waiting := r.asked[q]
	delete(r.asked, q)
	if ok && supported(&q.caps) {
		r.keep(keyOf(&q.caps), w)
	}
	r.mu.Unlock()
	if !ok {
		return
	}
	for _, then := range waiting {
		then(w)
	}
}

func supported(c *caps.Caps) bool {
	_, ok := caps.Supported(c.Hash)
	return ok
}

// read judges an answer. What cannot be checked is believed of whoever said it, and of nobody else.
func read(c *caps.Caps, answer *stanza.Stanza) (wants, bool) {
	if answer == nil || answer.Type != stanza.Result {
		return nil, false
	}
	var i disco.Info
	if i.Decode(answer.Child(disco.NSInfo, "query")) != nil {
		return nil, false
	}
	if err := caps.Verify(c, &i); err != nil && err != caps.ErrHash {
		return nil, false
	}
	return wantsOf(&i), true
}

// keep remembers a hash, and forgets the one that was not asked for the longest. The lock is held.
func (r *resolver) keep(k verified, w wants) {
	if r.known[k] != nil {
		return
	}
	r.known[k] = r.recent.PushFront(&entry{k, w})
	for r.recent.Len() > r.most {
		old := r.recent.Back()
		delete(r.known, old.Value.(*entry).key)
		r.recent.Remove(old)
	}
}
