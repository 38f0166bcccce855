package vault

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"counterpoint"
)

// Who writes to us is known by a pseudonym that is drawn at random the first time. Only the vault knows whose it is:
// it finds it by an HMAC-SHA256 of the number under a key. So whoever has the log and even the key learns nothing, and
// the key may be changed while old and new reports of a person stay together.
const (
	senderKeys   = "sender-keys" // the current key, then the older ones that some entries are still under
	senderPrefix = "sender/"
	replyPrefix  = "reply-to/"
	sendingRef   = "sending/"
)

// Sender is the pseudonym of a number or name that somebody writes from, in one form for all its spellings. All
// processes give the same.
func (v *Vault) Sender(ctx context.Context, number string) (string, error) {
	for {
		keys, err := v.senderKeys(ctx)
		if err != nil {
			return "", fmt.Errorf("pseudonym of a sender: %w", err)
		}
		b, err := v.sender(ctx, keys, number)
		if err != nil {
			return "", fmt.Errorf("pseudonym of a sender: %w", err)
		}
		now, err := v.senderKeys(ctx)
		if err != nil {
			return "", fmt.Errorf("pseudonym of a sender: %w", err)
		}
		if bytes.Equal(now[0], keys[0]) {
			return "s_" + pseudonymEncoding.EncodeToString(b), nil
		} // else the key changed meanwhile, and what is under the new one counts
	}
}

// sender finds the sender under the current key, else under an older one, and then moves it, else makes it. The current
// key is looked at first: what was moved was put there before it was deleted elsewhere.
func (v *Vault) sender(ctx context.Context, keys [][]byte, number string) ([]byte, error) {
	current := senderName(keys[0], number)
	for i, key := range keys {
		name := senderName(key, number)
		known, err := v.Get(ctx, name)
		if errors.Is(err, counterpoint.ErrNotFound) {
			continue
		}
		if err == nil && i > 0 {
			err = v.move(ctx, name, current, known)
		}
		return known, err
	}
	return v.GetOrCreate(ctx, current, 10)
}

// move puts an entry under the current key. What two processes move at once is the same value.
func (v *Vault) move(ctx context.Context, from, to string, value []byte) error {
	if err := v.Put(ctx, to, value); err != nil {
		return err
	}
	return v.Delete(ctx, from)
}

func senderName(key []byte, number string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(number))
	return under(key) + pseudonymEncoding.EncodeToString(h.Sum(nil))
}

// under begins the names of all entries under a key.
func under(key []byte) string {
	return senderPrefix + pseudonymEncoding.EncodeToString(fingerprint(key)) + "/"
}

// senderKeys are the keys, the current one first.
func (v *Vault) senderKeys(ctx context.Context) ([][]byte, error) {
	b, err := v.GetOrCreate(ctx, senderKeys, keySize)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 || len(b)%keySize != 0 {
		return nil, fmt.Errorf("secret %s is damaged: %w", senderKeys, counterpoint.ErrInvalid)
	}
	var keys [][]byte
	for len(b) > 0 {
		keys, b = append(keys, b[:keySize]), b[keySize:]
	}
	return keys, nil
}

// ForgetSender forgets whose the pseudonym is: who writes again from the number is somebody new.
func (v *Vault) ForgetSender(ctx context.Context, pseudonym string) error {
	body, ok := strings.CutPrefix(pseudonym, "s_")
	want, err := pseudonymEncoding.DecodeString(body)
	if !ok || err != nil {
		return nil // of nobody
	}
	if err := v.sync(ctx); err != nil {
		return fmt.Errorf("forget a sender: %w", err)
	}
	for _, name := range v.named(want) {
		if err := v.Delete(ctx, name); err != nil {
			return fmt.Errorf("forget a sender: %w", err)
		}
	}
	return nil
}

// named are the entries of senders that have the value.
func (v *Vault) named(value []byte) (names []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for name, s := range v.secrets {
		if strings.HasPrefix(name, senderPrefix) && bytes.Equal(s.value(), value) {
			names = append(names, name)
		}
	}
	return names
}

// RotateSenders makes a new key for senders. Who wrote before keeps the pseudonym, and moves under the new key with the
// next report; an older key goes with the first rotation but one that finds nobody under it. It returns how many senders still
// are under older keys. Two processes must not rotate at the same time: one of their keys would be lost.
func (v *Vault) RotateSenders(ctx context.Context) (senders int, err error) {
	v.rotating.Lock()
	defer v.rotating.Unlock()
	err = v.sync(ctx) // another process may have rotated just now
	var old [][]byte
	if err == nil {
		old, err = v.senderKeys(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("rotate the key of senders: %w", err)
	}
	fresh := make([]byte, keySize)
	rand.Read(fresh) // never fails since Go 1.24
	for i, key := range old {
		n := v.count(under(key))
		if i == 0 || n > 0 { // somebody may be put under the last one just now
			fresh, senders = append(fresh, key...), senders+n
		}
	}
	if err := v.Put(ctx, senderKeys, fresh); err != nil {
		return 0, fmt.Errorf("rotate the key of senders: %w", err)
	}
	return senders, nil
}

// count is how many secrets there are whose names begin so.
func (v *Vault) count(prefix string) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for name := range v.secrets {
		if strings.HasPrefix(name, prefix) {
			n++
		}
	}
	return n
}

