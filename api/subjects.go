package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"counterpoint"
)

// ErrNotLinked is for somebody whom a provider knows and no account here belongs to.
var ErrNotLinked = errors.New("no account here belongs to this sign-in")

// subjectName is the secret that says which account somebody of a provider acts as. Who they are there stands in it
// as a hash only.
func subjectName(issuer, subject string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %s %s", len(issuer), issuer, subject)
	return "subject/" + hex.EncodeToString(h.Sum(nil))
}

// LinkSubject lets somebody who signs in at a provider act as the account, from then on and nobody else's.
func (d *Desk) LinkSubject(ctx context.Context, c Call, nameOrID, issuer, subject string) (Answer, error) {
	if strings.TrimSpace(subject) == "" || len(subject) > 255 || issuer == "" {
		return Answer{}, counterpoint.Invalid{{Field: "subject", Message: "is what the provider calls the person, 1 to 255 bytes"}}
	}
	a, err := d.FindAccount(ctx, nameOrID)
	if err != nil {
		return Answer{}, err
	}
	name := subjectName(issuer, subject)
	c.latest = true
	ans, err := d.account(ctx, c, ManagePeople, a.ID, func(a *counterpoint.Account, by string, now time.Time) (counterpoint.Event, error) {
		return a.NoteLink(by, now, issuer, name[len("subject/"):][:12])
	})
	if err != nil {
		return ans, err
	}
	return ans, d.secrets.Put(ctx, name, []byte(a.ID))
}

// BySubject is the account that somebody of a provider acts as.
func (d *Desk) BySubject(ctx context.Context, issuer, subject string) (counterpoint.Account, error) {
	id, err := d.secrets.Get(ctx, subjectName(issuer, subject))
	if errors.Is(err, counterpoint.ErrNotFound) {
		return counterpoint.Account{}, ErrNotLinked
	}
	if err != nil {
		return counterpoint.Account{}, fmt.Errorf("look up a sign-in: %w", err)
	}
	return d.active(ctx, string(id))
}

// ticketMark keeps tickets and sessions, which one key signs, apart.
const ticketMark = "ticket "

// SealTicket is a value for a cookie that only this mission's processes can have made.
func (d *Desk) SealTicket(ctx context.Context, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	body := base64.RawURLEncoding.EncodeToString(b)
	mac, err := d.sign(ctx, ticketMark+body)
	return body + "." + mac, err
}

// OpenTicket is what SealTicket sealed; anything else is counterpoint.ErrInvalid.
func (d *Desk) OpenTicket(ctx context.Context, sealed string, into any) error {
	body, got, _ := strings.Cut(sealed, ".")
	mac, err := d.sign(ctx, ticketMark+body)
	if err != nil {
		return err
	}
	b, bad := base64.RawURLEncoding.DecodeString(body)
	if bad != nil || !hmac.Equal([]byte(mac), []byte(got)) || json.Unmarshal(b, into) != nil {
		return fmt.Errorf("the ticket is not one of ours: %w", counterpoint.ErrInvalid)
	}
	return nil
}
