package reliability

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"counterpoint"
	"counterpoint/stream"
)

// patience waits where the program does: for a server that is away, and for a disk that is full. Any other
// error ends a stage, as it does in the program.
type patience struct{ waits atomic.Int64 }

func (p *patience) insist(ctx context.Context, do func() error) error {
	for {
		err := do()
		if !errors.Is(err, counterpoint.ErrAway) && !errors.Is(err, counterpoint.ErrDiskFull) {
			return err
		}
		p.waits.Add(1)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

type patientFeed[T stream.Value] struct {
	*patience
	from *stream.Feed[T]
}

// Read is the feed's.
func (p patientFeed[T]) Read(ctx context.Context, max int) (entries []counterpoint.Entry[T], ack func(context.Context) error, err error) {
	var once func(context.Context) error
	err = p.insist(ctx, func() error {
		var err error
		entries, once, err = p.from.Read(ctx, max)
		return err
	})
	if err != nil || once == nil {
		return entries, once, err
	}
	return entries, func(ctx context.Context) error { return p.insist(ctx, func() error { return once(ctx) }) }, nil
}

type patientView[T stream.Value] struct {
	*patience
	to stream.View[T]
}

// Publish returns when the values are durable.
func (p patientView[T]) Publish(ctx context.Context, values ...T) error {
	return p.insist(ctx, func() error { return p.to.Publish(ctx, values...) })
}
