package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"counterpoint"
	"counterpoint/stream"
)

var _ stream.Eraser = (*Log)(nil)

// errand is what the writer does for a caller between two batches.
type errand struct {
	do   func() error
	done chan error
}

// alone does while nobody writes.
func (l *Log) alone(ctx context.Context, do func() error) error {
	if l.readOnly {
		return stream.ErrReadOnly
	}
	e := errand{do, make(chan error, 1)}
	select {
	case l.writer.between <- e:
		return <-e.done
	case <-ctx.Done():
		return ctx.Err()
	case <-l.quit:
		return l.open()
	}
}

// rewriteBatch is how many records are replaced in one transaction: others write in between.
const rewriteBatch = 500

// Rewrite puts records in the place of those that lie there: see stream.Eraser.
func (l *Log) Rewrite(ctx context.Context, topic string, records ...stream.Record) error {
	if _, err := stream.Check(topic, records...); err != nil {
		return err
	}
	if topic == stream.Decisions || topic == stream.Secrets {
		return fmt.Errorf("rewrite %s: decisions are never changed, and secrets are deleted: %w", topic, counterpoint.ErrInvalid)
	}
	for some := range slices.Chunk(records, rewriteBatch) {
		err := l.alone(ctx, func() error {
			return l.writer.transact(context.Background(), func() error { return l.writer.rewrite(topic, some) })
		})
		if err != nil {
			return fmt.Errorf("rewrite %d records of %s: %w", len(some), topic, err)
		}
		l.recent.forget(topic)
	}
	return nil
}

func (w *writer) rewrite(topic string, records []stream.Record) error {
	for _, r := range records {
		headers, err := encodeHeaders(r.Headers)
		if err != nil {
			return err
		}
		done, err := w.conn.ExecContext(context.Background(),
			`UPDATE records SET headers = ?, value = ? WHERE topic = ? AND partition = ? AND offset = ? AND key = ?`,
			headers, r.Value, topic, r.Partition, r.Offset, r.Key)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, fmt.Errorf("%s[%d]@%d of key %.80q: %w", topic, r.Partition, r.Offset, r.Key, counterpoint.ErrNotFound))
		}
	}
	return nil
}

// forget drops what is held of a topic.
func (c *recent) forget(topic string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.parts {
		if k.topic == topic {
			delete(c.parts, k)
		}
	}
}

// Purge writes the file anew and empties the WAL: see stream.Eraser. SQLite leaves bytes of moved records in the gaps
// of its pages, whatever secure_delete says; a file that was written anew has none.
func (l *Log) Purge(ctx context.Context) error {
	path := filepath.Join(l.dir, File)
	if err := l.alone(ctx, func() error { return purge(ctx, path) }); err != nil {
		return fmt.Errorf("write %s anew: %w", path, err)
	}
	return nil
}

// inMemory is how large a file may be that is copied in memory on the way; larger ones take a temporary file.
const inMemory = 128 << 20

func purge(ctx context.Context, path string) error {
	pragmas := []string{"busy_timeout(30000)", "synchronous(FULL)", "secure_delete(ON)"}
	if s, err := os.Stat(path); err == nil && s.Size() > inMemory {
		pragmas = append(pragmas, "temp_store(FILE)")
	}
	db, err := sql.Open("sqlite", dsn(path, false, pragmas...))
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
	for end := time.Now().Add(walPatience); ; {
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

const walPatience = 30 * time.Second
