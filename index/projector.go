package index

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
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

// Feed is a topic as the projector reads it, from Store.Positions on. The func acknowledges the batch; it is
// called in the order of the batches, also while the next Read waits.
type Feed[T any] interface {
	Read(ctx context.Context, max int) ([]counterpoint.Entry[T], func(context.Context) error, error)
}

// ProjectorOptions are what a projector needs besides its store.
type ProjectorOptions struct {
	// Unseal opens the words of decisions, or returns counterpoint.ErrNotFound where their key was erased.
	// Nil finds no keys.
	Unseal func(item, sealed string) ([]byte, error)
	// Bury sets aside an entry that the store refuses for ever, with the reason, so that the line goes on. Nil
	// buries nothing: such an entry is tried again for ever.
	Bury func(ctx context.Context, topic string, at counterpoint.Position, value any, reason string) error
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
	bury    func(ctx context.Context, topic string, at counterpoint.Position, value any, reason string) error
	log     *slog.Logger
	metrics metrics
}

// NewProjector is a projector into the store.
func NewProjector(store Store, o ProjectorOptions) *Projector {
	p := &Projector{store, o.Unseal, o.Bury, o.Log, newMetrics(o.Registerer)}
	if p.unseal == nil {
		p.unseal = func(item, _ string) ([]byte, error) { return nil, counterpoint.ErrNotFound }
	}
	if p.log == nil {
		p.log = slog.Default()
	}
	return p
}

// Run applies the feeds until ctx is done, and then returns nil. An item waits a moment for its assessment, so
// that both are written at once. A store that cannot take a batch, as when the disk is full, is asked again until
// it can; nothing is skipped but what it refuses for ever, which is buried. Run returns the error of a feed that
// cannot be read. A nil feed is left out.
func (p *Projector) Run(ctx context.Context, items Feed[counterpoint.Item], assessments Feed[counterpoint.Assessment], decisions Feed[counterpoint.Event]) error {
	g, ctx := errgroup.WithContext(ctx)
	if items != nil || assessments != nil {
		g.Go(func() error { return p.hear(ctx, items, assessments) })
	}
	if decisions != nil {
		g.Go(func() error { return p.decide(ctx, decisions) })
	}
	return g.Wait()
}

func (p *Projector) decide(ctx context.Context, feed Feed[counterpoint.Event]) error {
	for {
		batch, ack, err := feed.Read(ctx, BatchSize)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s to index: %w", Decisions, err)
		}
		if !p.insist(ctx, func() error { return p.PutDecisions(ctx, batch) }) {
			return nil
		}
		if err := acknowledge(ctx, Decisions, ack); err != nil {
			return err
		}
	}
}

func acknowledge(ctx context.Context, topic string, ack func(context.Context) error) error {
	if ack == nil {
		return nil
	}
	if err := ack(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("acknowledge %s: %w", topic, err)
	}
	return nil
}

