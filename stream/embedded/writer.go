package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"counterpoint/stream"
)

// A batch is what shares a transaction: everything that waits, up to these.
const (
	batchJobs  = 512
	batchBytes = 8 << 20
)

// job is something the writer does for a caller: append records, or commit a group's offsets.
type job struct {
	topic   stream.Topic
	records []stream.Record
	group   string        // with next: what the group has acknowledged
	next    map[int]int64 // by partition
	done    chan error
}

func (j *job) size() (n int) {
	for _, r := range j.records {
		n += r.Size()
	}
	return n
}

// writer owns the only connection that writes. It holds no lock while it waits for the disk.
type writer struct {
	dir  string
	db   *sql.DB
	conn *sql.Conn
	jobs chan *job // unbuffered: what was not taken was not begun
	wg   sync.WaitGroup

	between chan errand // unbuffered too: what is done between two batches

	insert, insertMany, end, commit, replaced, drop, latest *sql.Stmt

	scrubber *scrubber

	path string
	file os.FileInfo // what path was when it was opened
}

// Rows are inserted many at a time, which costs half. Where one is refused SQLite takes all back, as the writer would:
// else it would keep copies of pages, to take back the statement alone.
const (
	insertInto = `INSERT OR ROLLBACK INTO records (topic, partition, offset, time, key, headers, value) VALUES `
	insertRow  = `(?, ?, ?, ?, ?, ?, ?)`
	rowColumns = 7
	manyRows   = 16
)

func openWriter(ctx context.Context, path, synchronous string) (*writer, error) {
	db, err := openWriting(ctx, path, synchronous)
	if err != nil {
		return nil, err
	}
	w := &writer{dir: filepath.Dir(path), db: db, jobs: make(chan *job), between: make(chan errand)}
	if err := w.prepare(ctx, path); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *writer) prepare(ctx context.Context, path string) (err error) {
	w.path = path
	if w.file, err = os.Stat(path); err != nil {
		return err
	}
	if w.conn, err = w.db.Conn(ctx); err != nil {
		return err
	}
	for _, p := range []struct {
		into  **sql.Stmt
		query string
	}{
		{&w.insert, insertInto + insertRow},
		{&w.insertMany, insertInto + strings.Repeat(insertRow+`, `, manyRows-1) + insertRow},
		{&w.end, `INSERT INTO ends (topic, partition, next) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next = excluded.next`},
		{&w.commit, `INSERT INTO commits (topic, name, partition, next) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET next = max(next, excluded.next)`},
		{&w.replaced, `SELECT offset FROM latest WHERE topic = ? AND key = ?`},
		{&w.drop, `DELETE FROM records WHERE topic = ? AND partition = ? AND offset = ?`},
		{&w.latest, `INSERT INTO latest (topic, key, offset) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET offset = excluded.offset`},
	} {
		if *p.into, err = w.conn.PrepareContext(ctx, p.query); err != nil {
			return fmt.Errorf("prepare %q: %w", p.query, err)
		}
	}
	if err := forgetTombstones(ctx, w.conn, time.Now()); err != nil {
		return err
	}
	w.scrubber, err = openScrubber(ctx, path)
	return err
}

// start runs the writer until the log is closed.
func (w *writer) start(l *Log) {
	w.wg.Go(func() {
		for {
			select {
			case <-l.quit:
				return
			case j := <-w.jobs:
				w.write(l, w.gather(j))
			case a := <-w.between:
				a.done <- explain(w.dir, a.do())
			case <-w.scrubber.due():
				w.scrubber.scrub(context.Background())
			}
		}
	})
}

// close waits for the writer's goroutine, whose log must be closed, and gives the file back.
func (w *writer) close() error {
	w.wg.Wait()
	var errs []error
	if w.scrubber != nil {
		errs = append(errs, w.scrubber.close())
	}
	for _, s := range []*sql.Stmt{w.insert, w.insertMany, w.end, w.commit, w.replaced, w.drop, w.latest} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
	}
	return errors.Join(append(errs, w.db.Close())...)
}

// gather takes along all who wait already. It never waits itself: while one batch is synced the next gathers.
func (w *writer) gather(first *job) []*job {
	batch, size := []*job{first}, first.size()
	for len(batch) < batchJobs && size < batchBytes {
		select {
		case j := <-w.jobs:
			batch = append(batch, j)
			size += j.size()
		default:
			return batch
		}
	}
	return batch
}

// write commits a batch and answers all of it alike. The transaction belongs to many callers, so no one's
// context ends it.
func (w *writer) write(l *Log, batch []*job) {
	ctx := context.Background()
	t := &transaction{writer: w, log: l, at: time.Now().UTC(), ends: map[string][]int64{}}
	err := w.there()
	if err == nil {
		err = w.commitBatch(ctx, t, batch)
	}
	if err == nil {
		l.recent.add(t.fresh)
		l.advanced(t.ends)
		if t.deleted {
			w.scrubber.scrub(ctx)
		}
	}
	for _, j := range batch {
		j.done <- err
	}
}

