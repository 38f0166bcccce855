package index

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"counterpoint"
)

// chunk is what one Read gave.
type chunk[T any] struct {
	entries []counterpoint.Entry[T]
	ack     func(context.Context) error
}

// hear applies items and assessments together, each item with its assessment where that comes soon.
func (p *Projector) hear(ctx context.Context, items Feed[counterpoint.Item], assessments Feed[counterpoint.Assessment]) error {
	g, ctx := errgroup.WithContext(ctx)
	heard, judged := make(chan chunk[counterpoint.Item]), make(chan chunk[counterpoint.Assessment])
	if items != nil {
		g.Go(func() error { return pump(ctx, Items, items, heard) })
	}
	if assessments != nil {
		g.Go(func() error { return pump(ctx, Assessments, assessments, judged) })
	}
	w := newWindow()
	w.open = items == nil || assessments == nil
	g.Go(func() error { return p.follow(ctx, w, heard, judged) })
	return g.Wait()
}

// pump reads ahead by one batch.
func pump[T any](ctx context.Context, topic string, feed Feed[T], to chan<- chunk[T]) error {
	for {
		entries, ack, err := feed.Read(ctx, BatchSize)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s to index: %w", topic, err)
		}
		select {
		case to <- chunk[T]{entries, ack}:
		case <-ctx.Done():
			return nil
		}
	}
}

// follow applies what the window lets go, and then acknowledges it.
func (p *Projector) follow(ctx context.Context, w *window, heard <-chan chunk[counterpoint.Item], judged <-chan chunk[counterpoint.Assessment]) error {
	for {
		items := heard
		if w.full() {
			items = nil
		}
		var ackJudged func(context.Context) error
		var assessments []counterpoint.Entry[counterpoint.Assessment]
		timer := time.NewTimer(w.wait(time.Now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case c := <-items:
			w.hear(c, time.Now())
		case c := <-judged:
			assessments, ackJudged = c.entries, c.ack
			w.judge(c.entries)
		case <-timer.C:
		}
		timer.Stop()
		batch := w.release(time.Now())
		if len(batch)+len(assessments) > 0 && !p.insist(ctx, func() error { return p.PutTogether(ctx, batch, assessments) }) {
			return nil
		}
		if err := acknowledge(ctx, Assessments, ackJudged); err != nil {
			return err
		}
		for _, ack := range w.acks() {
			if err := acknowledge(ctx, Items, ack); err != nil {
				return err
			}
		}
	}
}