// insist does until it succeeds, and reports false when ctx was done first.
func (p *Projector) insist(ctx context.Context, do func() error) bool {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := do()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		p.log.Error("index cannot take a batch; trying again", "error", err, "wait", wait)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

// PutItems applies a batch of the items topic.
func (p *Projector) PutItems(ctx context.Context, batch []counterpoint.Entry[counterpoint.Item]) error {
	return p.PutTogether(ctx, batch, nil)
}

// PutAssessments applies a batch of the assessments topic.
func (p *Projector) PutAssessments(ctx context.Context, batch []counterpoint.Entry[counterpoint.Assessment]) error {
	return p.PutTogether(ctx, nil, batch)
}

// PutTogether applies items and assessments at once: a segment whose item and assessment are both there is
// written once.
func (p *Projector) PutTogether(ctx context.Context, items []counterpoint.Entry[counterpoint.Item], assessments []counterpoint.Entry[counterpoint.Assessment]) error {
	return p.put(ctx, together(items, assessments))
}

func together(items []counterpoint.Entry[counterpoint.Item], assessments []counterpoint.Entry[counterpoint.Assessment]) []entry {
	list := make([]entry, 0, len(items)+len(assessments))
	for i := range assessments { // first, or each segment would be made twice
		e := &assessments[i]
		list = append(list, entry{Assessments, e.Position, e.Time, &e.Value})
	}
	for i := range items {
		e := &items[i]
		list = append(list, entry{Items, e.Position, e.Value.Seen, &e.Value})
	}
	return list
}

// PutDecisions applies a batch of the decisions topic.
func (p *Projector) PutDecisions(ctx context.Context, batch []counterpoint.Entry[counterpoint.Event]) error {
	var list []entry
	for i := range batch {
		e := &batch[i]
		list = append(list, entry{Decisions, e.Position, e.Time, &e.Value})
	}
	return p.put(ctx, list)
}

// entry is an entry of any topic.
type entry struct {
	topic string
	counterpoint.Position
	since time.Time // from which its age counts
	value any       // *Item, *Assessment or *Event
}

// put applies the entries and counts them.
func (p *Projector) put(ctx context.Context, list []entry) error {
	p.metrics.begin(list)
	if err := p.applyApart(ctx, list); err != nil {
		return err
	}
	p.metrics.done(list)
	return nil
}

// apply applies the entries that the store has not applied yet, with the positions after them, in one Update.
func (p *Projector) apply(ctx context.Context, list []entry) error {
	fresh, next, err := p.fresh(ctx, list)
	if err != nil || len(fresh) == 0 {
		return err
	}
	return p.write(ctx, fresh, next)
}

// write applies entries, with the positions after them, in one Update.
func (p *Projector) write(ctx context.Context, list []entry, next Next) error {
	return update(ctx, p.store, next, func(tx Tx) error {
		if err := want(tx, list); err != nil {
			return err
		}
		for _, e := range list {
			if err := p.one(tx, e); err != nil {
				return fmt.Errorf("index %s[%d]@%d: %w", e.topic, e.Partition, e.Offset, err)
			}
		}
		b, ok := tx.(*Buffer)
		if !ok {
			return nil
		}
		if err := relate(b); err != nil {
			return fmt.Errorf("find near-copies: %w", err)
		}
		return b.Encode()
	})
}

// fresh are the entries that the store has not applied yet, and the positions after them.
func (p *Projector) fresh(ctx context.Context, list []entry) ([]entry, Next, error) {
	var fresh []entry
	at, next := Next{}, Next{}
	for _, e := range list {
		if at[e.topic] == nil {
			stands, err := p.stands(ctx, e.topic, list)
			if err != nil {
				return nil, nil, err
			}
			at[e.topic], next[e.topic] = stands, map[int]int64{}
		}
		if e.Offset >= at[e.topic][e.Partition] {
			fresh = append(fresh, e)
			at[e.topic][e.Partition], next[e.topic][e.Partition] = e.Offset+1, e.Offset+1
		}
	}
	return fresh, next, nil
}

// stands is where the store stands in the partitions of the entries: as far as it remembers, else it is asked.
func (p *Projector) stands(ctx context.Context, topic string, list []entry) (map[int]int64, error) {
	if r, ok := p.store.(Rememberer); ok {
		at := maps.Clone(r.Reached(topic))
		if !slices.ContainsFunc(list, func(e entry) bool { return e.topic == topic && at[e.Partition] == 0 }) {
			return at, nil
		}
	}
	return p.store.Positions(ctx, topic)
}

func (p *Projector) one(tx Tx, e entry) error {
	switch v := e.value.(type) {
	case *counterpoint.Item:
		return putItem(tx, e.Position, *v)
	case *counterpoint.Assessment:
		return putAssessment(tx, e.Position, *v)
	case *counterpoint.Event:
		return p.putEvent(tx, e.Offset, *v)
	}
	return fmt.Errorf("no way to index a %T", e.value)
}

// applyApart applies the entries, in halves where the store refuses something, until what it refuses stands
// alone and is buried.
func (p *Projector) applyApart(ctx context.Context, list []entry) error {
	err := p.apply(ctx, list)
	switch {
	case !errors.Is(err, ErrRefused) || p.bury == nil:
		return err
	case len(list) == 1:
		return p.passOver(ctx, list[0], err)
	}
	half := len(list) / 2
	if err := p.applyApart(ctx, list[:half]); err != nil {
		return err
	}
	return p.applyApart(ctx, list[half:])
}

func (p *Projector) passOver(ctx context.Context, e entry, reason error) error {
	var value any
	switch v := e.value.(type) {
	case *counterpoint.Item:
		value = *v
	case *counterpoint.Assessment:
		value = *v
	case *counterpoint.Event:
		value = *v
	}
	if err := p.bury(ctx, e.topic, e.Position, value, reason.Error()); err != nil {
		return fmt.Errorf("bury %s[%d]@%d: %w", e.topic, e.Partition, e.Offset, err)
	}
	p.log.Error("index refused an entry; it was set aside", "topic", e.topic, "partition", e.Partition, "offset", e.Offset, "error", reason)
	return p.store.Update(ctx, Next{e.topic: {e.Partition: e.Offset + 1}}, func(Tx) error { return nil })
}
