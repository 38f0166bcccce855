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
		g.Go(func() error {
			return pump(ctx, Items, items, heard, func(it *counterpoint.Item) int { return len(it.Segments) })
		})
	}
	if assessments != nil {
		g.Go(func() error {
			return pump(ctx, Assessments, assessments, judged, func(a *counterpoint.Assessment) int { return len(a.Segments) })
		})
	}
	w := newWindow()
	w.open = items == nil || assessments == nil
	g.Go(func() error { return p.follow(ctx, w, heard, judged) })
	return g.Wait()
}

// pump reads ahead by one batch, and gives it on in pieces of so many segments as are enough for a batch to write: of larger
// ones the last would be written when there is nothing beside it.
func pump[T any](ctx context.Context, topic string, feed Feed[T], to chan<- chunk[T], segments func(*T) int) error {
	for {
		entries, ack, err := feed.Read(ctx, BatchSize)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s to index: %w", topic, err)
		}
		for more := true; more; {
			n, sum := 0, 0
			for n < len(entries) && (n == 0 || sum < gatherSegments) {
				sum += segments(&entries[n].Value)
				n++
			}
			piece := chunk[T]{entries: entries[:n]}
			if entries, more = entries[n:], n < len(entries); !more {
				piece.ack = ack
			}
			select {
			case to <- piece:
			case <-ctx.Done():
				return nil
			}
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
// long for the next: the slower the store, the larger the batches, which cost it less. A full batch need not wait for the
// one before.
func (p *Projector) follow(ctx context.Context, w *window, heard <-chan chunk[counterpoint.Item], judged <-chan chunk[counterpoint.Assessment]) error {
	gather := time.Duration(0)
	var ahead *flight
	defer func() { ahead.wait() }()
	for {
		items := heard
		if w.full() {
			items = nil
		}
		next := &flight{}
		timer := time.NewTimer(w.wait(time.Now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case c := <-items:
			w.hear(c, time.Now())
		case c := <-judged:
			w.judge(c.entries)
			c = gatherMore(ctx, w, c, gather, ahead.landed(), heard, judged)
			next.assessments, next.ack = c.entries, c.ack
		case <-timer.C:
		case <-ahead.landed():
		}
		timer.Stop()
		next.began = time.Now()
		next.items = w.release(next.began)
		next.acks = w.acks()
		if p.beside(next, ahead) {
			p.launch(ctx, next)
		}
		if ahead != nil && (next.any() || ahead.hasLanded()) {
			if err := p.settle(ctx, ahead); err != nil || ctx.Err() != nil {
				next.wait()
				return err
			}
			gather, ahead = min(time.Since(ahead.began), gatherAtMost), nil
		}
		switch {
		case next.done != nil:
			ahead = next
		case !next.any():
		case p.far():
			p.launch(ctx, next)
			ahead = next
		default:
			if err := p.settle(ctx, next); err != nil || ctx.Err() != nil {
				return err
			}
			gather = min(time.Since(next.began), gatherAtMost)
		}
	}
}

// gatherMore adds what comes meanwhile, or while a batch before it is on its way, and the items that are not there yet. The
// last acknowledgement stands for all before it.
func gatherMore(ctx context.Context, w *window, c chunk[counterpoint.Assessment], during time.Duration, ahead <-chan struct{}, heard <-chan chunk[counterpoint.Item], judged <-chan chunk[counterpoint.Assessment]) chunk[counterpoint.Assessment] {
	timer := time.NewTimer(during)
	defer timer.Stop()
	end := timer.C
	var meet <-chan time.Time // while items are lacking
	if ahead != nil {
		end = nil
	}
	enough := false
	for {
		enough = enough || full(c.entries)
		lacks := w.lacks(c.entries)
		switch {
		case enough && !lacks:
			return c
		case !lacks:
			meet = nil
		case meet == nil:
			meet = time.After(meetWithin)
		}
		items, others := heard, judged
		if w.full() && !lacks {
			items = nil
		}
		if enough {
			others = nil
		}
		select {
		case <-ctx.Done():
			return c
		case <-end:
			enough, end = true, nil
		case <-ahead:
			enough, ahead = true, nil
		case <-meet:
			w.vain, meet = true, nil
		case more := <-items:
			w.hear(more, time.Now())
		case more := <-others:
			w.judge(more.entries)
			c.entries = slices.Concat(c.entries, more.entries)
			if more.ack != nil {
				c.ack = more.ack
			}
		}
	}
}

func full(list []counterpoint.Entry[counterpoint.Assessment]) bool {
	return len(list) >= BatchSize || segmentsIn(list) >= gatherSegments
}

func segmentsIn(list []counterpoint.Entry[counterpoint.Assessment]) (n int) {
	for _, e := range list {
		n += len(e.Value.Segments)
	}
	return n
}
