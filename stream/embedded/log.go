// Package embedded is the stream on one machine: a SQLite file, one writer that commits the records of
// everybody who waits in one transaction with one fsync, and readers with connections of their own.
package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"counterpoint"
	"counterpoint/stream"
)

// File is the name of the log's file in the data folder.
const File = "stream.db"

// Options are the ways to open a log. The zero Options opens it for writing and locks the folder.
type Options struct {
	ReadOnly bool // beside a running process: no lock, no groups, no writes; sees new records within 100 ms
	Locked   bool // the caller holds the folder's lock already (Lock)

	synchronous string // of the writer; FULL. Tests prove with OFF that the fsync test can fail.
	cold        bool   // hold no records in memory: tests read the file
}

var _ stream.Log = (*Log)(nil)

// Log is a stream.Log in a file.
type Log struct {
	dir      string
	readOnly bool
	lock     *Lock
	readers  *sql.DB
	writer   *writer // nil when read-only
	recent   recent  // empty when read-only

	quit      chan struct{} // closed by Close
	closeOnce sync.Once
	closeErr  error

	mu     sync.Mutex
	ends   map[string][]int64       // next offset by topic and partition; the writer's log alone keeps them
	wakes  map[string]chan struct{} // closed and replaced when a topic or one of its groups changes
	groups map[[2]string]*group     // by topic and name
}

// Open opens the log in a folder, which is made when it is not there. A folder in which another process
// writes is refused with counterpoint.ErrConflict.
func Open(ctx context.Context, dir string, o Options) (*Log, error) {
	l := &Log{
		dir: dir, readOnly: o.ReadOnly, quit: make(chan struct{}),
		ends: map[string][]int64{}, wakes: map[string]chan struct{}{}, groups: map[[2]string]*group{},
		recent: recent{off: o.cold, parts: map[recentKey]*recentPart{}},
	}
	for _, t := range stream.Topics {
		l.wakes[t.Name] = make(chan struct{})
	}
	open := l.openWriting
	if o.ReadOnly {
		open = l.openReading
	}
	if err := open(ctx, o); err != nil {
		return nil, errors.Join(explain(dir, fmt.Errorf("open the stream in %s: %w", dir, err)), l.release())
	}
	return l, nil
}

func (l *Log) openReading(ctx context.Context, _ Options) error {
	path := filepath.Join(l.dir, File)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return notYet(0, path)
	}
	var err error
	if l.readers, err = openReaders(path, true); err != nil {
		return err
	}
	if n, err := checkSchema(ctx, l.readers); err != nil || n == 0 {
		return errors.Join(err, notYet(n, path))
	}
	return nil
}

// notYet is the error for a file without tables.
func notYet(version int, path string) error {
	if version > 0 {
		return nil
	}
	return fmt.Errorf("there is no log in %s yet (counterpoint run makes one): %w", path, counterpoint.ErrNotFound)
}

func (l *Log) openWriting(ctx context.Context, o Options) (err error) {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	if !o.Locked {
		if l.lock, err = LockFolder(ctx, l.dir); err != nil {
			return err
		}
	}
	path := filepath.Join(l.dir, File)
	if l.writer, err = openWriter(ctx, path, o.synchronous); err != nil {
		return err
	}
	if l.readers, err = openReaders(path, false); err != nil {
		return err
	}
	for _, t := range stream.Topics {
		if l.ends[t.Name], err = l.storedEnds(ctx, t); err != nil {
			return err
		}
	}
	l.writer.start(l)
	return nil
}

// Publish appends records and returns when they are on disk. What others publish meanwhile shares the fsync.
func (l *Log) Publish(ctx context.Context, topic string, records ...stream.Record) error {
	t, err := stream.Check(topic, records...)
	if err != nil || len(records) == 0 {
		return err
	}
	if err := l.do(ctx, &job{topic: t, records: records}); err != nil {
		return fmt.Errorf("publish %d records to %s: %w", len(records), topic, err)
	}
	return nil
}

// do hands a job to the writer and waits for it. A job the writer has taken is waited for even when ctx ends:
// that is one commit at most, and the answer is then a sure one.
func (l *Log) do(ctx context.Context, j *job) error {
	if l.readOnly {
		return stream.ErrReadOnly
	}
	if err := errors.Join(ctx.Err(), l.open()); err != nil {
		return err // before the select, which would choose at random
	}
	j.done = make(chan error, 1)
	select {
	case l.writer.jobs <- j:
		return <-j.done
	case <-ctx.Done():
		return ctx.Err()
	case <-l.quit:
		return l.open()
	}
}

// open says whether the log is open.
func (l *Log) open() error {
	select {
	case <-l.quit:
		return fmt.Errorf("stream in %s: %w", l.dir, counterpoint.ErrClosed)
	default:
		return nil
	}
}

// End is the next offset of each partition.
func (l *Log) End(ctx context.Context, topic string) (map[int]int64, error) {
	t, err := stream.Find(topic)
	if err != nil {
		return nil, err
	}
	if err := l.open(); err != nil {
		return nil, err
	}
	ends, err := l.endsOf(ctx, t)
	if err != nil {
		return nil, err
	}
	by := make(map[int]int64, len(ends))
	for p, n := range ends {
		by[p] = n
	}
	return by, nil
}

func (l *Log) endsOf(ctx context.Context, t stream.Topic) ([]int64, error) {
	if l.readOnly {
		return l.storedEnds(ctx, t)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]int64(nil), l.ends[t.Name]...), nil
}

func (l *Log) storedEnds(ctx context.Context, t stream.Topic) ([]int64, error) {
	ends := make([]int64, t.Partitions)
	err := l.each(ctx, func(scan func(...any) error) error {
		var p int
		var next int64
		if err := scan(&p, &next); err != nil {
			return err
		}
		if p >= 0 && p < len(ends) {
			ends[p] = next
		}
		return nil
	}, `SELECT partition, next FROM ends WHERE topic = ?`, t.Name)
	if err != nil {
		return nil, fmt.Errorf("ends of topic %s: %w", t.Name, err)
	}
	return ends, nil
}

// each runs a query on a reader's connection and calls row for every row.
func (l *Log) each(ctx context.Context, row func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := l.readers.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// advanced tells readers what a commit has added.
func (l *Log) advanced(ends map[string][]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.Copy(l.ends, ends)
	for topic := range ends {
		l.wakeLocked(topic)
	}
}

func (l *Log) wake(topic string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wakeLocked(topic)
}

func (l *Log) wakeLocked(topic string) {
	close(l.wakes[topic])
	l.wakes[topic] = make(chan struct{})
}

// changed is closed when the topic next changes.
func (l *Log) changed(topic string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wakes[topic]
}

// Close ends all waiting calls with counterpoint.ErrClosed, lets the writer finish the batch it is at, and
// gives the folder back.
func (l *Log) Close() error {
	l.closeOnce.Do(func() {
		close(l.quit)
		l.closeErr = l.release()
	})
	return l.closeErr
}

func (l *Log) release() error {
	var errs []error
	if l.readers != nil {
		errs = append(errs, l.readers.Close())
	}
	if l.writer != nil {
		errs = append(errs, l.writer.close()) // last, so that it checkpoints and removes the WAL
	}
	if l.lock != nil {
		errs = append(errs, l.lock.Release())
	}
	return errors.Join(errs...)
}
