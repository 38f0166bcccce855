package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"counterpoint"
	"counterpoint/classify"
	"counterpoint/index"
	"counterpoint/stream"
)

// rescorer judges again what was judged by other versions than those of its stage, and puts what it finds behind
// everything else in the log. It asks the index what was judged by what, so that one that was stopped goes on where it
// was once the index knows.
type rescorer struct {
	log     stream.Log
	views   counterpoint.Views
	stage   *classify.Stage
	patient waiter
}

// rescored is what a rescorer did. failed are parts that a classifier could not judge: they stay as they were judged, for
// what nobody finds now is not what is not there, and would lapse.
type rescored struct{ parts, judged, failed int64 }

// rescoreBatch is how many parts are judged and published at once.
const rescoreBatch = 64

// run goes through all items of the log, as it was at the start.
func (r rescorer) run(ctx context.Context) (done rescored, err error) {
	versions := r.stage.Versions()
	out := stream.Of[counterpoint.Assessment](r.log, stream.Assessments)
	var batch []counterpoint.Entry[counterpoint.Item]
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		judged := r.stage.AssessAll(batch)
		batch = batch[:0]
		all := len(judged)
		judged = slices.DeleteFunc(judged, func(a counterpoint.Assessment) bool { return len(a.Errors) > 0 })
		done.failed += int64(all - len(judged))
		if err := r.patient.insist(ctx, "publish", func() error { return out.Publish(ctx, judged...) }); err != nil {
			return fmt.Errorf("publish %d assessments: %w", len(judged), err)
		}
		done.judged += int64(len(judged))
		return nil
	}
	for e, err := range stream.Of[counterpoint.Item](r.log, stream.Items).Replay(ctx, nil) {
		if errors.Is(err, stream.ErrUndecodable) {
			continue // it lies among the dead letters
		}
		if err != nil {
			return done, err
		}
		done.parts++
		stale, err := index.Stale(ctx, r.views, e.Value, versions)
		if err != nil {
			return done, err
		}
		if !stale {
			continue
		}
		if batch = append(batch, e); len(batch) == rescoreBatch {
			if err := flush(); err != nil {
				return done, err
			}
		}
	}
	return done, flush()
}

// rescoreServer judges again beside the processes that work, which put what it finds into the index.
func rescoreServer(ctx context.Context, cfg config, log *slog.Logger) (done rescored, err error) {
	cfg.beside, cfg.Roles = true, []string{roleClassify}
	l, err := openLine(ctx, cfg, log)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	views, err := cfg.readStore(ctx)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, views.Close()) }()
	return rescorer{l.stream, views, l.stage, waiter{log}}.run(ctx)
}
