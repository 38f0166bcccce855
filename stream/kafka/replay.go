package kafka

import (
	"context"
	"fmt"
	"iter"
	"time"

	"counterpoint"
	"counterpoint/stream"
)

// Replay yields what is there now, partition after partition. Where records are gone, by compaction or age, it
// goes on with the next that is there.
func (l *Log) Replay(ctx context.Context, topic string, from map[int]int64) iter.Seq2[stream.Record, error] {
	ends, err := l.End(ctx, topic)
	return func(yield func(stream.Record, error) bool) {
		if err != nil {
			yield(stream.Record{}, fmt.Errorf("replay: %w", err))
			return
		}
		for p := range len(ends) {
			if !l.replayPartition(ctx, topic, p, from[p], ends[p], yield) {
				return
			}
		}
	}
}

// replayPatience is how long a replay waits for brokers that are away, or answer with nothing, before it gives up.
const replayPatience = 15 * time.Second

func (l *Log) replayPartition(ctx context.Context, topic string, p int, from, end int64, yield func(stream.Record, error) bool) bool {
	s := &source{log: l, topic: topic, partition: p, next: from}
	since := time.Now() // of the last step forward
	stop := func(err error) bool {
		yield(stream.Record{}, fmt.Errorf("replay of %s[%d]@%d: %w", topic, p, s.next, err))
		return false
	}
	for s.next < end {
		at := s.next
		got, err := s.read(ctx, fetchWait)
		if err != nil {
			err = l.explain(ctx, err)
			if ctx.Err() != nil || l.open() != nil || time.Since(since) > replayPatience || !passes(err) {
				return stop(err)
			}
			pause(ctx, 200*time.Millisecond)
			continue
		}
		for _, r := range got.records {
			if r.Offset < end && !yield(r, nil) {
				return false
			}
		}
		s.next = max(s.next, got.next)
		if s.next > at {
			since = time.Now()
		} else if time.Since(since) > replayPatience {
			return stop(fmt.Errorf("the broker has nothing up to offset %d, where the partition ended: %w", end, counterpoint.ErrAway))
		}
	}
	return true
}
