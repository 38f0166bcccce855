package embedded

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"counterpoint"
)

// explain turns SQLite's ways of saying that the disk is full into counterpoint.ErrDiskFull with what to do.
func explain(dir string, err error) error {
	var e *sqlite.Error
	if err == nil || !errors.As(err, &e) || !full(dir, e.Code()) {
		return err
	}
	return fmt.Errorf("free space on the disk of %s, then it goes on by itself; nothing acknowledged is lost: %w (%w)",
		dir, counterpoint.ErrDiskFull, err)
}

// damaged adds what to do to SQLite's ways of saying that a file is not what it was.
func damaged(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB) {
		return fmt.Errorf("the file is damaged; keep it aside, and put the one of the last 'counterpoint backup' in its place: %w", err)
	}
	return err
}

// full reports whether a result code means that there is no room. SQLite says SQLITE_FULL for ENOSPC alone;
// quotas and file size limits come out as failed writes, and those need a look at the disk.
func full(dir string, code int) bool {
	switch code {
	case sqlite3.SQLITE_FULL:
		return true
	case sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE,
		sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP, sqlite3.SQLITE_IOERR_SHMOPEN:
		return noRoom(dir)
	}
	return false
}
