package elastic

import (
	"fmt"
	"testing"

	"counterpoint"
	"counterpoint/index"
)

// TestManyExpansions: a prefix stands for all its words, alone and at the end of a phrase, where Elasticsearch would
// stop at 50.
func TestManyExpansions(t *testing.T) {
	const many = 3000
	s := testStore(t, testURL(t), Options{Refresh: true, Log: quiet})
	err := s.Update(t.Context(), nil, func(tx index.Tx) error {
		for i := range many {
			g := counterpoint.SegmentView{ID: counterpoint.SegmentID("i", i), Item: "i", Seq: i, Text: fmt.Sprintf("heard pre%04d", i), Seen: heardAt}
			if err := tx.Put(counterpoint.KindSegment, g.ID, g); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f := func(text string, want int) {
		t.Helper()
		g, err := s.Count(t.Context(), counterpoint.KindSegment, counterpoint.Query{Text: text}, "")
		if err != nil || g[0].Count != want {
			t.Errorf("count %s = %v, %v; want %d", text, g, err, want)
		}
	}
	f("p*", many)
	f(`"heard p*"`, many)
	f(`"heard pre1*"`, 1000)
	f(`"pre1* heard"`, 0)
}
