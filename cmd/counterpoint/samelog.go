package main

import (
	"context"
	"encoding/hex"
	"fmt"

	"counterpoint/index"
)

// sameLog refuses an index that was made from another log, or from a longer one: it would show another
// folder's flags, and skip what this log has where the other one was ahead. An index that is new is marked as
// this log's.
func (l *line) sameLog(ctx context.Context) error {
	id, err := l.vault.GetOrCreate(ctx, "log-id", 16)
	if err != nil {
		return fmt.Errorf("name of the log: %w", err)
	}
	mark := "log/" + hex.EncodeToString(id)
	marked, err := l.store.Positions(ctx, mark)
	if err != nil {
		return err
	}
	all, err := standings(ctx, l.stream, l.store)
	if err != nil {
		return err
	}
	read, ahead := false, false
	for _, s := range all {
		read, ahead = read || len(s.at) > 0, ahead || s.ahead()
	}
	switch {
	case ahead:
		return fmt.Errorf("%s has read more than the log in %s holds: one of the two was replaced; 'counterpoint rebuild' makes the index of this log",
			l.cfg.path("index.db"), l.cfg.Data)
	case read && len(marked) == 0:
		return fmt.Errorf("%s is not of the log in %s: was it copied from another folder? 'counterpoint rebuild' makes the index of this log",
			l.cfg.path("index.db"), l.cfg.Data)
	case len(marked) > 0:
		return nil
	}
	return l.store.Update(ctx, index.Next{mark: {0: 1}}, func(index.Tx) error { return nil })
}