// kept is a number as it lies in the vault: when it goes is told without the report's key.
type kept struct {
	Until  time.Time `json:"until"`
	Sealed string    `json:"sealed"`
}

// KeepReplyTo keeps a report's number, sealed under the report's key, until its time. One that is there stays as it is.
func (v *Vault) KeepReplyTo(ctx context.Context, item, number string, until time.Time) error {
	_, err := v.Get(ctx, replyPrefix+item)
	if !errors.Is(err, counterpoint.ErrNotFound) {
		return err
	}
	sealed, err := v.Seal(item, []byte(number))
	if err != nil {
		return err
	}
	b, err := json.Marshal(kept{until.UTC(), sealed})
	if err != nil {
		return err
	}
	return v.Put(ctx, replyPrefix+item, b)
}

// ReplyTo is the number of a report, counterpoint.ErrNotFound when it was deleted by its time or by an erasure. Only
// the sending of an answer asks.
func (v *Vault) ReplyTo(ctx context.Context, item string, now time.Time) (string, error) {
	k, err := v.replyTo(ctx, item)
	if err != nil {
		return "", err
	}
	if !now.Before(k.Until) {
		return "", fmt.Errorf("the number of report %s had its time: %w", item, counterpoint.ErrNotFound)
	}
	b, err := v.Unseal(item, k.Sealed)
	return string(b), err
}

// ReplyUntil is until when the report can be answered, counterpoint.ErrNotFound when it cannot any more.
func (v *Vault) ReplyUntil(ctx context.Context, item string) (time.Time, error) {
	k, err := v.replyTo(ctx, item)
	return k.Until, err
}

func (v *Vault) replyTo(ctx context.Context, item string) (k kept, err error) {
	b, err := v.Get(ctx, replyPrefix+item)
	if err != nil {
		return k, fmt.Errorf("the number of report %s: %w", item, err)
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return k, fmt.Errorf("the number of report %s: %w", item, counterpoint.ErrInvalid)
	}
	return k, nil
}

// ForgetReplyTo deletes the number of a report.
func (v *Vault) ForgetReplyTo(ctx context.Context, item string) error {
	return v.Delete(ctx, replyPrefix+item)
}

// Sending is the answer that a gateway's own id stands for.
type Sending struct {
	Item   string    `json:"item"`
	Answer string    `json:"answer"`
	Until  time.Time `json:"until"`
}

func sendingName(source, ref string) string {
	h := sha256.Sum256([]byte(source + "\x00" + ref)) // a gateway may put a number into its ids
	return sendingRef + pseudonymEncoding.EncodeToString(h[:20])
}

// KeepSending remembers what a gateway's id stands for, for its receipts, until the time.
func (v *Vault) KeepSending(ctx context.Context, source, ref, item, answer string, until time.Time) error {
	b, err := json.Marshal(Sending{item, answer, until.UTC()})
	if err != nil {
		return err
	}
	return v.Put(ctx, sendingName(source, ref), b)
}

// Sending is what the gateway's id stands for.
func (v *Vault) Sending(ctx context.Context, source, ref string) (s Sending, err error) {
	b, err := v.Get(ctx, sendingName(source, ref))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

// Expire deletes numbers and gateways' ids that had their time, and returns how many numbers.
func (v *Vault) Expire(ctx context.Context, now time.Time) (numbers int, err error) {
	if err := v.sync(ctx); err != nil {
		return 0, err
	}
	for _, name := range v.expired(now) {
		if err := v.Delete(ctx, name); err != nil {
			return numbers, err
		}
		if strings.HasPrefix(name, replyPrefix) {
			numbers++
		}
	}
	return numbers, nil
}

func (v *Vault) expired(now time.Time) (names []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for name, s := range v.secrets {
		if !strings.HasPrefix(name, replyPrefix) && !strings.HasPrefix(name, sendingRef) {
			continue
		}
		var x struct {
			Until time.Time `json:"until"`
		}
		if json.Unmarshal(bytes.Clone(s.value()), &x) == nil && !now.Before(x.Until) {
			names = append(names, name)
		}
	}
	return names
}
