package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"counterpoint"
)

// MakeAccount makes an account with a password, which may be empty for one that only tokens or sign-in
// links use.
func (d *Desk) MakeAccount(ctx context.Context, c Call, name, password string, roles []counterpoint.PersonRole, example bool) (Answer, error) {
	var hash []byte
	if password != "" {
		var err error
		if hash, err = d.hash(ctx, password); err != nil {
			return Answer{}, err
		}
	}
	a, err := d.decide(ctx, c, ManagePeople, func() (counterpoint.Event, error) {
		id := counterpoint.AccountID(name)
		if _, err := counterpoint.Load[counterpoint.Account](ctx, d.views, id); err == nil {
			return counterpoint.Event{}, fmt.Errorf("there is an account named %q already: %w", name, counterpoint.ErrConflict)
		}
		return counterpoint.NewAccount(c.By.ID, d.now(), name, roles, example)
	})
	if err != nil || hash == nil {
		return a, err
	}
	// The event first: a name that was taken must not change the other's password.
	if _, err := d.secrets.Get(ctx, "password/"+a.ID); errors.Is(err, counterpoint.ErrNotFound) {
		return a, d.secrets.Put(ctx, "password/"+a.ID, hash)
	}
	return a, nil
}

func (d *Desk) account(ctx context.Context, c Call, op Op, id string, make func(a *counterpoint.Account, by string, now time.Time) (counterpoint.Event, error)) (Answer, error) {
	return d.decide(ctx, c, op, func() (counterpoint.Event, error) {
		a, err := d.FindAccount(ctx, id)
		if err != nil {
			return counterpoint.Event{}, err
		}
		return make(&a, c.By.ID, d.now())
	})
}

// FindAccount finds an account by id or name.
func (d *Desk) FindAccount(ctx context.Context, nameOrID string) (counterpoint.Account, error) {
	a, err := counterpoint.Load[counterpoint.Account](ctx, d.views, nameOrID)
	if errors.Is(err, counterpoint.ErrNotFound) {
		a, err = counterpoint.Load[counterpoint.Account](ctx, d.views, counterpoint.AccountID(nameOrID))
	}
	if errors.Is(err, counterpoint.ErrNotFound) {
		return a, fmt.Errorf("there is no account %q: %w", nameOrID, counterpoint.ErrNotFound)
	}
	return a, err
}

// SetRoles changes what an account may do, and ends its sessions. The last admin stays one.
func (d *Desk) SetRoles(ctx context.Context, c Call, id string, roles []counterpoint.PersonRole) (Answer, error) {
	stays := slices.Contains(roles, counterpoint.Admin)
	return d.demote(ctx, c, id, stays, func(a *counterpoint.Account, by string, now time.Time) (counterpoint.Event, error) {
		return a.SetRoles(by, now, roles)
	})
}

// DisableAccount ends an account, but not the last admin's.
func (d *Desk) DisableAccount(ctx context.Context, c Call, id string) (Answer, error) {
	return d.demote(ctx, c, id, false, (*counterpoint.Account).Disable)
}

// Save keeps a search of the caller's under a name.
func (d *Desk) Save(ctx context.Context, c Call, s counterpoint.Saved) (Answer, error) {
	c.latest = true // it takes nothing back
	return d.account(ctx, c, Own, c.By.ID, func(a *counterpoint.Account, by string, now time.Time) (counterpoint.Event, error) {
		return a.Save(by, now, s)
	})
}

// Drop forgets a search of the caller's.
func (d *Desk) Drop(ctx context.Context, c Call, name string) (Answer, error) {
	c.latest = true
	return d.account(ctx, c, Own, c.By.ID, func(a *counterpoint.Account, by string, now time.Time) (counterpoint.Event, error) {
		return a.Drop(by, now, name)
	})
}

// SetPreferences changes the languages the caller reads and whether hateful passages are blurred.
func (d *Desk) SetPreferences(ctx context.Context, c Call, languages []string, blur bool) (Answer, error) {
	return d.account(ctx, c, Own, c.By.ID, func(a *counterpoint.Account, by string, now time.Time) (counterpoint.Event, error) {
		return a.SetPreferences(by, now, languages, blur)
	})
}

