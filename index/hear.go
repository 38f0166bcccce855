package index

import (
	"context"
	"fmt"
	"slices"
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

const (
	// gatherAtMost is how long a judged item waits for others, however slow the store is.
	gatherAtMost = 200 * time.Millisecond
	// gatherSegments is how many segments are enough for one batch.
	gatherSegments = 2000
)

// follow applies what the window lets go, and then acknowledges it. After a batch that took a while it gathers as
// long for the next: the slower the store, the larger the batches, which cost it less.
func (p *Projector) follow(ctx context.Context, w *window, heard <-chan chunk[counterpoint.Item], judged <-chan chunk[counterpoint.Assessment]) error {
	gather := time.Duration(0)
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
			w.judge(c.entries)
			c = gatherMore(ctx, w, c, gather, heard, judged)
			assessments, ackJudged = c.entries, c.ack
		case <-timer.C:
		}
		timer.Stop()
		began := time.Now()
		batch := w.release(began)
		if len(batch)+len(assessments) > 0 && !p.insist(ctx, func() error { return p.PutTogether(ctx, batch, assessments) }) {
			return nil
		}
		gather = min(time.Since(began), gatherAtMost)
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

// gatherMore adds what comes meanwhile, up to a batch, and then the items of it that were not read yet. The last
// acknowledgement stands for all before it.
func gatherMore(ctx context.Context, w *window, c chunk[counterpoint.Assessment], during time.Duration, heard <-chan chunk[counterpoint.Item], judged <-chan chunk[counterpoint.Assessment]) chunk[counterpoint.Assessment] {
	timer := time.NewTimer(during)
	defer timer.Stop()
	for {
		items, judged := heard, judged
		if w.full() {
			items = nil
		}
		if len(c.entries) >= BatchSize || segmentsIn(c.entries) >= gatherSegments {
			judged = nil
		}
		if judged == nil && (items == nil || len(w.early) == 0) {
			return c
		}
		select {
		case <-ctx.Done():
			return c
		case <-timer.C:
			return c
		case more := <-items:
			w.hear(more, time.Now())
		case more := <-judged:
			w.judge(more.entries)
			c = chunk[counterpoint.Assessment]{slices.Concat(c.entries, more.entries), more.ack}
		}
	}
}

func segmentsIn(list []counterpoint.Entry[counterpoint.Assessment]) (n int) {
	for _, e := range list {
		n += len(e.Value.Segments)
	}
	return n
}
