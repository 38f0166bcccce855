package kafka

import (
	"context"
	"errors"
	"fmt"

	kafkago "github.com/segmentio/kafka-go"

	"counterpoint/stream"
)

// Begin makes a group that has no members go on from the next offsets, wherever it stood: an index filled otherwise
// need not be read to from the beginning, one that was restored from older copies gets what it lacks. A group with
// members stays as it is, since they know better.
func (l *Log) Begin(ctx context.Context, topic, group string, next map[int]int64) error {
	if _, err := l.known(topic); err != nil {
		return err
	}
	if l.o.ReadOnly {
		return fmt.Errorf("move group %s of topic %s: %w", group, topic, stream.ErrReadOnly)
	}
	if err := l.begin(ctx, topic, group, next); err != nil {
		return fmt.Errorf("move group %s of topic %s: %w", group, topic, err)
	}
	return nil
}

func (l *Log) begin(ctx context.Context, topic, group string, next map[int]int64) error {
	_, ends, err := l.ends(ctx, topic)
	if err != nil {
		return err
	}
	at, err := l.committed(ctx, topic, group, ends)
	if err != nil {
		return err
	}
	var todo []kafkago.OffsetCommit
	for p := range ends {
		if next[p] != max(at[p], 0) {
			todo = append(todo, kafkago.OffsetCommit{Partition: p, Offset: next[p]})
		}
	}
	if len(todo) == 0 {
		return nil
	}
	ctx, done := l.asking(ctx)
	defer done()
	return settle(ctx, func() error { return l.beginOnce(ctx, topic, group, todo) })
}

func (l *Log) beginOnce(ctx context.Context, topic, group string, todo []kafkago.OffsetCommit) error {
	name := l.cfg.topic(topic)
	res, err := l.client.OffsetCommit(ctx, &kafkago.OffsetCommitRequest{
		GroupID: l.cfg.topic(group), GenerationID: -1, Topics: map[string][]kafkago.OffsetCommit{name: todo},
	})
	if err != nil {
		return l.explain(ctx, err)
	}
	for _, p := range res.Topics[name] {
		if errors.Is(p.Error, kafkago.UnknownMemberId) || errors.Is(p.Error, kafkago.IllegalGeneration) || errors.Is(p.Error, kafkago.RebalanceInProgress) {
			return nil // it has members
		}
		if p.Error != nil {
			return l.explain(ctx, p.Error)
		}
	}
	return nil
}
