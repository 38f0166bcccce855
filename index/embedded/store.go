// Package embedded is the index in one SQLite file, for one machine: one writer, readers of their own, WAL, one
// fsync a batch. The positions are stored in the transaction of the documents, so the file is never ahead of or
// behind what it says it has read. Deleting the file is the rebuild.
package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"sync"

	"modernc.org/sqlite"

	"counterpoint"
	"counterpoint/index"
)

// Options say how the file is opened. The zero Options make or continue an index.
type Options struct {
	ReadOnly bool // beside a process that writes; nothing is made or changed
	Readers  int  // connections for reading; 0 is one a processor, at least 2
}

// Store is an index.Store in one file.
type Store struct {
	path     string
	write    *sql.DB // nil when read-only
	read     *sql.DB
	writing  sync.Mutex
	compiled statements // guarded by writing
}

var _ index.Store = (*Store)(nil)

// Open opens the index at path, made anew where there is none.
func Open(path string, o Options) (*Store, error) {
	s := &Store{path: path, compiled: statements{}}
	err := s.open(o)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("open index %s: %w", path, err)
	}
	return s, nil
}

func (s *Store) open(o Options) error {
	ctx := context.Background()
	if o.ReadOnly {
		if _, err := os.Stat(s.path); err != nil {
			return err
		}
	} else if err := s.openWriter(ctx); err != nil {
		return err
	}
	var err error
	if s.read, err = sql.Open("sqlite", dsn(s.path, "ro")); err != nil {
		return err
	}
	n := o.Readers
	if n <= 0 {
		n = max(2, runtime.GOMAXPROCS(0))
	}
	s.read.SetMaxOpenConns(n)
	s.read.SetMaxIdleConns(n)
	return checkSchema(ctx, s.read, s.path, false)
}

func (s *Store) openWriter(ctx context.Context) error {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite would let others read it
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if s.write, err = sql.Open("sqlite", dsn(s.path, "rw", "journal_mode(WAL)", "synchronous(FULL)", "journal_size_limit(67108864)", "wal_autocheckpoint(8000)", "cache_size(-32000)")); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	return checkSchema(ctx, s.write, s.path, true)
}

func dsn(path, mode string, pragmas ...string) string {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}}
	for _, p := range append([]string{"busy_timeout(10000)", "cache_size(-16000)", "temp_store(MEMORY)"}, pragmas...) {
		q.Add("_pragma", p)
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

// Close ends reading and writing.
func (s *Store) Close() error {
	var errs []error
	s.writing.Lock()
	defer s.writing.Unlock()
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Positions are the next offsets of the topic.
func (s *Store) Positions(ctx context.Context, topic string) (map[int]int64, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT part, next FROM positions WHERE topic = ?`, topic)
	if err != nil {
		return nil, fmt.Errorf("positions of %s: %w", topic, wrap(err))
	}
	defer rows.Close()
	next := map[int]int64{}
	for rows.Next() {
		var part int
		var n int64
		if err := rows.Scan(&part, &n); err != nil {
			return nil, fmt.Errorf("positions of %s: %w", topic, wrap(err))
		}
		next[part] = n
	}
	return next, wrap(rows.Err())
}

// Backup writes a checked copy of the index as it is now to a new file.
func (s *Store) Backup(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("copy the index: %s is there already; name a new file", path)
	}
	if _, err := s.read.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return fmt.Errorf("copy the index to %s: %w", path, wrap(err))
	}
	c, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("check the copy: %w", err)
	}
	defer c.Close()
	return c.Check(ctx)
}

// Check reads the whole file and returns what is damaged in it.
func (s *Store) Check(ctx context.Context) error {
	var first string
	if err := s.read.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&first); err != nil {
		return fmt.Errorf("check %s: %w", s.path, wrap(err))
	}
	if first != "ok" {
		return fmt.Errorf("check %s: %s; delete the file and run counterpoint to build it anew", s.path, first)
	}
	return nil
}

// wrap gives errors of the engine the kinds that callers tell apart.
func wrap(err error) error {
	var e *sqlite.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e) && e.Code()&0xff == 13: // SQLITE_FULL
		return fmt.Errorf("%w: %w", counterpoint.ErrDiskFull, err)
	case errors.As(err, &e) && (e.Code()&0xff == 11 || e.Code()&0xff == 26): // SQLITE_CORRUPT, SQLITE_NOTADB
		return fmt.Errorf("the file is damaged; nothing is lost, 'counterpoint rebuild' makes it again from the log: %w", err)
	case err.Error() == "sql: database is closed":
		return counterpoint.ErrClosed
	}
	return err
}
