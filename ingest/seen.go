package ingest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite" // also the driver "sqlite"

	"counterpoint"
)

// Seen is the durable register of what came through the door: which revision of which item was published, and
// which files of watched folders were dealt with. It is written only after the stream has the items, so a
// crash between the two publishes again, which the line knows by the item's id.
type Seen struct{ db *sql.DB }

const seenSchema = `
CREATE TABLE IF NOT EXISTS seen (item TEXT PRIMARY KEY, revision TEXT NOT NULL, digest TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bytes (scope TEXT NOT NULL, digest TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (scope, digest)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bytes_item ON bytes (item);
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime INTEGER NOT NULL,
	at INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;`

// OpenSeen opens the register, such as ingest.db of the data folder, and makes it where there is none.
func OpenSeen(path string) (*Seen, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite would let others read it
	if err != nil {
		return nil, fmt.Errorf("open the register of what was seen: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open the register of what was seen: %w", err)
	}
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1) // one writer; lookups are short
	if err := makeSeen(db); err != nil {
		db.Close()
		var e *sqlite.Error
		if errors.As(err, &e) && (e.Code()&0xff == sqliteCorrupt || e.Code()&0xff == sqliteNotADB) {
			err = fmt.Errorf("the file is damaged; delete it, what comes in again is known by its id: %w", err)
		}
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &Seen{db}, nil
}

// makeSeen makes the tables, and adds what the file of an earlier version lacks.
func makeSeen(db *sql.DB) error {
	if _, err := db.Exec(seenSchema); err != nil {
		return err
	}
	var has bool
	if err := db.QueryRow(`SELECT count(*) FROM pragma_table_info('seen') WHERE name = 'digest'`).Scan(&has); err != nil || has {
		return err
	}
	_, err := db.Exec(`ALTER TABLE seen ADD COLUMN digest TEXT NOT NULL DEFAULT ''`)
	return err
}

// Backup writes a copy of the register as it is now to a new file, and checks it. SQLite lets many processes write
// here, so it may be opened beside a running one.
func (s *Seen) Backup(ctx context.Context, to string) error {
	if _, err := s.db.ExecContext(ctx, `VACUUM INTO ?`, to); err != nil {
		return fmt.Errorf("copy the register of what was seen to %s: %w", to, err)
	}
	c, err := OpenSeen(to)
	if err != nil {
		return err
	}
	defer c.Close()
	var first string
	if err := c.db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&first); err != nil {
		return fmt.Errorf("check the copy %s: %w", to, err)
	}
	if first != "ok" {
		return fmt.Errorf("check the copy %s: %s", to, first)
	}
	return nil
}

// Close closes the register.
func (s *Seen) Close() error { return s.db.Close() }

// mark is what the register keeps of an item. The same bytes in the same scope are the same thing, whatever
// the file is called.
type mark struct {
	item, revision, scope, digest string
	again                         bool // the item is there with other bytes
}

// standing is what the register says of an item.
type standing int

const (
	fresh    standing = iota // never seen
	revised                  // seen with other words
	repeated                 // seen with these words, or made from these very bytes
)

// standings looks up a batch.
func (s *Seen) standings(ctx context.Context, marks []mark) ([]standing, error) {
	out := make([]standing, len(marks))
	err := s.in(ctx, func(tx *sql.Tx) error {
		known, err := latest(ctx, tx, marks)
		if err != nil {
			return err
		}
		var asked []int // whose bytes are not answered for by the item's own row
		for i, m := range marks {
			switch k, ok := known[m.item]; {
			case ok && (k.revision == m.revision || m.scope == m.item && k.digest == m.digest):
				out[i] = repeated
				continue
			case ok:
				out[i] = revised
			case m.scope == m.item:
				continue
			}
			asked = append(asked, i)
		}
		same, err := sameBytes(ctx, tx, marks, asked)
		for _, i := range asked {
			if same[[2]string{marks[i].scope, marks[i].digest}] {
				out[i] = repeated
			}
		}
		return err
	})
	return out, err
}

// latest finds the rows of the items that are there. One question for all is a third of the cost of one each.
func latest(ctx context.Context, tx *sql.Tx, marks []mark) (map[string]mark, error) {
	items := make([]any, len(marks))
	for i, m := range marks {
		items[i] = m.item
	}
	rows, err := tx.QueryContext(ctx, `SELECT item, revision, digest FROM seen WHERE item IN (`+rowsOf("?", len(items))+`)`, items...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[string]mark{}
	for rows.Next() {
		var m mark
		if err := rows.Scan(&m.item, &m.revision, &m.digest); err != nil {
			return nil, err
		}
		known[m.item] = m
	}
	return known, rows.Err()
}

// sameBytes finds the scopes and digests of those marks that are there.
func sameBytes(ctx context.Context, tx *sql.Tx, marks []mark, which []int) (map[[2]string]bool, error) {
	same := map[[2]string]bool{}
	if len(which) == 0 {
		return same, nil
	}
	var args []any
	for _, i := range which {
		args = append(args, marks[i].scope, marks[i].digest)
	}
	rows, err := tx.QueryContext(ctx, `SELECT scope, digest FROM bytes WHERE (scope, digest) IN (VALUES `+rowsOf("(?, ?)", len(which))+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var k [2]string
		if err := rows.Scan(&k[0], &k[1]); err != nil {
			return nil, err
		}
		same[k] = true
	}
	return same, rows.Err()
}

// mark writes a batch in one transaction. The row of an item that is its own scope, as a line of JSONL is, keeps
// the digest of the bytes it came with first: most never get others.
func (s *Seen) mark(ctx context.Context, marks []mark) error {
	var items, again, bytes []any
	for _, m := range marks {
		first := ""
		if m.scope == m.item && !m.again {
			first = m.digest
		} else {
			bytes = append(bytes, m.scope, m.digest, m.item)
		}
		if m.again {
			again = append(again, m.revision, m.item)
		} else {
			items = append(items, m.item, m.revision, first)
		}
	}
	return s.in(ctx, func(tx *sql.Tx) error {
		// What SQLite may have to take back in the middle it keeps copies of: hence nothing here that may fail.
		err := insert(ctx, tx, `INSERT OR IGNORE INTO seen (item, revision, digest) VALUES `, items)
		for u := range slices.Chunk(again, 2) {
			if err == nil {
				_, err = tx.ExecContext(ctx, `UPDATE seen SET revision = ? WHERE item = ?`, u...)
			}
		}
		if err != nil {
			return err
		}
		return insert(ctx, tx, `INSERT OR IGNORE INTO bytes VALUES `, bytes)
	})
}

// insert inserts rows of three.
func insert(ctx context.Context, tx *sql.Tx, into string, rows []any) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, into+rowsOf("(?, ?, ?)", len(rows)/3), rows...)
	return err
}

