package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"counterpoint"
	"counterpoint/ingest/crawl"
)

// collecting says how the watched folders, sites and feeds of this process fare, by source, and of what several
// processes share, whose turn it is.
func (l *line) collecting(ctx context.Context) (map[string]counterpoint.Collecting, error) {
	out, err := l.ownCollecting(ctx)
	if err != nil || l.cfg.Stream == "" {
		return out, err
	}
	all, err := counterpoint.Load[counterpoint.Collectors](ctx, l.store, counterpoint.CollectorsID)
	if errors.Is(err, counterpoint.ErrNotFound) {
		return out, nil
	}
	for _, m := range all.Members {
		for _, s := range m.Sources {
			c := out[s]
			c.By = shortName(all.Owner(s))
			out[s] = c
		}
	}
	return out, err
}

func (l *line) ownCollecting(ctx context.Context) (map[string]counterpoint.Collecting, error) {
	out := map[string]counterpoint.Collecting{}
	if l.seen == nil || !l.cfg.does(roleIngest) {
		return out, nil
	}
	for _, s := range l.cfg.Sources {
		if s.Watch == "" {
			continue
		}
		dir, err := filepath.EvalSymlinks(s.Watch) // as the watch does
		if err != nil {
			out[s.ID] = counterpoint.Collecting{Reason: s.Watch + " is not there", Failures: 1}
			continue
		}
		if out[s.ID], err = l.seen.Fares(ctx, dir); err != nil {
			return nil, err
		}
	}
	if l.frontier == nil {
		return out, nil
	}
	visits, err := l.frontier.Visits(ctx)
	for _, v := range visits {
		if l.claims.Holds(v.Source) {
			out[v.Source] = fares(v)
		}
	}
	return out, err
}

// fares is how the visits of a site or feed fare.
func fares(v crawl.Visit) counterpoint.Collecting {
	c := counterpoint.Collecting{Success: moment(v.Success), Failures: v.Fails, Next: moment(v.Due)}
	if v.Fails > 0 {
		c.Failed, c.Reason = moment(v.Ended), v.Reason
	}
	return c
}

// moment is a time, or nil where there was none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
