package main

import (
	"context"
	"encoding/hex"
	"fmt"

	"counterpoint/index"
	"counterpoint/stream"
	"counterpoint/stream/vault"
)

// sameLog refuses an index that was made from another log, or from a longer one: it would show another
// mission's flags, and skip what this log has where the other one was ahead. An index that is new is marked as
// this log's.
func sameLog(ctx context.Context, cfg config, log stream.Log, secrets *vault.Vault, store index.Store) error {
	all, err := standings(ctx, log, store) // before the mark: who indexes has written that first
	if err != nil {
		return err
	}
	mark, err := logMark(ctx, secrets)
	if err != nil {
		return err
	}
	marked, err := store.Positions(ctx, mark)
	if err != nil {
		return err
	}
	read, ahead := false, false
	for _, s := range all {
		read, ahead = read || len(s.at) > 0, ahead || s.ahead()
	}
	const remedy = "'counterpoint rebuild' makes the index of this log"
	switch {
	case ahead:
		return fmt.Errorf("%s has read more than the log %s holds: one of the two was replaced; %s", cfg.indexName(), cfg.logName(), remedy)
	case read && len(marked) == 0 && cfg.Index != "":
		return fmt.Errorf("%s is not of the log %s: does another mission use the same servers? give each its own prefix at the end of the URL; else %s",
			cfg.indexName(), cfg.logName(), remedy)
	case read && len(marked) == 0:
		return fmt.Errorf("%s is not of the log %s: was it copied from another folder? %s", cfg.indexName(), cfg.logName(), remedy)
	case len(marked) > 0 || !cfg.does(roleIndex):
		return nil
	}
	return markLog(ctx, secrets, store)
}

// logMark is the topic under whose name an index keeps which log it is of.
func logMark(ctx context.Context, secrets *vault.Vault) (string, error) {
	id, err := secrets.GetOrCreate(ctx, "log-id", 16)
	if err != nil {
		return "", fmt.Errorf("name of the log: %w", err)
	}
	return "log/" + hex.EncodeToString(id), nil
}

// markLog marks an index as this log's.
func markLog(ctx context.Context, secrets *vault.Vault, store index.Store) error {
	mark, err := logMark(ctx, secrets)
	if err != nil {
		return err
	}
	return store.Update(ctx, index.Next{mark: {0: 1}}, func(index.Tx) error { return nil })
}
