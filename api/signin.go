package api

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"counterpoint"
)

// Argon2id with the second recommended setting of RFC 9106 §4, halved in memory for one small machine.
const (
	argonTime    = 3
	argonMemory  = 32 << 10 // KiB
	argonThreads = 2
)

// A hash takes 32 MiB. Few at a time keep a flood of sign-ins from taking all memory; whoever waits longer
// than hashPatience is told to come again.
const (
	hashesAtOnce = 2
	hashPatience = 5 * time.Second
)

// inTurn does one thing that hashes a password when there is room for it.
func (d *Desk) inTurn(ctx context.Context, do func()) error {
	ctx, cancel := context.WithTimeoutCause(ctx, hashPatience, ErrTooManyTries)
	defer cancel()
	select {
	case d.hashing <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-d.hashing }()
	do()
	return nil
}

// hash is hashPassword in turn.
func (d *Desk) hash(ctx context.Context, password string) (hash []byte, err error) {
	if turn := d.inTurn(ctx, func() { hash, err = hashPassword(password) }); turn != nil {
		return nil, turn
	}
	return hash, err
}

// hashPassword is the PHC string of a password.
func hashPassword(password string) ([]byte, error) {
	if n := utf8.RuneCountInString(password); n < 8 || len(password) > 1000 {
		return nil, counterpoint.Invalid{{Field: "password", Message: "must have 8 to 1000 characters; four random words are good"}}
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, 32)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Appendf(nil, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, b64(salt), b64(key)), nil
}

