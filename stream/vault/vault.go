// Package vault keeps secrets on the compacted topic secrets: password and token hashes, session and
// pseudonym keys, and the keys under which the words of items are sealed. All processes on one stream share
// one vault.
package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"counterpoint"
	"counterpoint/stream"
)

// pseudonymKey is the name of the secret that pseudonyms are made with.
const pseudonymKey = "pseudonym-key"

// Vault is safe for use by many goroutines. It keeps every secret in memory and follows the topic.
type Vault struct {
	log    stream.Log
	cancel context.CancelFunc
	done   chan struct{} // closed when the vault no longer follows

	rotating sync.Mutex // held while the key of senders is changed

	mu      sync.Mutex
	secrets map[string]*secret
	next    int64         // offset up to which the topic was applied
	changed chan struct{} // closed and replaced when next grows
}

// secret is what the topic says about a name. A value that was put counts before one that was made, and of
// those made, by several processes at once, the first in the topic counts. So all come to the same one.
type secret struct {
	put  []byte
	made []made
}

type made struct {
	key   string // in the topic: name, NUL, random
	value []byte
}

func (s *secret) value() []byte {
	if s == nil {
		return nil
	}
	if s.put == nil && len(s.made) > 0 {
		return s.made[0].value
	}
	return s.put
}

// Open reads the topic and follows it until Close. On a log that may be written it makes the key of
// pseudonyms when there is none.
func Open(ctx context.Context, log stream.Log) (*Vault, error) {
	follow, cancel := context.WithCancel(context.WithoutCancel(ctx))
	v := &Vault{
		log: log, cancel: cancel, done: make(chan struct{}),
		secrets: map[string]*secret{}, changed: make(chan struct{}),
	}
	go v.follow(follow)
	_, err := v.GetOrCreate(ctx, pseudonymKey, 32)
	if err != nil && !errors.Is(err, stream.ErrReadOnly) {
		return nil, errors.Join(fmt.Errorf("open the vault: %w", err), v.Close())
	}
	return v, nil
}

// Close stops following the topic. It does not close the log.
func (v *Vault) Close() error {
	v.cancel()
	<-v.done
	return nil
}

// followAgain is how long the vault waits after the log could not be read.
const followAgain = time.Second

func (v *Vault) follow(ctx context.Context) {
	defer close(v.done)
	for ctx.Err() == nil {
		if err := v.tail(ctx); errors.Is(err, counterpoint.ErrClosed) {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(followAgain):
		}
	}
}

// tail applies what comes until something fails. An error is not lost: whoever needs to be up to date waits
// in sync, and meets it there.
func (v *Vault) tail(ctx context.Context) error {
	v.mu.Lock()
	from := v.next
	v.mu.Unlock()
	r, err := v.log.Tail(stream.Secrets, map[int]int64{0: from})
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		records, _, err := r.Read(ctx, 1000)
		if err != nil {
			return err
		}
		v.apply(records)
	}
}

func (v *Vault) apply(records []stream.Record) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, r := range records {
		name, _, isMade := strings.Cut(r.Key, "\x00")
		s := v.secrets[name]
		if s == nil {
			s = &secret{}
			v.secrets[name] = s
		}
		if isMade {
			s.made = slices.DeleteFunc(s.made, func(m made) bool { return m.key == r.Key })
			if r.Value != nil {
				s.made = append(s.made, made{r.Key, r.Value})
			}
		} else {
			s.put = r.Value
		}
		if s.value() == nil {
			delete(v.secrets, name)
		}
		v.next = r.Offset + 1
	}
	close(v.changed)
	v.changed = make(chan struct{})
}

// sync waits until everything that is in the topic now was applied.
func (v *Vault) sync(ctx context.Context) error {
	ends, err := v.log.End(ctx, stream.Secrets)
	if err != nil {
		return err
	}
	for {
		v.mu.Lock()
		next, changed := v.next, v.changed
		v.mu.Unlock()
		if next >= ends[0] {
			return nil
		}
		select {
		case <-changed:
		case <-v.done:
			return fmt.Errorf("vault: %w", counterpoint.ErrClosed)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (v *Vault) cached(name string) []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	return bytes.Clone(v.secrets[name].value())
}

// Get is the secret of a name, or counterpoint.ErrNotFound. What this process wrote it sees at once, what
// others wrote very soon after.
func (v *Vault) Get(ctx context.Context, name string) ([]byte, error) {
	if b := v.cached(name); b != nil {
		return b, nil
	}
	if err := v.sync(ctx); err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	if b := v.cached(name); b != nil {
		return b, nil
	}
	return nil, fmt.Errorf("secret %s: %w", name, counterpoint.ErrNotFound)
}

// Put stores a secret. A NUL in a name is refused: it is how the topic tells made secrets from put ones.
func (v *Vault) Put(ctx context.Context, name string, value []byte) error {
	if strings.Contains(name, "\x00") || name == "" {
		return fmt.Errorf("secret %q: a name is not empty and has no NUL: %w", name, counterpoint.ErrInvalid)
	}
	if value == nil {
		value = []byte{} // nil would delete
	}
	if err := v.publish(ctx, stream.Record{Key: name, Value: value}); err != nil {
		return fmt.Errorf("store secret %s: %w", name, err)
	}
	return nil
}

// Delete forgets a secret, in memory and in every file. One that is not there is no error.
func (v *Vault) Delete(ctx context.Context, name string) error {
	if err := v.sync(ctx); err != nil {
		return fmt.Errorf("delete secret %s: %w", name, err)
	}
	if gone := v.keys(name); len(gone) > 0 {
		if err := v.publish(ctx, gone...); err != nil {
			return fmt.Errorf("delete secret %s: %w", name, err)
		}
	}
	return nil
}

// keys are the tombstones of all that the topic has of a name.
func (v *Vault) keys(name string) (gone []stream.Record) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.secrets[name]
	if s == nil {
		return nil
	}
	if s.put != nil {
		gone = append(gone, stream.Record{Key: name})
	}
	for _, m := range s.made {
		gone = append(gone, stream.Record{Key: m.key})
	}
	return gone
}

// GetOrCreate is the secret of a name; where there is none it makes one of n random bytes. All callers, in
// all processes, get the same.
func (v *Vault) GetOrCreate(ctx context.Context, name string, n int) ([]byte, error) {
	b, err := v.Get(ctx, name)
	if !errors.Is(err, counterpoint.ErrNotFound) {
		return b, err
	}
	fresh := make([]byte, n)
	rand.Read(fresh) // never fails since Go 1.24
	if err := v.publish(ctx, stream.Record{Key: name + "\x00" + rand.Text(), Value: fresh}); err != nil {
		return nil, fmt.Errorf("make secret %s: %w", name, err)
	}
	return v.Get(ctx, name)
}

// publish writes and waits until the vault itself has read what it wrote.
func (v *Vault) publish(ctx context.Context, records ...stream.Record) error {
	if err := v.log.Publish(ctx, stream.Secrets, records...); err != nil {
		return err
	}
	return v.sync(ctx)
}
