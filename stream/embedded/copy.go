package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"counterpoint"
	"counterpoint/stream"
)

// Copy writes a checked copy of another backend's log into a folder that has none: every record with its key,
// headers, value and time. Decisions keep their offsets, so that the copy has the root of the original. Other
// topics may have other partitions here: the order of a key is kept, offsets are new. Deleted secrets are not
// in it.
func Copy(ctx context.Context, from stream.Log, dir string) error {
	to := filepath.Join(dir, File)
	if _, err := os.Stat(to); err == nil {
		return fmt.Errorf("copy the log to %s: the file is there already: %w", to, counterpoint.ErrConflict)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	part := to + ".part"
	err := remove(part)
	if err == nil {
		err = copyAll(ctx, from, part)
	}
	if err == nil {
		err = CheckFile(ctx, part)
	}
	if err == nil {
		err = os.Rename(part, to)
	}
	if err == nil {
		err = syncFolder(dir)
	}
	if err != nil {
		return errors.Join(explain(dir, fmt.Errorf("copy the log to %s: %w", to, err)), remove(part))
	}
	return nil
}

func copyAll(ctx context.Context, from stream.Log, path string) (err error) {
	db, err := openWriting(ctx, path, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, t := range stream.Topics {
		c := copier{topic: t, next: make([]int64, t.Partitions)}
		records := c.placed
		if t.Compacted {
			records = c.latest
		}
		if err := c.write(ctx, db, records(ctx, from)); err != nil {
			return fmt.Errorf("topic %s: %w", t.Name, err)
		}
	}
	_, err = db.ExecContext(ctx, `PRAGMA journal_mode(DELETE)`) // one file, as VACUUM INTO leaves it
	return err
}

// copier writes one topic.
type copier struct {
	topic stream.Topic
	next  []int64
}

// place says where a record lies in the copy.
func (c *copier) place(r stream.Record) (stream.Record, error) {
	if c.topic.Name == stream.Decisions {
		if r.Partition != 0 || r.Offset != c.next[0] {
			return r, fmt.Errorf("decision %d stands at %d[%d]; the log is not whole, see 'counterpoint verify'", c.next[0], r.Partition, r.Offset)
		}
	} else {
		r.Partition = c.topic.Partition(r.Key)
		r.Offset = c.next[r.Partition]
	}
	c.next[r.Partition]++
	return r, nil
}

func (c *copier) placed(ctx context.Context, from stream.Log) iter.Seq2[stream.Record, error] {
	return func(yield func(stream.Record, error) bool) {
		for r, err := range from.Replay(ctx, c.topic.Name, nil) {
			if err == nil {
				r, err = c.place(r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// latest are the last records of each key, without the deleted ones, in their order.
func (c *copier) latest(ctx context.Context, from stream.Log) iter.Seq2[stream.Record, error] {
	return func(yield func(stream.Record, error) bool) {
		last := map[string]stream.Record{}
		n := map[string]int{} // when the key came last
		seen := 0
		for r, err := range from.Replay(ctx, c.topic.Name, nil) {
			if err != nil {
				yield(r, err)
				return
			}
			last[r.Key], n[r.Key] = r, seen
			seen++
		}
		for _, key := range slices.SortedFunc(maps.Keys(last), func(a, b string) int { return n[a] - n[b] }) {
			if last[key].Value == nil {
				continue
			}
			if r, err := c.place(last[key]); !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// copyBatch is how many records go into a transaction of a copy.
const copyBatch = 5000

func (c *copier) write(ctx context.Context, db *sql.DB, records iter.Seq2[stream.Record, error]) (err error) {
	var tx *sql.Tx
	defer func() {
		if tx != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	n := 0
	for r, err := range records {
		if err != nil {
			return err
		}
		if tx == nil {
			if tx, err = db.BeginTx(ctx, nil); err != nil {
				return err
			}
		}
		if err := c.insert(ctx, tx, r); err != nil {
			return err
		}
		if n++; n%copyBatch == 0 {
			if err := tx.Commit(); err != nil {
				return err
			}
			tx = nil
		}
	}
	if tx != nil {
		if err := tx.Commit(); err != nil {
			return err
		}
		tx = nil
	}
	for p, next := range c.next {
		if _, err := db.ExecContext(ctx, `INSERT INTO ends (topic, partition, next) VALUES (?, ?, ?)`, c.topic.Name, p, next); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) insert(ctx context.Context, tx *sql.Tx, r stream.Record) error {
	headers, err := encodeHeaders(r.Headers)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO records (topic, partition, offset, time, key, headers, value) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		c.topic.Name, r.Partition, r.Offset, r.Time.UnixMilli(), r.Key, headers, r.Value)
	if err == nil && c.topic.Compacted {
		_, err = tx.ExecContext(ctx, `INSERT INTO latest (topic, key, offset) VALUES (?, ?, ?)`, c.topic.Name, r.Key, r.Offset)
	}
	return err
}
