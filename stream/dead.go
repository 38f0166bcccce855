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

// Letter is a dead letter: a record that a stage could not use, with the reason. It waits until it is re-driven or
// dismissed, and then stays as that.
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
	Dismissed *time.Time        `json:"dismissed,omitempty"` // a person looked, and nothing is to be done
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
	if l.Topic == Dead {
		return fmt.Errorf("another program wrote it, there is nothing to put back; dismiss it: %w", counterpoint.ErrInvalid)
	}
	if l.Cut > 0 {
		return fmt.Errorf("its record has %d bytes, the limit is %d; send what is in it in parts: %w", l.Cut, RecordLimit, counterpoint.ErrTooLarge)
	}
	return log.Publish(ctx, l.Topic, Record{Key: l.Key, Value: l.Value, Headers: l.Headers})
}

// Letters lists the dead letters that wait, oldest first. A record among them that no stage of ours wrote is listed
// as a letter of its own.
func Letters(ctx context.Context, log Log) ([]Letter, error) {
	byID := map[string]int{}
	var all []Letter
	for r, err := range log.Replay(ctx, Dead, nil) {
		if err != nil {
			return nil, fmt.Errorf("read the dead letters: %w", err)
		}
		l := letterOf(r)
		if i, ok := byID[l.ID]; ok {
			all[i] = l
			continue
		}
		byID[l.ID] = len(all)
		all = append(all, l)
	}
	waiting := all[:0]
	for _, l := range all {
		if l.Redriven == nil && l.Dismissed == nil {
			waiting = append(waiting, l)
		}
	}
	return waiting, nil
}

func letterOf(r Record) Letter {
	var l Letter
	err := json.Unmarshal(r.Value, &l)
	if err == nil && l.ID != "" {
		return l
	}
	return Letter{
		ID: fmt.Sprintf("%s-%d-%d", Dead, r.Partition, r.Offset), Topic: Dead, Partition: r.Partition, Offset: r.Offset, Key: short(r.Key),
		Cut: r.Size(), Stage: "another program", Reason: "it is not a dead letter of this program", At: r.Time,
	}
}

// Redrive publishes the dead letters with the given ids (none: all) to their topics again, and marks them. Those that
// cannot be put back stay, and it says so when it has dealt with the others.
// Interrupted, it may publish one twice; the line knows copies by their id.
func Redrive(ctx context.Context, log Log, ids ...string) (int, error) {
	return settle(ctx, log, ids, func(l *Letter, now time.Time) error {
		if err := l.publish(ctx, log); err != nil {
			return fmt.Errorf("re-drive %s: %w", l.ID, err)
		}
		l.Redriven = &now
		return nil
	})
}

// Dismiss marks the dead letters with the given ids as looked at: they wait no longer, and their words go.
func Dismiss(ctx context.Context, log Log, ids ...string) (int, error) {
	if len(ids) == 0 {
		return 0, fmt.Errorf("name the letters to dismiss: %w", counterpoint.ErrInvalid)
	}
	return settle(ctx, log, ids, func(l *Letter, now time.Time) error {
		l.Dismissed = &now
		return nil
	})
}

// settle does with each of the letters (none: all) and marks it. What is wrong with a letter itself does not keep it
// from the others.
func settle(ctx context.Context, log Log, ids []string, do func(*Letter, time.Time) error) (n int, err error) {
	want := map[string]bool{}
	for _, id := range ids {
		want[id] = true
	}
	letters, err := Letters(ctx, log)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, l := range letters {
		if len(ids) > 0 && !want[l.ID] {
			continue
		}
		delete(want, l.ID)
		err := do(&l, time.Now().UTC())
		if errors.Is(err, counterpoint.ErrTooLarge) || errors.Is(err, counterpoint.ErrInvalid) {
			errs = append(errs, err)
			continue
		}
		if err != nil {
			return n, errors.Join(append(errs, err)...)
		}
		l.Value = nil
		if err := write(ctx, log, l); err != nil {
			return n, errors.Join(append(errs, err)...)
		}
		n++
	}
	for id := range want {
		errs = append(errs, fmt.Errorf("no dead letter %s waits", id))
	}
	return n, errors.Join(errs...)
}