// SetPassword sets an account's password: anybody's for an admin, or one's own, for which the current one is asked if
// there is one. Its sessions end.
func (d *Desk) SetPassword(ctx context.Context, c Call, nameOrID, password, current string) (Answer, error) {
	op, prove := ManagePeople, func() error { return nil }
	if a, err := d.FindAccount(ctx, nameOrID); err == nil && a.ID == c.By.ID {
		op, prove = Own, sync.OnceValue(func() error { return d.checkCurrent(ctx, a, current) })
	}
	if err := may(c.By, op); err != nil {
		return Answer{}, err
	}
	hash, err := d.hash(ctx, password)
	if err != nil {
		return Answer{}, err
	}
	a, err := d.account(ctx, c, op, nameOrID, func(a *counterpoint.Account, by string, now time.Time) (counterpoint.Event, error) {
		if err := prove(); err != nil {
			return counterpoint.Event{}, err
		}
		return a.NotePassword(by, now)
	})
	if err != nil {
		return a, err
	}
	if prove() != nil {
		return a, nil // the first answer again: its password is set
	}
	return a, d.secrets.Put(ctx, "password/"+a.ID, hash)
}

// checkCurrent says whether this is the account's password, where it has one.
func (d *Desk) checkCurrent(ctx context.Context, a counterpoint.Account, current string) error {
	if has, err := d.HasPassword(ctx, a.ID); err != nil || !has {
		return err
	}
	_, err := d.ByPassword(ctx, a.Name, current)
	if errors.Is(err, errSignIn) {
		return counterpoint.Invalid{{Field: "current", Message: "must be the password you have now; if it is lost, another admin can set a new one"}}
	}
	return err
}

// HasPassword reports whether the account has a password, and not only tokens, links or a provider.
func (d *Desk) HasPassword(ctx context.Context, id string) (bool, error) {
	_, err := d.secrets.Get(ctx, "password/"+id)
	if errors.Is(err, counterpoint.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Token is a bearer token, shown once.
type Token struct {
	Account string `json:"account"`
	Token   string `json:"token"`
}

type tokenRecord struct {
	Account string    `json:"account"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// MakeToken makes a bearer token that acts as the account. An admin may make one for anybody, a person for
// themselves; the audit shows who did.
func (d *Desk) MakeToken(ctx context.Context, c Call, nameOrID string) (Token, error) {
	a, err := d.FindAccount(ctx, nameOrID)
	if err != nil {
		return Token{}, err
	}
	op := ManagePeople
	if a.ID == c.By.ID {
		op = Own
	}
	secret, err := d.newToken(ctx, c)
	if err != nil {
		return Token{}, err
	}
	record, err := json.Marshal(tokenRecord{a.ID, c.By.ID, d.now().UTC()})
	if err != nil {
		return Token{}, err
	}
	public := tokenName(secret)
	c.latest = true
	if _, err := d.account(ctx, c, op, a.ID, func(a *counterpoint.Account, by string, now time.Time) (counterpoint.Event, error) {
		return a.NoteToken(by, now, public[len("token/"):][:12])
	}); err != nil {
		return Token{}, err
	}
	return Token{a.ID, secret}, d.secrets.Put(ctx, public, record)
}

// newToken is a token's secret. A call with a key gets the same one again, which is nowhere written down.
func (d *Desk) newToken(ctx context.Context, c Call) (string, error) {
	if c.Key == "" {
		return counterpoint.NewID("cpt"), nil
	}
	key, err := d.secrets.GetOrCreate(ctx, "token-key", 32)
	if err != nil {
		return "", fmt.Errorf("token key: %w", err)
	}
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%s\x00%s", c.By.ID, c.Key)
	return counterpoint.ID("cpt", hex.EncodeToString(h.Sum(nil))), nil
}

func tokenName(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return "token/" + hex.EncodeToString(sum[:])
}

// ByToken is the account a bearer token acts as.
func (d *Desk) ByToken(ctx context.Context, secret string) (counterpoint.Account, error) {
	b, err := d.secrets.Get(ctx, tokenName(secret))
	if errors.Is(err, counterpoint.ErrNotFound) {
		return counterpoint.Account{}, errSignIn
	}
	if err != nil {
		return counterpoint.Account{}, fmt.Errorf("look up a token: %w", err)
	}
	var r tokenRecord
	if err := json.Unmarshal(b, &r); err != nil {
		return counterpoint.Account{}, fmt.Errorf("token record: %w", err)
	}
	return d.active(ctx, r.Account)
}

func (d *Desk) active(ctx context.Context, id string) (counterpoint.Account, error) {
	a, err := counterpoint.Load[counterpoint.Account](ctx, d.views, id)
	if errors.Is(err, counterpoint.ErrNotFound) || a.Disabled {
		return counterpoint.Account{}, errSignIn
	}
	return a, err
}

// errSignIn is the one answer to every failed sign-in, so that nobody learns which names exist.
var errSignIn = errors.New("name, password or token is not right")
