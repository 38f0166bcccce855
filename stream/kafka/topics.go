package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"counterpoint"
	"counterpoint/stream"
)

const (
	maxMessage = 4 << 20 // bytes of a batch that topics take; a dead letter of stream.DeadLimit fits
	cleanAfter = time.Minute
)

// topicConfig is a topic as it is made. What it promises:
//
//   - Time is the broker's when it took the record (LogAppendTime), so that clocks of publishers do not matter.
//   - A publish is acknowledged by all replicas in sync, of which there are at least min.insync.replicas.
//   - Decisions, dead letters and secrets stay for ever; items and assessments as long as the URL says.
//   - Of secrets, the last value of a key stays. An older value's bytes leave the brokers' disks when its
//     segment is compacted: segments close after a minute (segment.ms) with the next record, for which the
//     log cares itself (sweeper), and the cleaner takes up closed segments at once (min.cleanable.dirty.ratio),
//     at the latest after max.compaction.lag.ms. In all that is two to three minutes while a broker and one
//     writing process run; copies in the brokers' backups are the operator's. The mark that a key was deleted
//     stays for a day (delete.retention.ms), so that a reader that was away learns of it.
func (l *Log) topicConfig(t stream.Topic, brokers int) kafkago.TopicConfig {
	replicas := l.cfg.Replication
	if replicas == 0 {
		replicas = min(3, brokers)
	}
	out := kafkago.TopicConfig{Topic: l.cfg.topic(t.Name), NumPartitions: l.wantPartitions(t), ReplicationFactor: replicas}
	set := func(name, value string) {
		out.ConfigEntries = append(out.ConfigEntries, kafkago.ConfigEntry{ConfigName: name, ConfigValue: value})
	}
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	set("min.insync.replicas", strconv.Itoa(max(1, replicas-1)))
	set("message.timestamp.type", "LogAppendTime")
	set("max.message.bytes", strconv.Itoa(maxMessage))
	set("compression.type", "producer")
	set("unclean.leader.election.enable", "false")
	if t.Compacted {
		set("cleanup.policy", "compact")
		set("min.cleanable.dirty.ratio", "0.001")
		set("segment.ms", ms(cleanAfter))
		set("max.compaction.lag.ms", ms(cleanAfter))
		set("min.compaction.lag.ms", "0")
		set("delete.retention.ms", ms(24*time.Hour))
		return out
	}
	set("cleanup.policy", "delete")
	set("retention.bytes", "-1")
	if l.cfg.Retention > 0 && expires(t) {
		set("retention.ms", ms(l.cfg.Retention))
	} else {
		set("retention.ms", "-1")
	}
	return out
}

// expires says for which topics the URL's retention is meant.
func expires(t stream.Topic) bool { return t.Name == stream.Items || t.Name == stream.Assessments }

func (l *Log) wantPartitions(t stream.Topic) int {
	if l.cfg.Partitions > 0 && expires(t) {
		return l.cfg.Partitions
	}
	return t.Partitions
}

// prepare makes what is missing and waits until all of it can be used.
func (l *Log) prepare(ctx context.Context) error {
	for {
		missing, brokers, err := l.survey(ctx)
		if err != nil {
			return l.clearer(ctx, err)
		}
		switch {
		case len(missing) == 0:
			return l.ready(ctx)
		case l.o.ReadOnly:
			return fmt.Errorf("there is no topic %s; the first counterpoint run makes it; if there was one, check the path of the URL, the prefix: %w", l.cfg.topic(missing[0].Name), counterpoint.ErrNotFound)
		}
		if err := l.create(ctx, missing, brokers); err != nil {
			return err
		}
		pause(ctx, 100*time.Millisecond)
		if ctx.Err() != nil {
			return l.explain(ctx, ctx.Err())
		}
	}
}

