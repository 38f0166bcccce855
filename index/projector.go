package index

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"counterpoint"
)

// The topics whose positions a store keeps.
const (
	Items       = "items"
	Assessments = "assessments"
	Decisions   = "decisions"
)

// BatchSize is how many entries Run applies at a time: one fsync for all of them.
const BatchSize = 500

// Feed is a topic as the projector reads it, from Store.Positions on. The func acknowledges the batch.
type Feed[T any] interface {
	Read(ctx context.Context, max int) ([]counterpoint.Entry[T], func(context.Context) error, error)
}

// ProjectorOptions are what a projector needs besides its store.
type ProjectorOptions struct {
	// Unseal opens the words of decisions, or returns counterpoint.ErrNotFound where their key was erased.
	// Nil finds no keys.
	Unseal func(item, sealed string) ([]byte, error)
	// Log takes what goes wrong on the way; nil is slog.Default().
	Log *slog.Logger
	// Registerer takes the metrics; nil keeps them unseen.
	Registerer prometheus.Registerer
}

// Projector applies the three logs to a store. Applying an entry twice is applying it once, and the end does
// not depend on how the logs interleave.
type Projector struct {
	store   Store
	unseal  func(item, sealed string) ([]byte, error)
	log     *slog.Logger
	metrics metrics
}

// NewProjector is a projector into the store.
func NewProjector(store Store, o ProjectorOptions) *Projector {
	p := &Projector{store, o.Unseal, o.Log, newMetrics(o.Registerer)}
	if p.unseal == nil {
		p.unseal = func(item, _ string) ([]byte, error) { return nil, counterpoint.ErrNotFound }
	}
	if p.log == nil {
		p.log = slog.Default()
	}
	return p
}

// Run applies the feeds until ctx is done, and then returns nil. A store that cannot take a batch, as when the
// disk is full, is asked again until it can; nothing is skipped. It returns the error of a feed that cannot be
// read. A nil feed is left out.
func (p *Projector) Run(ctx context.Context, items Feed[counterpoint.Item], assessments Feed[counterpoint.Assessment], decisions Feed[counterpoint.Event]) error {
	g, ctx := errgroup.WithContext(ctx)
	if items != nil {
		g.Go(func() error { return follow(ctx, p, Items, items, p.PutItems) })
	}
	if assessments != nil {
		g.Go(func() error { return follow(ctx, p, Assessments, assessments, p.PutAssessments) })
	}
	if decisions != nil {
		g.Go(func() error { return follow(ctx, p, Decisions, decisions, p.PutDecisions) })
	}
	return g.Wait()
}

func follow[T any](ctx context.Context, p *Projector, topic string, feed Feed[T], put func(context.Context, []counterpoint.Entry[T]) error) error {
	for {
		batch, ack, err := feed.Read(ctx, BatchSize)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s to index: %w", topic, err)
		}
		if !p.insist(ctx, topic, func() error { return put(ctx, batch) }) {
			return nil
		}
		if ack == nil {
			continue
		}
		if err := ack(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("acknowledge %s: %w", topic, err)
		}
	}
}

// insist does until it succeeds, and reports false when ctx was done first.
func (p *Projector) insist(ctx context.Context, topic string, do func() error) bool {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := do()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		p.log.Error("index cannot take a batch; trying again", "topic", topic, "error", err, "wait", wait)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

// PutItems applies a batch of the items topic.
func (p *Projector) PutItems(ctx context.Context, batch []counterpoint.Entry[counterpoint.Item]) error {
	return put(ctx, p, Items, batch, func(tx Tx, e counterpoint.Entry[counterpoint.Item]) error {
		return putItem(tx, e.Value)
	}, func(e counterpoint.Entry[counterpoint.Item]) time.Time { return e.Value.Seen })
}

// PutAssessments applies a batch of the assessments topic.
func (p *Projector) PutAssessments(ctx context.Context, batch []counterpoint.Entry[counterpoint.Assessment]) error {
	return put(ctx, p, Assessments, batch, func(tx Tx, e counterpoint.Entry[counterpoint.Assessment]) error {
		return putAssessment(tx, e.Value)
	}, func(e counterpoint.Entry[counterpoint.Assessment]) time.Time { return e.Time })
}

// PutDecisions applies a batch of the decisions topic.
func (p *Projector) PutDecisions(ctx context.Context, batch []counterpoint.Entry[counterpoint.Event]) error {
	return put(ctx, p, Decisions, batch, p.putEvent, func(e counterpoint.Entry[counterpoint.Event]) time.Time { return e.Time })
}

// put applies the entries that the store has not applied yet, with the positions after them.
func put[T any](ctx context.Context, p *Projector, topic string, batch []counterpoint.Entry[T], one func(Tx, counterpoint.Entry[T]) error, since func(counterpoint.Entry[T]) time.Time) error {
	if len(batch) == 0 {
		return nil
	}
	next, err := p.store.Positions(ctx, topic)
	if err != nil {
		return err
	}
	p.metrics.in.WithLabelValues(topic).Add(float64(len(batch)))
	var fresh []counterpoint.Entry[T]
	for _, e := range batch {
		if e.Offset >= next[e.Partition] {
			fresh = append(fresh, e)
			next[e.Partition] = e.Offset + 1
		}
	}
	if len(fresh) > 0 {
		if err := update(ctx, p.store, topic, next, func(tx Tx) error { return each(tx, topic, fresh, one) }); err != nil {
			return err
		}
	}
	ages := make([]time.Duration, len(batch))
	for i, e := range batch {
		ages[i] = time.Since(since(e))
	}
	p.metrics.done(topic, ages)
	return nil
}

func each[T any](tx Tx, topic string, entries []counterpoint.Entry[T], one func(Tx, counterpoint.Entry[T]) error) error {
	for _, e := range entries {
		if err := one(tx, e); err != nil {
			return fmt.Errorf("index %s[%d]@%d: %w", topic, e.Partition, e.Offset, err)
		}
	}
	return nil
}