// there says when the file was deleted, moved or replaced: the system would let us write on, into a file that
// nobody can open again.
func (w *writer) there() error {
	now, err := os.Stat(w.path)
	if err != nil || !os.SameFile(now, w.file) {
		return fmt.Errorf("%s was moved, deleted or replaced while the program runs, so nothing is taken: put it back, or stop the program and restore a backup", w.path)
	}
	return nil
}

func (w *writer) commitBatch(ctx context.Context, t *transaction, batch []*job) error {
	return explain(w.dir, w.transact(ctx, func() error {
		for _, j := range batch {
			if err := t.do(ctx, j); err != nil {
				return err
			}
		}
		if err := t.insertRows(ctx); err != nil {
			return err
		}
		return t.storeEnds(ctx)
	}))
}

// transact runs f in a transaction. BEGIN and COMMIT are ours because database/sql would drop the
// connection, and with it the prepared statements, when a full disk makes COMMIT fail.
func (w *writer) transact(ctx context.Context, f func() error) error {
	if _, err := w.conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	err := f()
	if err == nil {
		_, err = w.conn.ExecContext(ctx, `COMMIT`)
	}
	if err != nil {
		// SQLite has rolled back already after some errors; then this one says so and means nothing.
		_, _ = w.conn.ExecContext(ctx, `ROLLBACK`)
	}
	return err
}

// transaction is one batch on its way to the disk.
type transaction struct {
	*writer
	log     *Log
	at      time.Time
	ends    map[string][]int64 // of the topics touched
	rows    []any              // not inserted yet
	fresh   []stream.Record    // for recent
	deleted bool               // compaction has deleted bytes that must leave the WAL as well
}

func (t *transaction) do(ctx context.Context, j *job) error {
	for _, r := range j.records {
		if err := t.append(ctx, j.topic, r); err != nil {
			return err
		}
	}
	for p, n := range j.next {
		if _, err := t.commit.ExecContext(ctx, j.topic.Name, j.group, p, n); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) storeEnds(ctx context.Context) error {
	for topic, ends := range t.ends {
		for p, n := range ends {
			if _, err := t.end.ExecContext(ctx, topic, p, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *transaction) append(ctx context.Context, topic stream.Topic, r stream.Record) error {
	ends, ok := t.ends[topic.Name]
	if !ok {
		ends, _ = t.log.endsOf(ctx, topic) // from memory: no error
		t.ends[topic.Name] = ends
	}
	p := topic.Partition(r.Key)
	offset := ends[p]
	ends[p]++
	if topic.Compacted {
		if err := t.compact(ctx, topic.Name, p, r.Key, offset); err != nil {
			return err
		}
	}
	headers, err := encodeHeaders(r.Headers)
	if err != nil {
		return err
	}
	if !topic.Compacted {
		r.Topic, r.Partition, r.Offset, r.Time = topic.Name, p, offset, time.UnixMilli(t.at.UnixMilli()).UTC()
		t.fresh = append(t.fresh, r)
	}
	t.rows = append(t.rows, topic.Name, p, offset, t.at.UnixMilli(), r.Key, headers, r.Value)
	if topic.Compacted { // the next one of its key must find it
		return t.insertRows(ctx)
	}
	return nil
}

// insertRows inserts what waits.
func (t *transaction) insertRows(ctx context.Context) error {
	rows := t.rows
	t.rows = t.rows[:0]
	for len(rows) >= manyRows*rowColumns {
		if _, err := t.insertMany.ExecContext(ctx, rows[:manyRows*rowColumns]...); err != nil {
			return err
		}
		rows = rows[manyRows*rowColumns:]
	}
	for row := range slices.Chunk(rows, rowColumns) {
		if _, err := t.insert.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return nil
}

// compact deletes the record that the one at offset replaces.
func (t *transaction) compact(ctx context.Context, topic string, partition int, key string, offset int64) error {
	var old int64
	switch err := t.replaced.QueryRowContext(ctx, topic, key).Scan(&old); {
	case err == nil:
		t.deleted = true
		if _, err := t.drop.ExecContext(ctx, topic, partition, old); err != nil {
			return err
		}
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	_, err := t.latest.ExecContext(ctx, topic, key, offset)
	return err
}

func encodeHeaders(h map[string]string) (any, error) {
	if len(h) == 0 {
		return nil, nil
	}
	b, err := json.Marshal(h) // sorts the names
	if err != nil {
		return nil, fmt.Errorf("headers: %w", err)
	}
	return string(b), nil
}