// survey finds the topics that are missing.
func (l *Log) survey(ctx context.Context) (missing []stream.Topic, brokers int, err error) {
	meta, err := l.metadata(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, t := range stream.Topics {
		if _, err := find(meta, l.cfg.topic(t.Name)); errors.Is(err, kafkago.UnknownTopicOrPartition) {
			missing = append(missing, t)
		} else if explained(err) {
			return nil, 0, l.explain(ctx, err)
		}
	}
	return missing, len(meta.Brokers), nil
}

// explained says that an error does not pass by itself.
func explained(err error) bool {
	var code kafkago.Error
	if !errors.As(err, &code) {
		return false
	}
	_, ok := final[code]
	return ok
}

func (l *Log) metadata(ctx context.Context) (*kafkago.MetadataResponse, error) {
	ctx, done := l.asking(ctx)
	defer done()
	var names []string
	for _, t := range stream.Topics {
		names = append(names, l.cfg.topic(t.Name))
	}
	meta, err := l.client.Metadata(ctx, &kafkago.MetadataRequest{Topics: names})
	if err != nil {
		return nil, l.explain(ctx, err)
	}
	return meta, nil
}

func find(meta *kafkago.MetadataResponse, name string) (kafkago.Topic, error) {
	for _, t := range meta.Topics {
		if t.Name == name {
			return t, t.Error
		}
	}
	return kafkago.Topic{}, kafkago.UnknownTopicOrPartition
}

func (l *Log) create(ctx context.Context, topics []stream.Topic, brokers int) error {
	req := &kafkago.CreateTopicsRequest{}
	for _, t := range topics {
		req.Topics = append(req.Topics, l.topicConfig(t, brokers))
	}
	asking, done := l.asking(ctx)
	defer done()
	res, err := l.client.CreateTopics(asking, req)
	if err != nil {
		return l.explain(ctx, fmt.Errorf("make topics: %w", err))
	}
	for name, err := range res.Errors {
		if err == nil || errors.Is(err, kafkago.TopicAlreadyExists) || errors.Is(err, kafkago.NotController) {
			continue
		}
		if explained(err) {
			return l.explain(ctx, fmt.Errorf("make topic %s: %w", name, err))
		}
		l.log.Debug("make topic", "topic", name, "error", err)
	}
	return nil
}

// ready waits until every partition has a leader, and refuses topics whose order would not be one.
func (l *Log) ready(ctx context.Context) error {
	for {
		meta, err := l.metadata(ctx)
		if err != nil {
			return err
		}
		waiting, err := l.check(meta)
		if err != nil {
			return err
		}
		if waiting == "" {
			return l.answering(ctx)
		}
		pause(ctx, 100*time.Millisecond)
		if ctx.Err() != nil {
			return fmt.Errorf("%s has no leader: %w", waiting, errors.Join(ctx.Err(), counterpoint.ErrAway))
		}
	}
}

// answering asks every leader, as a broker may not know yet that it is one.
func (l *Log) answering(ctx context.Context) error {
	for _, t := range stream.Topics {
		if _, _, err := l.ends(ctx, t.Name); err != nil {
			return fmt.Errorf("topic %s: %w", t.Name, err)
		}
	}
	return nil
}

func (l *Log) check(meta *kafkago.MetadataResponse) (waiting string, err error) {
	for _, t := range stream.Topics {
		got, err := find(meta, l.cfg.topic(t.Name))
		if err != nil {
			return got.Name, nil
		}
		if n := len(got.Partitions); t.Partitions == 1 && n != 1 {
			return "", fmt.Errorf("topic %s has %d partitions and must have one, or its records have no order; use another prefix: %w",
				got.Name, n, counterpoint.ErrInvalid)
		}
		for _, p := range got.Partitions {
			if p.Error != nil && !errors.Is(p.Error, kafkago.ReplicaNotAvailable) {
				return fmt.Sprintf("partition %d of topic %s", p.ID, got.Name), nil
			}
		}
	}
	return "", nil
}
