package kit

import (
	"context"
	"errors"
	"time"

	"github.com/stonechat-im/stonechat/jid"
)

// Accounts are the people and devices that may log in. Passwords are never stored, only SCRAM keys (RFC 5803).
type Accounts interface {
	// Exists says whether there is such an account, disabled ones included. It is cheap.
	Exists(ctx context.Context, account jid.Bare) (bool, error)
	// Get describes an account; ErrNoAccount where there is none.
	Get(ctx context.Context, account jid.Bare) (AccountInfo, error)
	// List returns the accounts of a domain, ordered by address.
	List(ctx context.Context, domain string) ([]AccountInfo, error)
	// Create makes an account; ErrAccountExists where there is one.
	Create(ctx context.Context, account jid.Bare, password string) error
	// SetPassword replaces all keys of an account.
	SetPassword(ctx context.Context, account jid.Bare, password string) error
	// Disable keeps an account from logging in (and ends its sessions), or lets it again.
	Disable(ctx context.Context, account jid.Bare, disabled bool) error
	// Remove ends the account's sessions and erases everything stored under it. A tombstone stays, so that rosters elsewhere
	// can heal and the name is not taken over at once.
	Remove(ctx context.Context, account jid.Bare) error
	// Tombstone says whether an account of that name was removed and is still remembered.
	Tombstone(ctx context.Context, account jid.Bare) (bool, error)
}

// AccountInfo describes an account.
type AccountInfo struct {
	JID      jid.Bare
	Created  time.Time
	Disabled bool
	LastSeen time.Time // of the last login; zero for never
}

var (
	ErrNoAccount     = errors.New("no such account")
	ErrAccountExists = errors.New("the account exists already")
	ErrBadPassword   = errors.New("the password is empty or has characters that are not allowed in passwords")
)
