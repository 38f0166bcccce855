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

// newWriter is one writer for all topics. Within a partition it sends one batch at a time and tries that again
// before the next, so the order per key is kept.
func (l *Log) newWriter() *kafkago.Writer {
	return &kafkago.Writer{
		Addr: l.client.Addr, Transport: l.transport, Balancer: &kafkago.Hash{}, RequiredAcks: kafkago.RequireAll, Compression: kafkago.Zstd,
		BatchSize: 2000, BatchBytes: 3 << 20, BatchTimeout: 5 * time.Millisecond, // one call waits for it; the default is a second
		MaxAttempts: 6, WriteBackoffMin: 100 * time.Millisecond, WriteBackoffMax: time.Second, WriteTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
	}
}

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
	messages := make([]kafkago.Message, len(records))
	for i, r := range records {
		messages[i] = kafkago.Message{Topic: l.cfg.topic(topic), Key: []byte(r.Key), Value: r.Value, Headers: headers(r.Headers)}
	}
	sending, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	err := l.writer.WriteMessages(sending, messages...)
	if errors.Is(err, io.ErrClosedPipe) {
		return l.open()
	}
	if ctx.Err() != nil && err != nil {
		return ctx.Err()
	}
	return l.explain(ctx, first(err))
}

// first is the one reason why a write failed; kafka-go gives one per message.
func first(err error) error {
	var many kafkago.WriteErrors
	if !errors.As(err, &many) {
		return err
	}
	for _, e := range many {
		if e != nil {
			return e
		}
	}
	return err
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
