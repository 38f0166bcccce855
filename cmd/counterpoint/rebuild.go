package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/index/elastic"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
	"counterpoint/stream/vault"
)

func rebuildCommand() *cobra.Command {
	var at place
	var rescore bool
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "Make the index again from the log: assessments, then items, then decisions",
		Long: `Make the index again from the log. The log is the record; the index is only a view of it.

An index in the data folder is deleted first; stop the running process before. An index on servers is made
beside the one that is served, while processes work, and takes its place when it is there.

With --rescore what was judged by another model, other word lists or thresholds is judged again, and added to the log
as a further assessment: flags that nobody decided show the new scores, new ones are raised, and those that are no
longer reached lapse. What people decided stays as it is. Stopped and started again, it goes on. Give it the --config of
the line: languages and prevalence are part of how items are judged.`,
		Args: argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := at.config(c)
			if err != nil {
				return err
			}
			return rebuild(c.Context(), cfg, rescore, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	at.add(c)
	c.Flags().BoolVar(&rescore, "rescore", false, "judge again what was judged by other versions")
	return c
}

func rebuild(ctx context.Context, cfg config, rescore bool, out, errs io.Writer) error {
	if cfg.Stream == "" && emptyFolder(cfg.Data) {
		return fmt.Errorf("there is no log in %s; is --data right, or is --stream missing?", cfg.Data)
	}
	log := newLogger(cfg, errs)
	var n int64
	var again rescored
	var err error
	switch {
	case cfg.Index == "":
		n, again, err = rebuildFolder(ctx, cfg, rescore, log)
	case rescore:
		if again, err = rescoreServer(ctx, cfg, log); err == nil {
			n, err = rebuildServer(ctx, cfg, log)
		}
	default:
		n, err = rebuildServer(ctx, cfg, log)
	}
	if rescore && (err == nil || again.judged > 0) {
		fmt.Fprintf(out, "judged %d of %d parts again\n", again.judged, again.parts)
	}
	if again.failed > 0 {
		fmt.Fprintf(errs, "%d parts could not be judged by all classifiers and stay as they were; 'counterpoint classify' says why on their text\n", again.failed)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "rebuilt from %d records\n", n)
	return nil
}

// rebuildFolder makes the data folder's index anew. With rescore it then judges again what that shows to be judged by
// other versions, and carries on to there.
func rebuildFolder(ctx context.Context, cfg config, rescore bool, log *slog.Logger) (n int64, again rescored, err error) {
	if err := freeFolder(ctx, cfg.Data); err != nil {
		return 0, again, err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(cfg.path(indexFile + suffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, again, fmt.Errorf("delete the index: %w", err)
		}
	}
	cfg.Roles = []string{roleIndex}
	if rescore {
		cfg.Roles = []string{roleClassify, roleIndex}
	}
	l, err := openLine(ctx, cfg, log)
	if err != nil {
		return 0, again, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	if n, err = replay(ctx, waiter{log}, l.stream, l.projector, l.store); err != nil || !rescore {
		return n, again, err
	}
	if again, err = (rescorer{l.stream, l.store, l.stage, waiter{log}}).run(ctx); err != nil {
		return n, again, err
	}
	more, err := replay(ctx, waiter{log}, l.stream, l.projector, l.store)
	return n + more, again, err
}

// freeFolder says whether no process works on the data folder.
func freeFolder(ctx context.Context, data string) error {
	if r, err := findRunning(data); err != nil || r != nil {
		return errors.Join(err, fmt.Errorf("process %d runs on %s; stop it first", pid(r), data))
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	lock, err := embedded.LockFolder(ctx, data) // 'ingest' on its own has no run.json
	if err != nil {
		return err
	}
	return lock.Release()
}

// rebuildServer makes a new generation of the index on servers, beside the one that is served, and puts it in
// that one's place.
func rebuildServer(ctx context.Context, cfg config, log *slog.Logger) (n int64, err error) {
	records, err := cfg.readLog(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	secrets, err := vault.Open(ctx, records)
	if err != nil {
		return 0, fmt.Errorf("open the secrets: %w", err)
	}
	defer func() { err = errors.Join(err, secrets.Close()) }()
	now, err := elastic.Open(ctx, cfg.Index, elastic.Options{Log: log})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, now.Close()) }()
	next, err := now.Build(ctx)
	if err != nil {
		return 0, fmt.Errorf("begin a new index beside the old: %w", err)
	}
	defer func() { err = errors.Join(err, next.Close()) }()
	if n, err = fill(ctx, records, secrets, next, log); err == nil {
		err = pause(ctx, index.Freshness) // its lists must not lag behind those it replaces
	}
	if err != nil {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyWithin)
		defer cancel()
		return n, errors.Join(err, next.Discard(last))
	}
	if err := next.Promote(ctx); err != nil {
		return n, fmt.Errorf("serve the new index, which is whole: %w", err)
	}
	return n, nil
}

// catchUps is how often a new index is brought up to what was written while it was made; the processes that index
// do the rest.
const catchUps = 3

// fill brings an empty index to where the log is.
func fill(ctx context.Context, records stream.Log, secrets *vault.Vault, into index.Store, log *slog.Logger) (n int64, err error) {
	if err := markLog(ctx, secrets, into); err != nil {
		return 0, err
	}
	p := index.NewProjector(into, index.ProjectorOptions{Unseal: secrets.Unseal, Log: log})
	for range catchUps {
		more, err := replay(ctx, waiter{log}, records, p, into)
		n += more
		if err != nil || more == 0 {
			return n, err
		}
	}
	return n, nil
}

func pid(r *running) int {
	if r == nil {
		return 0
	}
	return r.PID
}

// replay brings an index to where the log is, one topic after the other.
func replay(ctx context.Context, patient waiter, log stream.Log, p *index.Projector, at interface {
	Positions(ctx context.Context, topic string) (map[int]int64, error)
}) (int64, error) {
	var total int64
	for _, topic := range indexed {
		from, err := at.Positions(ctx, topic)
		if err != nil {
			return total, err
		}
		var n int64
		switch topic {
		case stream.Items:
			n, err = replayTopic(ctx, patient, stream.Of[counterpoint.Item](log, topic), from, p.PutItems)
		case stream.Assessments:
			n, err = replayTopic(ctx, patient, stream.Of[counterpoint.Assessment](log, topic), from, p.PutAssessments)
		case stream.Decisions:
			n, err = replayTopic(ctx, patient, stream.Of[counterpoint.Event](log, topic), from, p.PutDecisions)
		}
		if total += n; err != nil {
			return total, fmt.Errorf("%s: %w", topic, err)
		}
	}
	return total, nil
}

// batch is how many records go into the index at once.
const batch = 500

// replayTopic puts every record of a topic into the index. One that cannot be read lies among the dead letters
// already, since the live line met it too; so does one that the index refuses.
func replayTopic[T stream.Value](ctx context.Context, p waiter, v stream.View[T], from map[int]int64, put func(context.Context, []counterpoint.Entry[T]) error) (n int64, err error) {
	var entries []counterpoint.Entry[T]
	flush := func() error {
		if len(entries) == 0 {
			return nil
		}
		n += int64(len(entries))
		err := p.insist(ctx, "fill the index", func() error { return put(ctx, entries) })
		if errors.Is(err, index.ErrRefused) {
			err = p.oneByOne(ctx, len(entries), func(i int) error { return put(ctx, entries[i:i+1]) })
		}
		entries = entries[:0]
		return err
	}
	for e, err := range v.Replay(ctx, from) {
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

// oneByOne does each of n, and leaves out those that the index refuses.
func (p waiter) oneByOne(ctx context.Context, n int, do func(i int) error) error {
	for i := range n {
		err := p.insist(ctx, "fill the index", func() error { return do(i) })
		switch {
		case errors.Is(err, index.ErrRefused):
			p.log.Warn("left out of the index", "error", err)
		case err != nil:
			return err
		}
	}
	return nil
}
