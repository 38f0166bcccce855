package main

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

// tamper edits the words of a decision in the file.
func tamper(t *testing.T, dir string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, embedded.File))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := db.Exec(`UPDATE records SET value = CAST(replace(CAST(value AS TEXT), 'A story', 'B story') AS BLOB) WHERE topic = ?`, stream.Decisions)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("nothing was edited: %d, %v", n, err)
	}
}

// edit runs a statement on a file of SQLite behind everybody's back.
func edit(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}
