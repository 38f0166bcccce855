package ingest

import (
	"context"
	"errors"
	"fmt"
)

// Purge writes the register's file anew, so that nothing that was forgotten is in it or in its WAL.
func (s *Seen) Purge(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, `VACUUM`); err != nil {
		return fmt.Errorf("write the register of what was seen anew: %w", err)
	}
	var busy, frames, copied int
	if err := s.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &copied); err != nil {
		return fmt.Errorf("empty the WAL of the register of what was seen: %w", err)
	}
	if busy != 0 {
		return errors.New("another process reads the register of what was seen; try again when it has ended")
	}
	return nil
}
