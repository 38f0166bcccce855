package ingest

import (
	"path/filepath"
	"testing"
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
