package apitest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
)

func TestBook(t *testing.T) {
	b := apitest.NewBook(t)
	desk := b.Desk(api.DeskOptions{Wait: 5 * time.Millisecond})
	it := b.AddItem(counterpoint.ItemView{Title: "morning", Segments: []counterpoint.SegmentView{{Text: "one"}, {Text: "the Velari must go"}}})
	s, err := it.Passage(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	f := b.AddFlag(s)
	call := api.Call{By: b.AddAccount("Rita", counterpoint.Reviewer), Version: f.Version}

	b.Hold()
	a, err := desk.RejectFlag(t.Context(), call, f.ID, "quoted to warn")
	if err != nil || !a.Pending {
		t.Fatalf("reject while held = %+v, %v, want pending", a, err)
	}
	b.Release()
	if a, err = desk.Finished(t.Context(), a.Event); err != nil || a.State != "rejected" || a.Version != 2 {
		t.Errorf("finished = %+v, %v, want rejected at version 2", a, err)
	}
	for _, e := range b.Events() {
		if strings.Contains(string(e.Data), "quoted to warn") {
			t.Errorf("the log has the words of %s", e.ID)
		}
	}
	if _, err := desk.RejectFlag(t.Context(), call, f.ID, "again"); !errors.Is(err, counterpoint.ErrConflict) {
		t.Errorf("second reject = %v, want a conflict", err)
	}
	hits, err := b.Search(t.Context(), counterpoint.Query{Text: "velari"})
	if err != nil || len(hits.Data) != 1 || len(hits.Data[0].Highlights) != 1 {
		t.Errorf("search = %+v, %v, want one hit with one highlight", hits, err)
	}
}