// rowsOf is a list of n rows of parameters.
func rowsOf(row string, n int) string {
	return strings.TrimSuffix(strings.Repeat(row+", ", n), ", ")
}

// Forget drops what is known of an item, so that it may come in again. Erasing an item calls it.
func (s *Seen) Forget(ctx context.Context, item string) error {
	return s.in(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM seen WHERE item = ?`, item); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM bytes WHERE item = ?`, item)
		return err
	})
}

func (s *Seen) in(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err == nil {
		defer tx.Rollback()
		if err = do(tx); err == nil {
			err = tx.Commit()
		}
	}
	var full *sqlite.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &full) && full.Code()&0xff == sqliteFull:
		return fmt.Errorf("register of what was seen: %w: %w", counterpoint.ErrDiskFull, err)
	}
	return fmt.Errorf("register of what was seen: %w", err)
}

// SQLite's result codes for a disk without room and for a file that is not what it was.
const sqliteCorrupt, sqliteFull, sqliteNotADB = 11, 13, 26

// FileState is a file of a watched folder as it was when it was dealt with.
type FileState struct {
	Path   string    `json:"path"`
	Size   int64     `json:"size"`
	MTime  time.Time `json:"mtime"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"` // why it was refused; empty for one that was taken
}

// fileDone reports whether this very state of a file was dealt with.
func (s *Seen) fileDone(ctx context.Context, f FileState) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM files WHERE path = ? AND size = ? AND mtime = ?`, f.Path, f.Size, f.MTime.UnixNano()).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("register of what was seen: %w", err)
	}
	return n > 0, nil
}

// markFile notes that a file was dealt with.
func (s *Seen) markFile(ctx context.Context, f FileState) error {
	return s.in(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)`, f.Path, f.Size, f.MTime.UnixNano(), f.At.UnixMilli(), f.Reason)
		return err
	})
}

// Refused lists the files of watched folders that were not taken, with the reason.
func (s *Seen) Refused(ctx context.Context) ([]FileState, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT path, size, mtime, at, reason FROM files WHERE reason != '' ORDER BY path`)
	if err != nil {
		return nil, fmt.Errorf("register of what was seen: %w", err)
	}
	defer rows.Close()
	var all []FileState
	for rows.Next() {
		var f FileState
		var mtime, at int64
		if err := rows.Scan(&f.Path, &f.Size, &mtime, &at, &f.Reason); err != nil {
			return nil, fmt.Errorf("register of what was seen: %w", err)
		}
		f.MTime, f.At = time.Unix(0, mtime).UTC(), time.UnixMilli(at).UTC()
		all = append(all, f)
	}
	return all, rows.Err()
}

// Fares says how the files of a watched folder fared. A refused file is not tried again until it changes, so there is
// no next time.
func (s *Seen) Fares(ctx context.Context, dir string) (counterpoint.Collecting, error) {
	var c counterpoint.Collecting
	dir = filepath.Clean(dir)
	rows, err := s.db.QueryContext(ctx, `SELECT path, at, reason FROM files WHERE path > ? AND path < ? ORDER BY at DESC`, dir+"/", dir+"0") // 0 comes after the slash
	if err != nil {
		return c, fmt.Errorf("register of what was seen: %w", err)
	}
	defer rows.Close()
	for c.Success == nil && rows.Next() {
		var ms int64
		var path, reason string
		if err := rows.Scan(&path, &ms, &reason); err != nil {
			return c, fmt.Errorf("register of what was seen: %w", err)
		}
		at := time.UnixMilli(ms).UTC()
		switch {
		case reason == "":
			c.Success = &at
		case c.Failed == nil:
			c.Failed, c.Reason, c.Failures = &at, filepath.Base(path)+": "+reason, 1
		default:
			c.Failures++
		}
	}
	return c, rows.Err()
}

// earlier folds a batch onto itself: of items that are in it twice, the second is repeated or revised.
func earlier(marks []mark, found []standing) {
	latest := map[string]string{}
	for i, m := range marks {
		if found[i] == repeated {
			if _, ok := latest[m.item]; !ok {
				continue
			}
		}
		old, ok := latest[m.item]
		switch {
		case !ok:
		case old == m.revision:
			found[i] = repeated
		default:
			found[i] = revised
		}
		if found[i] != repeated {
			latest[m.item] = m.revision
		}
	}
}
