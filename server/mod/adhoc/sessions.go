package adhoc

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"sync"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/stanza"
	wire "github.com/stonechat-im/stonechat/xep/commands"
)

// sessions are the commands that wait for their forms (XEP-0050#impl-session). An id carries a keyed hash of who it was
// given to and for what: so one that was ours and is over can be told from one that never was, without remembering any.
type sessions struct {
	cfg Config
	key []byte

	mu   sync.Mutex
	open map[string]session // by id
}

type session struct {
	by      jid.Bare
	expires time.Time
}

func newSessions(cfg Config) *sessions {
	key := make([]byte, 32)
	rand.Read(key)
	return &sessions{cfg: cfg, key: key, open: make(map[string]session)}
}

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// name makes a new id for an asker and a command.
func (ss *sessions) name(by jid.JID, node string) string { return ss.sign(rand.Text(), by, node) }

func (ss *sessions) sign(nonce string, by jid.JID, node string) string {
	h := hmac.New(sha256.New, ss.key)
	h.Write([]byte(nonce + "\x00" + by.String() + "\x00" + node)) // no part of an address holds a NUL, nor does XML
	return nonce + "-" + encoding.EncodeToString(h.Sum(nil)[:15])
}

// begin starts a session and returns its id. An asker who has as many as he may loses his oldest.
func (ss *sessions) begin(by jid.JID, node string) (string, error) {
	id, now := ss.name(by, node), time.Now()
	who := by.Bare()
	ss.mu.Lock()
	defer ss.mu.Unlock()
	his, oldest := 0, ""
	for id, s := range ss.open {
		switch {
		case now.After(s.expires):
			delete(ss.open, id)
		case s.by == who:
			if his++; oldest == "" || s.expires.Before(ss.open[oldest].expires) {
				oldest = id
			}
		}
	}
	if his >= ss.cfg.MaxPerUser {
		delete(ss.open, oldest)
	}
	if len(ss.open) >= ss.cfg.MaxSessions {
		return "", stanza.ResourceConstraint.With("too many commands are waiting for their forms; try again later")
	}
	ss.open[id] = session{who.Clone(), now.Add(time.Duration(ss.cfg.Expire))}
	return id, nil
}

// check tells whether a session is open, and its id from this asker for this command (XEP-0050#desc-errors).
func (ss *sessions) check(id string, by jid.JID, node string) error {
	nonce, _, _ := strings.Cut(id, "-")
	if !hmac.Equal([]byte(id), []byte(ss.sign(nonce, by, node))) {
		return wire.BadSessionID.With("there was no such session")
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	_, err := ss.find(id)
	return err
}

// find returns a session that is open. mu is held.
func (ss *sessions) find(id string) (session, error) {
	s, ok := ss.open[id]
	if !ok || time.Now().After(s.expires) {
		return s, wire.SessionExpired.With("this session is over")
	}
	return s, nil
}

// take closes a session while its command runs, so that it runs once.
func (ss *sessions) take(id string) (session, error) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s, err := ss.find(id)
	delete(ss.open, id)
	return s, err
}

// giveBack opens a session again that was taken.
func (ss *sessions) giveBack(id string, s session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.open[id] = s
}

// end closes a session.
func (ss *sessions) end(id string) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.open, id)
}
