package main

import (
	"context"
	"path/filepath"

	"counterpoint"
)

// collecting says how the watched folders of this process fare, by source.
func (l *line) collecting(ctx context.Context) (map[string]counterpoint.Collecting, error) {
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
	return out, nil
}
