package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"counterpoint"
)

// Backup writes a checked copy of the log to a file that must not be there yet. It works while the log is
// written, also by another process, and holds what was there when it began. Deleted secrets are not in it.
func (l *Log) Backup(ctx context.Context, to string) error {
	if err := l.open(); err != nil {
		return err
	}
	if _, err := os.Stat(to); err == nil {
		return fmt.Errorf("back up to %s: the file is there already: %w", to, counterpoint.ErrConflict)
	}
	part := to + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("back up to %s: %w", to, err)
	}
	err := l.copyTo(ctx, part)
	if err == nil {
		err = os.Rename(part, to)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(to))
	}
	if err != nil {
		return errors.Join(explain(filepath.Dir(to), fmt.Errorf("back up %s to %s: %w", File, to, err)), remove(part))
	}
	return nil
}

func (l *Log) copyTo(ctx context.Context, path string) error {
	if err := private(path); err != nil { // VACUUM INTO takes an empty file
		return err
	}
	db, err := sql.Open("sqlite", dsn(filepath.Join(l.dir, File), true, patience))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return err
	}
	if err := syncFile(path); err != nil {
		return err
	}
	return CheckFile(ctx, path)
}

// IntegrityCheck reads the whole file and says what is broken in it.
func (l *Log) IntegrityCheck(ctx context.Context) error {
	if err := integrity(ctx, l.readers); err != nil {
		return fmt.Errorf("check %s: %w", filepath.Join(l.dir, File), l.closedOr(err))
	}
	return nil
}

// CheckFile is IntegrityCheck for a copy.
func CheckFile(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dsn(path, true, patience))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := integrity(ctx, db); err != nil {
		return fmt.Errorf("check %s: %w", path, err)
	}
	return nil
}

func integrity(ctx context.Context, db *sql.DB) error {
	if _, err := checkSchema(ctx, db); err != nil {
		return err
	}
	var answer string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&answer); err != nil {
		return err
	}
	if answer != "ok" {
		return errors.New("the file is damaged, restore a backup: " + answer)
	}
	return nil
}

// syncFolder makes a folder's list of files durable. Windows does that by itself and cannot be asked.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return syncFile(path)
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
