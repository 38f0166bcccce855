package main

import (
	"context"
	"errors"
	"time"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/stream"
)

// stalled is how long settle waits while nothing moves before it looks whether what is left can be read at all;
// givenUp, when it leaves it to the line.
const (
	stalled = time.Second
	givenUp = 30 * time.Second
)

// settle waits until everything on the stream is classified, as far as this process does that, and in the index,
// where lists show it.
func (l *line) settle(ctx context.Context) error {
	last, moved, looked := int64(-1), time.Now(), time.Time{}
	for {
		var waiting int64
		err := waiter{l.log}.insist(ctx, "see how far the index is", func() (err error) {
			waiting, err = l.waiting(ctx)
			return err
		})
		if err != nil {
			return err
		}
		if waiting != last {
			last, moved = waiting, time.Now()
		}
		still := time.Since(moved)
		if waiting == 0 || still > givenUp {
			return l.refreshed(ctx)
		}
		if still > stalled && time.Since(looked) > stalled {
			if n, err := l.unreadable(ctx); err == nil && n == waiting {
				return l.refreshed(ctx)
			}
			looked = time.Now()
		}
		if err := pause(ctx, l.lookEvery()); err != nil {
			return err
		}
	}
}

// lookEvery is how often it is worth to look: servers are not asked a hundred times a second.
func (l *line) lookEvery() time.Duration {
	if l.cfg.Stream == "" && l.cfg.Index == "" {
		return 10 * time.Millisecond
	}
	return 200 * time.Millisecond
}

// refreshed waits as long as lists may lag behind.
func (l *line) refreshed(ctx context.Context) error {
	if l.cfg.Index == "" {
		return nil
	}
	return pause(ctx, index.Freshness)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// waiting is how many records classify and the index have before them. Classify's are counted first: what it
// finishes meanwhile is then still counted for the index.
func (l *line) waiting(ctx context.Context) (n int64, err error) {
	if l.stage != nil {
		if n, err = l.stream.Lag(ctx, stream.Items, "classify"); err != nil {
			return 0, err
		}
	}
	all, err := standings(ctx, l.stream, l.store)
	if err != nil {
		return 0, err
	}
	for _, s := range all {
		n += s.behind()
	}
	return n, nil
}

// unreadable is how many records the index has before it that nobody can read. They lie among the dead letters;
// the index has passed them only when it has applied what comes after them.
func (l *line) unreadable(ctx context.Context) (int64, error) {
	all, err := standings(ctx, l.stream, l.store)
	if err != nil {
		return 0, err
	}
	var n int64
	for _, s := range all {
		var err error
		switch s.topic {
		case stream.Items:
			err = countUnreadable[counterpoint.Item](ctx, l.stream, s, &n)
		case stream.Assessments:
			err = countUnreadable[counterpoint.Assessment](ctx, l.stream, s, &n)
		case stream.Decisions:
			err = countUnreadable[counterpoint.Event](ctx, l.stream, s, &n)
		}
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

func countUnreadable[T stream.Value](ctx context.Context, log stream.Log, s standing, n *int64) error {
	for _, err := range stream.Of[T](log, s.topic).Replay(ctx, s.at) {
		switch {
		case errors.Is(err, stream.ErrUndecodable):
			*n++
		case err != nil:
			return err
		default:
			return nil // something can be read: it is on its way
		}
	}
	return nil
}
