package kafka

import (
	"context"
	"fmt"
	"iter"
	"time"

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

// replayPatience is how long a replay waits for brokers that are away before it gives up.
const replayPatience = 15 * time.Second

func (l *Log) replayPartition(ctx context.Context, topic string, p int, from, end int64, yield func(stream.Record, error) bool) bool {
	s := &source{log: l, topic: topic, partition: p, next: from}
	since := time.Now() // of the last answer
	for s.next < end {
		got, err := s.read(ctx, fetchWait)
		if err != nil {
			err = l.explain(ctx, err)
			if ctx.Err() != nil || l.open() != nil || time.Since(since) > replayPatience || !passes(err) {
				yield(stream.Record{}, fmt.Errorf("replay of %s[%d]@%d: %w", topic, p, s.next, err))
				return false
			}
			pause(ctx, 200*time.Millisecond)
			continue
		}
		since = time.Now()
		for _, r := range got.records {
			if r.Offset < end && !yield(r, nil) {
				return false
			}
		}
		if s.next < got.next {
			s.next = got.next
		}
	}
	return true
}
