package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

func rebuildCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "Make the index again from the log: items, then assessments, then decisions",
		Long:  "Delete the index and make it again from the log. The log is the record; the index is only a view of it.\nStop the running process first.",
		Args:  argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return rebuild(c.Context(), data, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&data, "data", "data", "data folder")
	return c
}

func rebuild(ctx context.Context, data string, out, errs io.Writer) error {
	if emptyFolder(data) {
		return fmt.Errorf("there is no log in %s; is --data right?", data)
	}
	if r, err := findRunning(data); err != nil || r != nil {
		return errors.Join(err, fmt.Errorf("process %d runs on %s; stop it first", pid(r), data))
	}
	if lock, err := embedded.LockFolder(ctx, data); err != nil { // 'ingest' on its own has no run.json
		return err
	} else if err := lock.Release(); err != nil {
		return err
	}
	cfg, err := readConfig("")
	if err != nil {
		return err
	}
	cfg.Data = data
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(cfg.path("index.db" + suffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("delete the index: %w", err)
		}
	}
	l, err := openLine(ctx, cfg, newLogger(cfg, errs))
	if err != nil {
		return err
	}
	n, err := l.replay(ctx)
	if err := errors.Join(err, l.close()); err != nil {
		return err
	}
	fmt.Fprintf(out, "rebuilt from %d records\n", n)
	return nil
}

func pid(r *running) int {
	if r == nil {
		return 0
	}
	return r.PID
}

// replay fills an empty index from the log, one topic after the other.
func (l *line) replay(ctx context.Context) (int64, error) {
	items, err := replayTopic(ctx, stream.Of[counterpoint.Item](l.stream, stream.Items), l.projector.PutItems)
	if err != nil {
		return 0, fmt.Errorf("items: %w", err)
	}
	assessments, err := replayTopic(ctx, stream.Of[counterpoint.Assessment](l.stream, stream.Assessments), l.projector.PutAssessments)
	if err != nil {
		return 0, fmt.Errorf("assessments: %w", err)
	}
	decisions, err := replayTopic(ctx, stream.Of[counterpoint.Event](l.stream, stream.Decisions), l.projector.PutDecisions)
	if err != nil {
		return 0, fmt.Errorf("decisions: %w", err)
	}
	return items + assessments + decisions, nil
}

// batch is how many records go into the index at once.
const batch = 500

// replayTopic puts every record of a topic into the index. One that cannot be read lies among the dead letters
// already, since the live line met it too.
func replayTopic[T stream.Value](ctx context.Context, v stream.View[T], put func(context.Context, []counterpoint.Entry[T]) error) (n int64, err error) {
	var entries []counterpoint.Entry[T]
	flush := func() error {
		if len(entries) == 0 {
			return nil
		}
		n += int64(len(entries))
		err := put(ctx, entries)
		entries = entries[:0]
		return err
	}
	for e, err := range v.Replay(ctx, nil) {
		if errors.Is(err, stream.ErrUndecodable) {
			continue
		}
		if err != nil {
			return n, err
		}
		if entries = append(entries, e); len(entries) == batch {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
	return n, flush()
}
