package embedded

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/index"
)

// TestDiskFull: a batch that finds no room is refused whole, and the store goes on once there is room.
func TestDiskFull(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "index.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	room := func(pages string) {
		t.Helper()
		if _, err := s.write.ExecContext(t.Context(), "PRAGMA max_page_count = "+pages); err != nil {
			t.Fatal(err)
		}
	}
	put := func() error {
		return s.Update(t.Context(), index.Next{"items": {0: 1}}, func(tx index.Tx) error {
			return tx.Put(counterpoint.KindSegment, "i1.0", counterpoint.SegmentView{ID: "i1.0", Text: strings.Repeat("word ", 100_000)})
		})
	}
	room("40")
	if err := put(); !errors.Is(err, counterpoint.ErrDiskFull) {
		t.Fatalf("Update without room = %v, want ErrDiskFull", err)
	}
	if next, err := s.Positions(t.Context(), "items"); err != nil || len(next) != 0 {
		t.Errorf("positions after a full disk: %v, %v; want none", next, err)
	}
	room("100000")
	if err := put(); err != nil {
		t.Errorf("Update with room again = %v", err)
	}
}
