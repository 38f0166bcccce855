package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"counterpoint/stream"
)

// tombstoneLife is how long a deleted key stays visible as a nil value, for tailers to see that it went.
const tombstoneLife = 7 * 24 * time.Hour

// forgetTombstones deletes the old ones, save each topic's last record, which holds the end in place.
func forgetTombstones(ctx context.Context, c *sql.Conn, now time.Time) error {
	for _, t := range stream.Topics {
		if !t.Compacted {
			continue
		}
		old := now.Add(-tombstoneLife).UnixMilli()
		_, err := c.ExecContext(ctx, `DELETE FROM records WHERE topic = ?1 AND value IS NULL AND time < ?2
			AND offset < (SELECT next - 1 FROM ends e WHERE e.topic = ?1 AND e.partition = records.partition)`, t.Name, old)
		if err == nil {
			_, err = c.ExecContext(ctx, `DELETE FROM latest WHERE topic = ?1
				AND offset NOT IN (SELECT offset FROM records WHERE topic = ?1)`, t.Name)
		}
		if err != nil {
			return fmt.Errorf("forget old tombstones of %s: %w", t.Name, err)
		}
	}
	return nil
}

// scrubber empties the WAL after compaction, so that a deleted secret's bytes are in no file. It has its own
// connection, with a short patience: a reader in the middle of something makes it try again later.
type scrubber struct {
	db    *sql.DB
	again *time.Timer // set while bytes wait to be scrubbed
}

func openScrubber(ctx context.Context, path string) (*scrubber, error) {
	db, err := sql.Open("sqlite", dsn(path, false, "busy_timeout(100)", "synchronous(FULL)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s := &scrubber{db: db}
	s.scrub(ctx) // what an earlier process left
	return s, nil
}

// due fires when a scrub that was in somebody's way is to be tried again.
func (s *scrubber) due() <-chan time.Time {
	if s.again == nil {
		return nil
	}
	return s.again.C
}

// scrub copies the WAL into the file and cuts it to nothing. What fails is tried again: the records are
// durable all the same.
func (s *scrubber) scrub(ctx context.Context) {
	var busy, frames, copied int
	err := s.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &copied)
	if err == nil && busy == 0 {
		s.again = nil
		return
	}
	s.again = time.NewTimer(250 * time.Millisecond)
}

func (s *scrubber) close() error {
	if s.again != nil {
		s.again.Stop()
	}
	return s.db.Close()
}
