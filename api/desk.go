// Package api is the desk where people decide: one set of commands (Desk) behind the JSON API under /api/v1
// (this package) and the review pages (api/web), so that the two cannot differ. Rules live on root types,
// roles in permission.go, the mapping of errors to status codes in error.go.
package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"counterpoint"
)

// Decisions appends events to the decisions log. It returns when they are durable.
type Decisions interface {
	Publish(ctx context.Context, events ...counterpoint.Event) error
}

// Secrets keeps what must not lie in the log: hashes of passwords and tokens, keys of sessions, and the keys
// of quoted words. Names are paths such as password/ACCOUNT.
type Secrets interface {
	Get(ctx context.Context, name string) ([]byte, error) // counterpoint.ErrNotFound where there is none
	Put(ctx context.Context, name string, value []byte) error
	Delete(ctx context.Context, name string) error
	GetOrCreate(ctx context.Context, name string, n int) ([]byte, error) // n random bytes, the same ever after
	Seal(item string, plain []byte) (string, error)
}

// DeskOptions are what a Desk needs. Zero Now is time.Now, zero Wait is 2 s.
type DeskOptions struct {
	Views     counterpoint.Views
	Decisions Decisions
	Secrets   Secrets
	Now       func() time.Time
	Wait      time.Duration // how long a command waits for its event to be applied before it answers "pending"
	// Collecting says how this process fares that collects, by source; nil where it collects from none.
	Collecting func(context.Context) (map[string]counterpoint.Collecting, error)
	// ReplyUntil is until when the reporter of an item can be answered, counterpoint.ErrNotFound when not; nil is that
	// nobody can.
	ReplyUntil func(ctx context.Context, item string) (time.Time, error)
	// Templates are the answers to reporters that are agreed on; nil are counterpoint.AnswerTemplates.
	Templates []counterpoint.AnswerTemplate
}

// Desk is where commands are checked, appended to the log and awaited. It is safe for concurrent use.
type Desk struct {
	views      counterpoint.Views
	decisions  Decisions
	secrets    Secrets
	now        func() time.Time
	wait       time.Duration
	collecting func(context.Context) (map[string]counterpoint.Collecting, error)
	replyUntil func(ctx context.Context, item string) (time.Time, error)
	templates  []counterpoint.AnswerTemplate
	tries      *tries
	limiter    *Limiter
	past       pastDays
	hashing    chan struct{} // one slot for each password that is hashed at a time
	demoting   sync.Mutex    // held while an admin may cease to be one
}

// NewDesk makes a Desk.
func NewDesk(o DeskOptions) *Desk {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == 0 {
		o.Wait = 2 * time.Second
	}
	if o.Templates == nil {
		o.Templates = counterpoint.AnswerTemplates
	}
	return &Desk{
		replyUntil: o.ReplyUntil, templates: o.Templates,
		views: o.Views, decisions: o.Decisions, secrets: o.Secrets, now: o.Now, wait: o.Wait, collecting: o.Collecting,
		tries: newTries(), limiter: NewLimiter(o.Now), hashing: make(chan struct{}, hashesAtOnce),
	}
}

// Views are what the desk reads.
func (d *Desk) Views() counterpoint.Views { return d.views }

// Now is the desk's clock.
func (d *Desk) Now() time.Time { return d.now() }

// Call is who asks, and how.
type Call struct {
	By      counterpoint.Account
	Version int    // the version the person saw; ignored for creations
	Key     string // Idempotency-Key; empty for none

	latest bool // whichever version is current: for what is added and takes nothing back
}

// Answer is what became of a command.
type Answer struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	State   string `json:"state"`
	Event   string `json:"event"`
	Pending bool   `json:"-"` // not applied within the wait: ask Outcome(Event) later
	Created bool   `json:"-"`
}

// attempts is how often a command that changes two things is built again because the second one moved on.
const attempts = 5

// decide runs one command: build looks at what is current and makes the event, or says why not. A call with
// a key that was answered before gets the first answer.
func (d *Desk) decide(ctx context.Context, c Call, op Op, build func() (counterpoint.Event, error)) (Answer, error) {
	if err := may(c.By, op); err != nil {
		return Answer{}, err
	}
	for try := range attempts {
		again := func(out counterpoint.Outcome) bool {
			return (secondMoved(out) || c.latest && !out.Applied) && try+1 < attempts
		}
		id := counterpoint.NewID("evt")
		if c.Key != "" {
			id = counterpoint.ID("evt", c.By.ID, string(op), c.Key, fmt.Sprint(try))
			if out, err := d.Outcome(ctx, id); err == nil {
				if again(out) {
					continue
				}
				return answer(out)
			}
		}
		e, err := build()
		if err == nil {
			err = c.fits(e)
		}
		if err != nil {
			if a, answered, first := d.first(ctx, c, id); answered {
				return a, first
			}
			return Answer{}, err
		}
		out, err := d.append(ctx, c.name(e, id))
		if errors.Is(err, errPending) {
			return Answer{ID: out.Event.On.ID, Event: id, Pending: true, Created: e.On.Version == 0}, nil
		}
		if err != nil {
			return Answer{}, err
		}
		if again(out) {
			continue
		}
		return answer(out)
	}
	panic("unreachable")
}

