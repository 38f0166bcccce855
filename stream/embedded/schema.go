package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// schemaNumber is PRAGMA user_version. A file of another number is refused.
const schemaNumber = 1

// schema is the whole database. ends outlives the records it counted (compaction); latest finds the record
// that the next one of its key replaces. records is a rowid table: WITHOUT ROWID spills every record of more
// than a kilobyte to a page of its own and writes half as fast.
const schema = `
CREATE TABLE IF NOT EXISTS records (
	topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
	time INTEGER NOT NULL, -- Unix milliseconds
	key TEXT NOT NULL, headers TEXT, value BLOB,
	PRIMARY KEY (topic, partition, offset)
);
CREATE TABLE IF NOT EXISTS ends (
	topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
	PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latest (
	topic TEXT NOT NULL, key TEXT NOT NULL, offset INTEGER NOT NULL,
	PRIMARY KEY (topic, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commits (
	topic TEXT NOT NULL, name TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
	PRIMARY KEY (topic, name, partition)
) WITHOUT ROWID;
PRAGMA user_version = 1;
`

// patience is how long a connection waits for another one's lock.
const patience = "busy_timeout(5000)"

// dsn is the connection string. Pragmas stand in it because the pool opens connections when it likes.
func dsn(path string, readOnly bool, pragmas ...string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	q := url.Values{"_pragma": append([]string{"temp_store(MEMORY)"}, pragmas...)}
	if readOnly {
		q.Set("mode", "ro")
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	return u.String()
}

// openWriting opens the connection that writes. secure_delete overwrites what compaction deletes; the WAL is
// emptied by scrub.
func openWriting(ctx context.Context, path, synchronous string) (*sql.DB, error) {
	if synchronous == "" {
		synchronous = "FULL"
	}
	if err := private(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(path, false, patience, "journal_mode(WAL)", "synchronous("+synchronous+")",
		"secure_delete(ON)", "wal_autocheckpoint(2000)", "journal_size_limit(67108864)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := makeSchema(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func makeSchema(ctx context.Context, db *sql.DB) error {
	n, err := checkSchema(ctx, db)
	if err != nil || n == schemaNumber {
		return err
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	return nil
}

// private makes the file readable by its owner alone before SQLite makes it readable by all: it holds the
// secrets topic. SQLite gives the WAL the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), syncFolder(filepath.Dir(path)))
}

func openReaders(path string, readOnly bool) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, readOnly, patience, "query_only(ON)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(4)
	return db, nil
}

// checkSchema is the version of the file, 0 for a new one, or an error when this build cannot read it.
func checkSchema(ctx context.Context, db *sql.DB) (n int, err error) {
	if err := db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&n); err != nil {
		return 0, fmt.Errorf("read the version of %s: %w", File, damaged(err))
	}
	if n > schemaNumber {
		return n, fmt.Errorf("%s has version %d, this build reads %d: use the newer counterpoint that wrote it", File, n, schemaNumber)
	}
	return n, nil
}
