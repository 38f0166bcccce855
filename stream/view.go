package stream

import (
	"context"
	"iter"

	"counterpoint"
)

// Value is what typed views carry: it says what the stream orders it by.
type Value interface{ Key() string }

// View is a topic seen as values of one type.
type View[T Value] struct {
	log   Log
	topic string
}

// Of is the topic as values of T.
func Of[T Value](log Log, topic string) View[T] { return View[T]{log, topic} }

// Publish encodes and appends. It returns when the values are durable.
func (v View[T]) Publish(ctx context.Context, values ...T) error {
	records := make([]Record, len(values))
	for i, x := range values {
		r, err := Encode(v.topic, x)
		if err != nil {
			return err
		}
		records[i] = r
	}
	return v.log.Publish(ctx, v.topic, records...)
}

// Feed is a reader of typed values.
type Feed[T Value] struct {
	log    Log
	reader Reader
	stage  string
	shared *Shared[T]

	held []Record // a batch whose dead letters could not be written; it is returned before any other
	ack  Ack      // of held
}

// Group reads the topic as a member of a consumer group; group names the stage in dead letters.
func (v View[T]) Group(group string) (*Feed[T], error) {
	r, err := v.log.Reader(v.topic, group)
	if err != nil {
		return nil, err
	}
	return &Feed[T]{log: v.log, reader: r, stage: group}, nil
}

// Tail reads the topic from explicit positions, for a consumer that keeps its own.
func (v View[T]) Tail(stage string, from map[int]int64) (*Feed[T], error) {
	r, err := v.log.Tail(v.topic, from)
	if err != nil {
		return nil, err
	}
	return &Feed[T]{log: v.log, reader: r, stage: stage}, nil
}

// Share has the feed share what it decodes, and returns it.
func (f *Feed[T]) Share(with *Shared[T]) *Feed[T] {
	f.shared = with
	return f
}

// Read returns the next values. A record that cannot be decoded goes to the dead letters with the reason,
// and the line goes on; so a batch may be empty.
func (f *Feed[T]) Read(ctx context.Context, max int) ([]counterpoint.Entry[T], func(context.Context) error, error) {
	records, ack := f.held, f.ack
	if records == nil {
		var err error
		if records, ack, err = f.reader.Read(ctx, max); err != nil {
			return nil, nil, err
		}
	}
	f.held, f.ack = nil, nil
	entries := make([]counterpoint.Entry[T], 0, len(records))
	for _, r := range records {
		x, err := f.shared.decode(r)
		if err != nil {
			if err := Bury(ctx, f.log, r, f.stage, err.Error()); err != nil {
				f.held, f.ack = records, ack // or the next batch's acknowledgement would cover this one
				return nil, nil, err
			}
			continue
		}
		entries = append(entries, counterpoint.Entry[T]{
			Position: counterpoint.Position{Partition: r.Partition, Offset: r.Offset}, Time: r.Time, Value: x,
		})
	}
	return entries, ack, nil
}

// Close leaves the group.
func (f *Feed[T]) Close() error { return f.reader.Close() }

// Replay yields the values from the positions to the end as it was at the start.
func (v View[T]) Replay(ctx context.Context, from map[int]int64) iter.Seq2[counterpoint.Entry[T], error] {
	return func(yield func(counterpoint.Entry[T], error) bool) {
		for r, err := range v.log.Replay(ctx, v.topic, from) {
			var e counterpoint.Entry[T]
			if err == nil {
				e.Position, e.Time = counterpoint.Position{Partition: r.Partition, Offset: r.Offset}, r.Time
				e.Value, err = Decode[T](r)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}
