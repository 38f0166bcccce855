package embedded

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// Exec changes the file of a closed log behind its back.
func Exec(t testing.TB, dir, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, File), false, patience))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// HoldSnapshot keeps a read transaction open until release is called.
func HoldSnapshot(t testing.TB, dir string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, File), true, patience))
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow(`SELECT count(*) FROM records`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = tx.Rollback()
		_ = db.Close()
	}
}

// Cold opens a log that reads the file only.
var Cold = Options{cold: true}

// Held is how many bytes of records are in memory.
func (l *Log) Held() (n int) {
	l.recent.mu.Lock()
	defer l.recent.mu.Unlock()
	for _, p := range l.recent.parts {
		for _, r := range p.records {
			n += r.Size()
		}
	}
	return n
}
