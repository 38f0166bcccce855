package ingest

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSeenBackup holds that the copy knows what the register knows.
func TestSeenBackup(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenSeen(filepath.Join(dir, "ingest.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.mark(t.Context(), []mark{{item: "item_1", revision: "r1", scope: "a", digest: "d"}}); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "copy.db")
	if err := s.Backup(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), to); err == nil {
		t.Error("a copy was written over another")
	}
	c, err := OpenSeen(to)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got, err := c.standings(t.Context(), []mark{{item: "item_1", revision: "r1", scope: "b", digest: "e"}})
	if err != nil || got[0] != repeated {
		t.Errorf("the copy says %v, %v; want repeated", got, err)
	}
}

// TestSeenBytes holds that bytes which were there once are not news again, whatever came after them, also in a
// register that an earlier version made.
func TestSeenBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ingest.db")
	old, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`CREATE TABLE seen (item TEXT PRIMARY KEY, revision TEXT NOT NULL) WITHOUT ROWID`,
		`CREATE TABLE bytes (scope TEXT NOT NULL, digest TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (scope, digest)) WITHOUT ROWID`,
		`INSERT INTO seen VALUES ('old', 'r2')`, `INSERT INTO bytes VALUES ('old', 'd1', 'old'), ('old', 'd2', 'old')`,
	} {
		if _, err := old.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSeen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, m := range []mark{
		{item: "line", revision: "r1", scope: "line", digest: "d1"},
		{item: "line", revision: "r2", scope: "line", digest: "d2", again: true},
		{item: "file", revision: "r1", scope: "folder", digest: "d1"},
	} {
		if err := s.mark(t.Context(), []mark{m}); err != nil {
			t.Fatal(err)
		}
	}
	asked := []mark{
		{item: "line", revision: "r1", scope: "line", digest: "d1"},
		{item: "line", revision: "r3", scope: "line", digest: "d2"},
		{item: "line", revision: "r2", scope: "line", digest: "d3"},
		{item: "line", revision: "r1", scope: "line", digest: "d3"},
		{item: "other", revision: "r1", scope: "other", digest: "d1"},
		{item: "moved", revision: "r9", scope: "folder", digest: "d1"},
		{item: "moved", revision: "r9", scope: "folder", digest: "d2"},
		{item: "old", revision: "r1", scope: "old", digest: "d1"},
		{item: "old", revision: "r1", scope: "old", digest: "d3"},
	}
	got, err := s.standings(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	want := []standing{repeated, repeated, repeated, revised, fresh, repeated, fresh, repeated, revised}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
