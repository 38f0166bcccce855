package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"counterpoint/index"
)

var _ index.Purger = (*Store)(nil)

// inMemory is how large a file may be that is copied in memory on the way; larger ones take a temporary file.
const inMemory = 128 << 20

// Purge writes the file anew: terms of deleted documents leave FTS5 only when its segments are merged, and rows that
// were moved leave bytes in the gaps of their pages.
func (s *Store) Purge(ctx context.Context) error {
	if s.write == nil {
		return fmt.Errorf("purge the index: %s is open for reading only", s.path)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if _, err := s.write.ExecContext(ctx, `INSERT INTO words (words) VALUES ('optimize')`); err != nil {
		return fmt.Errorf("purge the words of %s: %w", s.path, wrap(err))
	}
	if err := s.anew(ctx); err != nil {
		return fmt.Errorf("write %s anew: %w", s.path, wrap(err))
	}
	return nil
}

func (s *Store) anew(ctx context.Context) error {
	pragmas := []string{"busy_timeout(30000)", "synchronous(FULL)"}
	if f, err := os.Stat(s.path); err == nil && f.Size() > inMemory {
		pragmas = append(pragmas, "temp_store(FILE)")
	}
	db, err := sql.Open("sqlite", dsn(s.path, "rw", pragmas...))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `VACUUM`); err != nil {
		return err
	}
	return emptyWAL(ctx, db)
}

// emptyWAL waits until nobody reads what the WAL held before.
func emptyWAL(ctx context.Context, db *sql.DB) error {
	for end := time.Now().Add(30 * time.Second); ; {
		var busy, frames, copied int
		err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &copied)
		if err != nil || busy == 0 {
			return err
		}
		if time.Now().After(end) {
			return errors.New("somebody reads the old pages and does not end, such as a backup; try again when it has")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
