package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"counterpoint"
	"counterpoint/stream"
)

// publishTimeout is when a publish says that the brokers are away. What it was about to write may still be written.
const publishTimeout = 15 * time.Second

// Publish appends records and returns when all replicas in sync have them. When the brokers do not answer in
// time it is counterpoint.ErrAway.
func (l *Log) Publish(ctx context.Context, topic string, records ...stream.Record) error {
	t, err := stream.Check(topic, records...)
	if err != nil {
		return err
	}
	if err := errors.Join(l.writable(), ctx.Err()); err != nil || len(records) == 0 {
		return err
	}
	if err := l.publish(ctx, topic, records); err != nil {
		return fmt.Errorf("publish %d records to %s: %w", len(records), topic, err)
	}
	if t.Compacted {
		l.sweeps.after(cleanAfter+5*time.Second, l.sweep)
	}
	return nil
}

func (l *Log) writable() error {
	if l.o.ReadOnly {
		return stream.ErrReadOnly
	}
	return l.open()
}

func (l *Log) publish(ctx context.Context, topic string, records []stream.Record) error {
	sending, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	err := l.writer.publish(sending, topic, records)
	if errors.Is(err, io.ErrClosedPipe) {
		return l.open()
	}
	if ctx.Err() != nil && err != nil {
		return ctx.Err()
	}
	return l.explain(ctx, err)
}

func headers(h map[string]string) []kafkago.Header {
	if len(h) == 0 {
		return nil
	}
	out := make([]kafkago.Header, 0, len(h))
	for _, k := range slices.Sorted(maps.Keys(h)) {
		out = append(out, kafkago.Header{Key: k, Value: []byte(h[k])})
	}
	return out
}

// sweepKey is of records that no reader of secrets takes for one: names have no NUL, and made secrets have a name.
const sweepKey = "\x00sweep"

// sweep writes a record that means nothing, so that the broker closes the segment before it and cleans it.
func (l *Log) sweep() {
	ctx, cancel := context.WithTimeout(context.Background(), publishTimeout)
	defer cancel()
	err := l.publish(ctx, stream.Secrets, []stream.Record{{Key: sweepKey}})
	if err != nil && !errors.Is(err, counterpoint.ErrClosed) {
		l.log.Warn("secrets that were replaced or deleted stay on the brokers' disks until the next one is written", "error", err)
	}
}
