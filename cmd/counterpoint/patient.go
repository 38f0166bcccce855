package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"counterpoint"
	"counterpoint/stream"
)

// waiter is how a stage meets a full disk, or a server that is away: it waits where it stands and goes on when it
// can. Nothing it has read is acknowledged meanwhile, so nothing is lost, and the program needs no restart.
type waiter struct{ log *slog.Logger }

// retell is how often the operator is told of the same wait.
const retell = time.Minute

// insist does until it can be done, or ctx is done. Every outcome that does not pass by itself is the caller's.
func (p waiter) insist(ctx context.Context, what string, do func() error) error {
	begun, told := time.Now(), time.Time{}
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := do()
		full := errors.Is(err, counterpoint.ErrDiskFull)
		if !full && !errors.Is(err, counterpoint.ErrAway) {
			if err == nil && !told.IsZero() {
				p.log.Info("it goes on", "doing", what, "waited", time.Since(begun).Round(100*time.Millisecond))
			}
			return err
		}
		if now := time.Now(); told.IsZero() || now.Sub(told) >= retell {
			told = now
			if full {
				p.log.Error("the disk is full; free some space, then it goes on by itself", "doing", what, "error", err)
			} else {
				p.log.Error("what this needs is not there; when it is, this goes on by itself", "doing", what, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// publisher is a topic that a stage writes to.
type publisher[T any] interface {
	Publish(ctx context.Context, values ...T) error
}

// patientPublisher publishes when there is room.
type patientPublisher[T any] struct {
	waiter
	to publisher[T]
}

// Publish returns when the values are durable.
func (p patientPublisher[T]) Publish(ctx context.Context, values ...T) error {
	return p.insist(ctx, "publish", func() error { return p.to.Publish(ctx, values...) })
}

// patientFeed reads, buries what cannot be read, and acknowledges when there is room, many batches at once.
type patientFeed[T stream.Value] struct {
	waiter
	from *stream.Feed[T]
	acks *acks
}

// patiently is the feed as the stages of a line read it. Whoever is done with it closes it.
func patiently[T stream.Value](p waiter, from *stream.Feed[T]) patientFeed[T] {
	return patientFeed[T]{p, from, &acks{}}
}

// Read is the feed's. Its acknowledgement returns at once, with what went wrong with one before it.
func (p patientFeed[T]) Read(ctx context.Context, max int) (entries []counterpoint.Entry[T], ack func(context.Context) error, err error) {
	var once func(context.Context) error
	err = p.insist(ctx, "read", func() error {
		var err error
		entries, once, err = p.from.Read(ctx, max)
		return err
	})
	if err != nil || once == nil {
		return entries, once, err
	}
	patient := func(ctx context.Context) error {
		return p.insist(ctx, "acknowledge", func() error { return once(ctx) })
	}
	return entries, func(ctx context.Context) error { return p.acks.later(ctx, patient) }, nil
}

// close acknowledges what is left and leaves the group.
func (p patientFeed[T]) close() error {
	p.acks.end()
	return p.from.Close()
}
