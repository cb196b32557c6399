package auth

import (
	"crypto"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stonechat-im/stonechat/jid"
	"github.com/stonechat-im/stonechat/sasl"
	"github.com/stonechat-im/stonechat/server/kit"
	"github.com/stonechat-im/stonechat/server/store/memory"
)

var romeo = jid.MustBare("romeo@montague.example")

type events struct{ created, removed, ended int }

func open(t *testing.T) (*Accounts, *events) {
	t.Helper()
	db := memory.New()
	t.Cleanup(func() { _ = db.Close() })
	a, err := Open(t.Context(), db, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ev := new(events)
	a.Hooks = Hooks{Created: func(jid.Bare) { ev.created++ }, Removed: func(jid.Bare) { ev.removed++ },
		EndSessions: func(jid.Bare, string, string) { ev.ended++ }}
	return a, ev
}

// plain tries PLAIN as if the stream were protected.
func plain(t *testing.T, a *Accounts, user, password string) error {
	t.Helper()
	l := a.NewLogin(Policy{Plain: true}, Peer{Domain: "montague.example", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}})
	l.offered = append(l.offered, sasl.Plain)
	x, err := l.Begin(t.Context(), sasl.Plain)
	if err != nil {
		return err
	}
	if _, _, err = x.Next([]byte("\x00" + user + "\x00" + password)); err == nil {
		_, err = l.Finish(t.Context(), x.Identity())
	} else {
		l.Failed(err)
	}
	return err
}

func TestAccountsLife(t *testing.T) {
	a, ev := open(t)
	ctx := t.Context()
	steps := []struct {
		name string
		do   func() error
		want error
	}{
		{"a wrong name", func() error { return a.SetPassword(ctx, romeo, "x") }, kit.ErrNoAccount},
		{"made", func() error { return a.Create(ctx, romeo, "wherefore") }, nil},
		{"made twice", func() error { return a.Create(ctx, romeo, "art thou") }, kit.ErrAccountExists},
		{"logs in", func() error { return plain(t, a, "romeo", "wherefore") }, nil},
		{"capitals are the same name", func() error { return plain(t, a, "ROMEO", "wherefore") }, nil},
		{"wrong password", func() error { return plain(t, a, "romeo", "art thou") }, sasl.ErrNotAuthorized},
		{"nobody", func() error { return plain(t, a, "tybalt", "wherefore") }, sasl.ErrNotAuthorized},
		{"new password", func() error { return a.SetPassword(ctx, romeo, "rose") }, nil},
		{"the old one is gone", func() error { return plain(t, a, "romeo", "wherefore") }, sasl.ErrNotAuthorized},
		{"the new one does", func() error { return plain(t, a, "romeo", "rose") }, nil},
		{"a password that is none", func() error { return a.SetPassword(ctx, romeo, "") }, kit.ErrBadPassword},
		{"disabled", func() error { return a.Disable(ctx, romeo, true) }, nil},
		{"cannot log in", func() error { return plain(t, a, "romeo", "rose") }, sasl.ErrAccountDisabled},
		{"let in again", func() error { return a.Disable(ctx, romeo, false) }, nil},
		{"logs in again", func() error { return plain(t, a, "romeo", "rose") }, nil},
		{"removed", func() error { return a.Remove(ctx, romeo) }, nil},
		{"removed twice", func() error { return a.Remove(ctx, romeo) }, kit.ErrNoAccount},
		{"gone", func() error { return plain(t, a, "romeo", "rose") }, sasl.ErrNotAuthorized},
	}
	for _, s := range steps {
		if err := s.do(); !errors.Is(err, s.want) {
			t.Fatalf("%s: %v, want %v", s.name, err, s.want)
		}
	}
	if gone, err := a.Tombstone(ctx, romeo); !gone || err != nil {
		t.Errorf("tombstone %v, %v", gone, err)
	}
	if ev.created != 1 || ev.removed != 1 || ev.ended != 2 {
		t.Errorf("told of %+v", *ev)
	}
	if list, err := a.List(ctx, "montague.example"); err != nil || len(list) != 0 {
		t.Errorf("listed %v, %v", list, err)
	}
}

// Only keys are stored: nothing that a password could be read from, and one set for each hash.
func TestOnlyKeysAreStored(t *testing.T) {
	a, _ := open(t)
	if err := a.Create(t.Context(), romeo, "wherefore"); err != nil {
		t.Fatal(err)
	}
	r, err := a.get(t.Context(), romeo)
	if err != nil || len(r.Keys) != len(hashes) {
		t.Fatalf("%d sets of keys, %v", len(r.Keys), err)
	}
	for _, h := range hashes {
		if k := r.Keys[h.String()]; !k.VerifyPassword(h, "wherefore") || k.Iterations < sasl.MinIterations {
			t.Errorf("keys for %v do not fit", h)
		}
	}
}

// Keys for hashes that an account lacks are made when its password is seen.
func TestPlainLoginUpgradesKeys(t *testing.T) {
	a, _ := open(t)
	k, err := sasl.Derive(crypto.SHA1, "wherefore", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	err = a.change(t.Context(), romeo, func(r *record, _ bool) error {
		*r = record{Created: time.Now(), Keys: map[string]sasl.Keys{crypto.SHA1.String(): k}}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := plain(t, a, "romeo", "wherefore"); err != nil {
		t.Fatal(err)
	}
	if r, err := a.get(t.Context(), romeo); err != nil || len(r.Keys) != len(hashes) {
		t.Errorf("%d sets of keys after the login, %v", len(r.Keys), err)
	}
}

// Who does not exist is shown keys that stay the same and look like any.
func TestUnknownUsersLookLikeOthers(t *testing.T) {
	a, _ := open(t)
	if err := a.Create(t.Context(), romeo, "wherefore"); err != nil {
		t.Fatal(err)
	}
	keys := func(user string) sasl.Keys {
		k, err := a.NewLogin(Policy{}, Peer{Domain: "montague.example"}).keys(t.Context(), user, crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	real, fake, again := keys("romeo"), keys("tybalt"), keys("tybalt")
	if string(fake.Salt) != string(again.Salt) {
		t.Error("the salt of somebody unknown changes")
	}
	if len(real.Salt) != len(fake.Salt) || real.Iterations != fake.Iterations || len(real.StoredKey) != len(fake.StoredKey) {
		t.Error("the keys of somebody unknown look different")
	}
}

func TestGuessingIsStopped(t *testing.T) {
	a, _ := open(t)
	if err := a.Create(t.Context(), romeo, "wherefore"); err != nil {
		t.Fatal(err)
	}
	for range addressFailures {
		if err := plain(t, a, "romeo", "wrong"); !errors.Is(err, sasl.ErrNotAuthorized) {
			t.Fatal(err)
		}
	}
	if err := plain(t, a, "romeo", "wherefore"); !errors.Is(err, sasl.ErrTemporary) {
		t.Errorf("after too many failures: %v", err)
	}
}

func TestAttemptsAreForgotten(t *testing.T) {
	var a attempts
	a.add("x")
	if !a.tooMany("x", 1) || a.tooMany("x", 2) || a.tooMany("y", 1) {
		t.Error("miscounted")
	}
	a.since = time.Now().Add(-2 * failureWindow)
	if a.tooMany("x", 1) {
		t.Error("an old failure still counts")
	}
}
