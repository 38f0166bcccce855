package kafka

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"counterpoint"
	"counterpoint/stream"
)

// readBytes bounds what one Read returns, whatever max says.
const readBytes = 4 << 20

// chunk is what was fetched of a partition at once.
type chunk struct {
	share   int64 // of the partitions under which it was fetched; an old one's chunks are read by somebody else
	records []stream.Record
}

// reader is both kinds of stream.Reader. A puller pushes what it fetched into it and stops when nobody takes it.
type reader struct {
	log    *Log
	topic  string
	in     chan []chunk
	errs   chan error      // what does not pass by itself
	ctx    context.Context // of its goroutines
	cancel context.CancelFunc
	wg     sync.WaitGroup
	once   sync.Once

	group   *member      // nil for a tail
	reading atomic.Bool  // somebody is in Read
	got     atomic.Int64 // when a Read last gave records, in nanoseconds

	mu   sync.Mutex // Read's own, so that a second goroutine does no harm
	held []chunk

	pos   sync.Mutex
	share int64         // the current one
	took  map[int]int64 // next offset by partition of what Read gave, in all shares
}

func (l *Log) newReader(topic string) *reader {
	r := &reader{log: l, topic: topic, in: make(chan []chunk), errs: make(chan error), took: map[int]int64{}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	l.mu.Lock()
	l.readers[r] = struct{}{}
	l.mu.Unlock()
	return r
}

// fail tells whoever reads of an error that does not pass by itself; all others are met by trying again.
func (r *reader) fail(ctx context.Context, err error) {
	if passes(explain(err)) {
		return
	}
	select {
	case r.errs <- err:
	case <-ctx.Done():
	case <-time.After(time.Second): // nobody reads
	}
}

// Tail reads from explicit positions.
func (l *Log) Tail(topic string, from map[int]int64) (stream.Reader, error) {
	if _, err := l.known(topic); err != nil {
		return nil, err
	}
	r := l.newReader(topic)
	r.wg.Go(func() { r.tail(from) })
	return r, nil
}

// tail reads all partitions, as soon as it is known how many there are.
func (r *reader) tail(from map[int]int64) {
	for r.ctx.Err() == nil {
		n, err := r.log.partitions(r.ctx, r.topic)
		if err != nil || n == 0 {
			pause(r.ctx, 200*time.Millisecond)
			continue
		}
		var sources []*source
		for p := range n {
			sources = append(sources, &source{log: r.log, topic: r.topic, partition: p, next: from[p]})
		}
		r.pull(r.ctx, 0, sources)
		return
	}
}

// Read waits for records.
func (r *reader) Read(ctx context.Context, max int) ([]stream.Record, stream.Ack, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reading.Store(true)
	defer r.reading.Store(false)
	for {
		if err := r.open(ctx); err != nil {
			return nil, nil, err
		}
		r.gather()
		if records := r.take(maximum(max)); len(records) > 0 {
			r.got.Store(time.Now().UnixNano())
			return records, r.ack(), nil
		}
		select {
		case some := <-r.in:
			r.held = append(r.held, some...)
		case err := <-r.errs:
			return nil, nil, fmt.Errorf("read topic %s: %w", r.topic, explain(err))
		case <-ctx.Done():
		case <-r.ctx.Done():
		case <-r.log.quit:
		}
	}
}

func maximum(n int) int { return max(n, 1) }

// gather takes what else is ready, so that batches are large where much waits.
func (r *reader) gather() {
	for len(r.held) > 0 && len(r.held) < 4 {
		select {
		case some := <-r.in:
			r.held = append(r.held, some...)
		default:
			return
		}
	}
}

// take cuts records off what is held.
func (r *reader) take(max int) (out []stream.Record) {
	r.pos.Lock()
	defer r.pos.Unlock()
	size := 0
	for len(r.held) > 0 && len(out) < max && size < readBytes {
		c := &r.held[0]
		if c.share != r.share {
			r.held = r.held[1:]
			continue
		}
		n := 0
		for n < len(c.records) && len(out)+n < max && (size < readBytes || len(out)+n == 0) {
			size += c.records[n].Size()
			n++
		}
		if n > 0 {
			r.took[c.records[0].Partition] = c.records[n-1].Offset + 1
			out = append(out, c.records[:n]...)
		}
		if c.records = c.records[n:]; len(c.records) == 0 {
			r.held = r.held[1:]
		}
	}
	return out
}

// positions are the next offsets of what Read gave.
func (r *reader) positions() map[int]int64 {
	r.pos.Lock()
	defer r.pos.Unlock()
	return maps.Clone(r.took)
}

// ack is the acknowledgement of all that was read so far.
func (r *reader) ack() stream.Ack {
	if r.group == nil {
		return func(context.Context) error { return nil }
	}
	next := r.positions()
	return func(ctx context.Context) error { return r.group.acknowledge(ctx, next) }
}

func (r *reader) open(ctx context.Context) error {
	if err := r.log.open(); err != nil {
		return err
	}
	if r.ctx.Err() != nil {
		return fmt.Errorf("reader of topic %s: %w", r.topic, counterpoint.ErrClosed)
	}
	return ctx.Err()
}

// Close leaves the group. What was read and not acknowledged is read again by the group's next reader.
func (r *reader) Close() error {
	r.once.Do(func() {
		r.cancel()
		r.wg.Wait()
		r.log.mu.Lock()
		delete(r.log.readers, r)
		r.log.mu.Unlock()
	})
	return nil
}
