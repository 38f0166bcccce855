package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Letter is a dead letter: a record that a stage could not use, with the reason. It stays until it is
// re-driven, and then stays as re-driven.
type Letter struct {
	ID        string            `json:"id"` // topic-partition-offset of the record
	Topic     string            `json:"topic"`
	Partition int               `json:"partition"`
	Offset    int64             `json:"offset"`
	Key       string            `json:"key"`
	Value     []byte            `json:"value,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"`
	Stage     string            `json:"stage"`
	Reason    string            `json:"reason"`
	At        time.Time         `json:"at"`
	Redriven  *time.Time        `json:"redriven,omitempty"`
}

// Bury puts a record among the dead letters. It returns when that is durable.
func Bury(ctx context.Context, log Log, r Record, stage, reason string) error {
	l := Letter{
		ID: fmt.Sprintf("%s-%d-%d", r.Topic, r.Partition, r.Offset), Topic: r.Topic, Partition: r.Partition, Offset: r.Offset,
		Key: r.Key, Value: r.Value, Headers: r.Headers, Stage: stage, Reason: reason, At: time.Now().UTC(),
	}
	return write(ctx, log, l)
}

func write(ctx context.Context, log Log, l Letter) error {
	b, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("dead letter %s: %w", l.ID, err)
	}
	if err := log.Publish(ctx, Dead, Record{Key: l.ID, Value: b}); err != nil {
		return fmt.Errorf("dead letter %s: %w", l.ID, err)
	}
	return nil
}

// Letters lists the dead letters that were not re-driven, oldest first.
func Letters(ctx context.Context, log Log) ([]Letter, error) {
	byID := map[string]int{}
	var all []Letter
	for r, err := range log.Replay(ctx, Dead, nil) {
		if err != nil {
			return nil, fmt.Errorf("read the dead letters: %w", err)
		}
		var l Letter
		if err := json.Unmarshal(r.Value, &l); err != nil {
			return nil, fmt.Errorf("dead letter at offset %d: %w", r.Offset, err)
		}
		if i, ok := byID[l.ID]; ok {
			all[i] = l
			continue
		}
		byID[l.ID] = len(all)
		all = append(all, l)
	}
	waiting := all[:0]
	for _, l := range all {
		if l.Redriven == nil {
			waiting = append(waiting, l)
		}
	}
	return waiting, nil
}

// Redrive publishes the dead letters with the given ids (none: all) to their topics again, and marks them.
// Interrupted, it may publish one twice; the line knows copies by their id.
func Redrive(ctx context.Context, log Log, ids ...string) (int, error) {
	want := map[string]bool{}
	for _, id := range ids {
		want[id] = true
	}
	letters, err := Letters(ctx, log)
	if err != nil {
		return 0, err
	}
	n := 0
	var errs []error
	for _, l := range letters {
		if len(ids) > 0 && !want[l.ID] {
			continue
		}
		delete(want, l.ID)
		if err := log.Publish(ctx, l.Topic, Record{Key: l.Key, Value: l.Value, Headers: l.Headers}); err != nil {
			return n, fmt.Errorf("re-drive %s: %w", l.ID, err)
		}
		now := time.Now().UTC()
		l.Redriven, l.Value = &now, nil
		if err := write(ctx, log, l); err != nil {
			return n, err
		}
		n++
	}
	for id := range want {
		errs = append(errs, fmt.Errorf("no dead letter %s", id))
	}
	return n, errors.Join(errs...)
}