func checkPassword(phc []byte, password string) bool {
	var version int
	var memory, passes uint32
	var threads uint8
	f := strings.Split(string(phc), "$")
	if len(f) != 6 {
		return false
	}
	if _, err := fmt.Sscanf(f[2]+" "+f[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &threads); err != nil || version != argon2.Version {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(f[4])
	key, err2 := base64.RawStdEncoding.DecodeString(f[5])
	if err1 != nil || err2 != nil {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, threads, uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1
}

// nobody is a hash to compare with when the name is unknown, so that the answer takes as long.
var nobody = sync.OnceValue(func() []byte {
	h, err := hashPassword(counterpoint.NewID("nobody"))
	if err != nil {
		panic(err) // our own constant
	}
	return h
})

// ErrTooManyTries is for a name that was tried too often in a minute.
var ErrTooManyTries = errors.New("too many tries; wait a minute")

// ByPassword is the account of a name and password.
func (d *Desk) ByPassword(ctx context.Context, name, password string) (counterpoint.Account, error) {
	id := counterpoint.AccountID(name)
	if !d.tries.take(id, d.now()) {
		return counterpoint.Account{}, ErrTooManyTries
	}
	hash, err := d.secrets.Get(ctx, "password/"+id)
	known := err == nil
	var right bool
	turn := d.inTurn(ctx, func() {
		if !known {
			hash = nobody()
		}
		right = checkPassword(hash, password)
	})
	if turn != nil {
		return counterpoint.Account{}, turn
	}
	if !right || !known {
		return counterpoint.Account{}, errSignIn
	}
	d.tries.forget(id)
	return d.active(ctx, id)
}

// SessionTime is how long a session lasts.
const SessionTime = 12 * time.Hour

// Session is a signed cookie value: account, epoch and end. It needs no store, so any API process knows it;
// a change of roles or password moves the account's epoch and ends it.
func (d *Desk) Session(ctx context.Context, a counterpoint.Account) (string, error) {
	body := fmt.Sprintf("%s.%d.%d", a.ID, a.Epoch, d.now().Add(SessionTime).Unix())
	mac, err := d.sign(ctx, body)
	return body + "." + mac, err
}

func (d *Desk) sign(ctx context.Context, body string) (string, error) {
	key, err := d.secrets.GetOrCreate(ctx, "session-key", 32)
	if err != nil {
		return "", fmt.Errorf("session key: %w", err)
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)), nil
}

// BySession is the account of a session cookie.
func (d *Desk) BySession(ctx context.Context, cookie string) (counterpoint.Account, error) {
	i := strings.LastIndexByte(cookie, '.')
	if i < 0 {
		return counterpoint.Account{}, errSignIn
	}
	mac, err := d.sign(ctx, cookie[:i])
	if err != nil {
		return counterpoint.Account{}, err
	}
	f := strings.Split(cookie[:i], ".")
	if !hmac.Equal([]byte(mac), []byte(cookie[i+1:])) || len(f) != 3 {
		return counterpoint.Account{}, errSignIn
	}
	epoch, err1 := strconv.Atoi(f[1])
	end, err2 := strconv.ParseInt(f[2], 10, 64)
	if err1 != nil || err2 != nil || d.now().Unix() > end {
		return counterpoint.Account{}, errSignIn
	}
	a, err := d.active(ctx, f[0])
	if err != nil || a.Epoch != epoch {
		return counterpoint.Account{}, errSignIn
	}
	return a, nil
}

// Invite is a sign-in link: as an account that exists, or to make the first admin.
type Invite struct {
	Account string    `json:"account"` // empty: makes the first admin, and then is used up
	Until   time.Time `json:"until"`
}

// MakeInvite makes the secret of a sign-in link. Only the program itself calls it, at start.
func (d *Desk) MakeInvite(ctx context.Context, i Invite) (string, error) {
	secret := counterpoint.NewID("inv")
	b, err := json.Marshal(i)
	if err != nil {
		return "", err
	}
	return secret, d.secrets.Put(ctx, inviteName(secret), b)
}

func inviteName(secret string) string {
	return "invite/" + strings.TrimPrefix(tokenName(secret), "token/")
}

// FindInvite is the invite of a link.
func (d *Desk) FindInvite(ctx context.Context, secret string) (Invite, error) {
	var i Invite
	b, err := d.secrets.Get(ctx, inviteName(secret))
	if err != nil {
		return i, fmt.Errorf("this link was used or never existed: %w", counterpoint.ErrNotFound)
	}
	if err := json.Unmarshal(b, &i); err != nil {
		return i, fmt.Errorf("invite record: %w", err)
	}
	if d.now().After(i.Until) {
		return i, fmt.Errorf("this link has expired; restart the program for a new one: %w", counterpoint.ErrNotFound)
	}
	return i, nil
}

// ByInvite is the account of a sign-in link.
func (d *Desk) ByInvite(ctx context.Context, secret string) (counterpoint.Account, error) {
	i, err := d.FindInvite(ctx, secret)
	if err != nil {
		return counterpoint.Account{}, err
	}
	return d.active(ctx, i.Account)
}

// FirstAdmin makes the first admin by a one-time link, and uses the link up.
func (d *Desk) FirstAdmin(ctx context.Context, secret, name, password string) (counterpoint.Account, error) {
	i, err := d.FindInvite(ctx, secret)
	if err != nil {
		return counterpoint.Account{}, err
	}
	if i.Account != "" {
		return counterpoint.Account{}, fmt.Errorf("this link does not make an admin: %w", counterpoint.ErrForbidden)
	}
	if password == "" {
		return counterpoint.Account{}, counterpoint.Invalid{{Field: "password", Message: "must not be empty"}}
	}
	// The link is the key: used twice at once, or again after a crash half-way, it makes one admin.
	c := Call{By: Operator, Key: inviteName(secret)}
	a, err := d.MakeAccount(ctx, c, name, password, []counterpoint.PersonRole{counterpoint.Admin}, false)
	if err != nil {
		return counterpoint.Account{}, err
	}
	if err := d.secrets.Delete(ctx, inviteName(secret)); err != nil {
		return counterpoint.Account{}, err
	}
	return d.active(ctx, a.ID)
}

// Operator is the account of COUNTERPOINT_ADMIN_TOKEN and of the program's own acts at start: an admin like
// any other, who may not approve what it wrote.
var Operator = counterpoint.Account{ID: "operator", Name: "operator", Roles: []counterpoint.PersonRole{counterpoint.Admin}}

// tries limits sign-ins to five a minute and name.
type tries struct {
	mu   sync.Mutex
	last map[string][]time.Time
}

const triesAMinute = 5

func newTries() *tries { return &tries{last: map[string][]time.Time{}} }

func (t *tries) take(id string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.last) > 10_000 {
		t.last = map[string][]time.Time{} // a flood of invented names must not fill the memory
	}
	var recent []time.Time
	for _, at := range t.last[id] {
		if now.Sub(at) < time.Minute {
			recent = append(recent, at)
		}
	}
	t.last[id] = recent
	if len(recent) >= triesAMinute {
		return false
	}
	t.last[id] = append(recent, now)
	return true
}

func (t *tries) forget(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.last, id)
}