// settler is a view without transactions: what an event did may be there before its outcome is. Settled is what
// will be the outcome, counterpoint.ErrNotFound before the event was looked at.
type settler interface {
	Settled(ctx context.Context, event string) (counterpoint.Outcome, error)
}

// first is the answer to an earlier call with the key, whose event may have been applied while this one looked. Of
// one that is settled and not shown, the outcome is waited for, or the caller would be told that what they did
// themselves stands in their way.
func (d *Desk) first(ctx context.Context, c Call, id string) (a Answer, answered bool, err error) {
	if c.Key == "" {
		return Answer{}, false, nil
	}
	out, err := d.Outcome(ctx, id)
	late := false
	if s, ok := d.views.(settler); ok && errors.Is(err, counterpoint.ErrNotFound) {
		if out, err = s.Settled(ctx, id); err == nil {
			_, err := d.await(ctx, id)
			late = errors.Is(err, errPending)
		}
	}
	if err != nil {
		return Answer{}, false, nil
	}
	a, err = answer(out)
	a.Pending = late && err == nil
	return a, true, err
}

// fits says whether the event is based on the version that the caller saw.
func (c Call) fits(e counterpoint.Event) error {
	if e.On.Version == 0 || e.On.Version == c.Version || c.latest {
		return nil
	}
	return fmt.Errorf("%s %s is at version %d, you decided on version %d; look again: %w",
		e.On.Kind, e.On.ID, e.On.Version, c.Version, counterpoint.ErrStale)
}

// name gives the event its id, and what it makes an id that follows from it, so that a creation sent twice
// with one key makes one thing.
func (c Call) name(e counterpoint.Event, id string) counterpoint.Event {
	e.ID = id
	if c.Key != "" && e.On.Version == 0 {
		switch prefix, _, _ := strings.Cut(e.On.ID, "_"); e.On.Kind {
		case counterpoint.KindNarrative, counterpoint.KindMessage, counterpoint.KindAiring:
			e.On.ID = counterpoint.ID(prefix, id)
		}
	}
	return e
}

// secondMoved reports whether an event was refused only because its second aggregate had a newer version.
func secondMoved(out counterpoint.Outcome) bool {
	return !out.Applied && out.Event.Also != nil && out.Version == out.Event.On.Version
}

func answer(out counterpoint.Outcome) (Answer, error) {
	if !out.Applied {
		return Answer{}, fmt.Errorf("%s: %w", out.Refused, counterpoint.ErrConflict)
	}
	e := out.Event
	return Answer{ID: e.On.ID, Version: out.Version, State: out.State, Event: e.ID, Created: e.On.Version == 0}, nil
}

var errPending = errors.New("pending")

// Decide appends an event made elsewhere (by respond, or by ingest for a source) and waits for its outcome.
func (d *Desk) Decide(ctx context.Context, e counterpoint.Event) (counterpoint.Outcome, error) {
	out, err := d.append(ctx, e)
	if errors.Is(err, errPending) {
		return out, nil
	}
	return out, err
}

func (d *Desk) append(ctx context.Context, e counterpoint.Event) (counterpoint.Outcome, error) {
	e, err := e.Seal(d.secrets.Seal)
	if err != nil {
		return counterpoint.Outcome{}, err
	}
	if err := d.decisions.Publish(ctx, e); err != nil {
		return counterpoint.Outcome{}, fmt.Errorf("append the decision: %w", err)
	}
	out, err := d.await(ctx, e.ID)
	if errors.Is(err, errPending) {
		out.Event = e
	}
	return out, err
}

// await polls for the outcome: the index is often another process, and a look costs microseconds.
func (d *Desk) await(ctx context.Context, event string) (counterpoint.Outcome, error) {
	deadline := time.NewTimer(d.wait)
	defer deadline.Stop()
	pause := time.Millisecond
	for {
		out, err := d.Outcome(ctx, event)
		if !errors.Is(err, counterpoint.ErrNotFound) {
			return out, err
		}
		select {
		case <-time.After(pause):
			pause = min(pause*3/2, 50*time.Millisecond)
		case <-deadline.C:
			return counterpoint.Outcome{}, errPending
		case <-ctx.Done():
			return counterpoint.Outcome{}, errPending
		}
	}
}

// Outcome is what became of an event, counterpoint.ErrNotFound until it is applied or refused.
func (d *Desk) Outcome(ctx context.Context, event string) (counterpoint.Outcome, error) {
	return counterpoint.Load[counterpoint.Outcome](ctx, d.views, event)
}

// Finished is the answer a pending command would have given.
func (d *Desk) Finished(ctx context.Context, event string) (Answer, error) {
	out, err := d.Outcome(ctx, event)
	if err != nil {
		return Answer{}, err
	}
	return answer(out)
}
