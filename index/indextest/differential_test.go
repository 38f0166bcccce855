package indextest_test

import (
	"path/filepath"
	"testing"

	"counterpoint/index/embedded"
	"counterpoint/index/indextest"
)

// TestDifferential compares the embedded index with the oracle, and finds what is planted. Package elastic runs
// the same with the other engine, at full size.
func TestDifferential(t *testing.T) {
	w := indextest.NewWorld(indextest.Lines(t, 6000))
	questions := w.Questions(1, 400)
	s, err := embedded.Open(filepath.Join(t.TempDir(), "index.db"), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	indextest.Differential(t, w, questions, indextest.Least{Hit: 70, Over100: 10, Scripts: 4}, []string{"embedded"}, s)
	if !t.Failed() {
		indextest.Planted(t, w, questions, s, []string{"oracle"}, w.Oracle())
	}
}
