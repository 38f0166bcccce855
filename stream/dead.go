package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"counterpoint"
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
	Cut       int               `json:"cut,omitempty"` // bytes of a record too large for a letter: it is where the place says
	Headers   map[string]string `json:"headers,omitempty"`
	Stage     string            `json:"stage"`
	Reason    string            `json:"reason"`
	At        time.Time         `json:"at"`
	Redriven  *time.Time        `json:"redriven,omitempty"`
}

// cutText is what stays of the key and the reason where the record is too large for a letter.
const cutText = 1 << 10

// Bury puts a record among the dead letters. It returns when that is durable. Of a record that is too large for a
// letter, as only other programs write them, it keeps the place and the reason.
func Bury(ctx context.Context, log Log, r Record, stage, reason string) error {
	l := Letter{
		ID: fmt.Sprintf("%s-%d-%d", r.Topic, r.Partition, r.Offset), Topic: r.Topic, Partition: r.Partition, Offset: r.Offset,
		Key: r.Key, Value: r.Value, Headers: r.Headers, Stage: stage, Reason: reason, At: time.Now().UTC(),
	}
	err := write(ctx, log, l)
	if errors.Is(err, counterpoint.ErrTooLarge) {
		l.Key, l.Value, l.Headers, l.Cut = short(r.Key), nil, nil, r.Size()
		l.Reason = short(reason)
		return write(ctx, log, l)
	}
	return err
}

func short(s string) string { return strings.ToValidUTF8(s[:min(len(s), cutText)], "") }

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

func (l Letter) publish(ctx context.Context, log Log) error {
	if l.Cut > 0 {
		return fmt.Errorf("its record has %d bytes, the limit is %d; send what is in it in parts: %w", l.Cut, RecordLimit, counterpoint.ErrTooLarge)
	}
	return log.Publish(ctx, l.Topic, Record{Key: l.Key, Value: l.Value, Headers: l.Headers})
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

// Redrive publishes the dead letters with the given ids (none: all) to their topics again, and marks them. Those that
// are too large for it stay, and it says so when it has dealt with the others.
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
		err := l.publish(ctx, log)
		if errors.Is(err, counterpoint.ErrTooLarge) {
			errs = append(errs, fmt.Errorf("re-drive %s: %w", l.ID, err))
			continue
		}
		if err != nil {
			return n, errors.Join(append(errs, fmt.Errorf("re-drive %s: %w", l.ID, err))...)
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
