// Package indextest is the contract of index.Store as a test suite: every backend runs the same.
package indextest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"counterpoint"
	"counterpoint/index"
)

// Open opens the store of that name, made anew where there is none. The name is a path in a folder of the
// test's own, so it is unique; a backend without files may take it as a prefix.
type Open func(t testing.TB, name string) index.Store

// Run runs the contract.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"documents", documents},
		{"update is whole", updateIsWhole},
		{"reopen", reopen},
		{"filters", filters},
		{"order", order},
		{"paging", paging},
		{"cursors", cursors},
		{"search", search},
		{"search filters", searchFilters},
		{"list by words", listByWords},
		{"counts", counts},
		{"coverage", coverage},
		{"item segments", itemSegments},
		{"closed", closed},
		{"item then assessment", itemThenAssessment},
		{"revision", revision},
		{"same words elsewhere", sameWordsElsewhere},
		{"near-copies", nearCopies},
		{"copies out of order", copiesOutOfOrder},
		{"copies apart", copiesApart},
		{"copies people touched", copiesTouched},
		{"copies erased", copiesErased},
		{"passage across parts", passageAcrossParts},
		{"decision is untouched", decisionIsUntouched},
		{"refused and repeated events", refusedAndRepeated},
		{"by hand", byHand},
		{"alerts", alerts},
		{"collectors", collectors},
		{"positions", positions},
		{"stale", stale},
		{"rebuild", rebuild},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open) })
	}
}

// fresh opens an empty store that closes with the test.
func fresh(t testing.TB, open Open) index.Store {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "index"))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

var day = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

func at(minutes int) *time.Time {
	t := day.Add(time.Duration(minutes) * time.Minute)
	return &t
}

// update runs fn as a batch without positions and fails the test on an error.
func update(t testing.TB, s index.Store, fn func(index.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), nil, fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func put(t testing.TB, s index.Store, docs ...any) {
	t.Helper()
	update(t, s, func(tx index.Tx) error {
		var errs []error
		for _, d := range docs {
			kind, id := nameOf(d)
			errs = append(errs, tx.Put(kind, id, d))
		}
		return errors.Join(errs...)
	})
}

func nameOf(doc any) (counterpoint.Kind, string) {
	switch d := doc.(type) {
	case counterpoint.ItemView:
		return counterpoint.KindItem, d.ID
	case counterpoint.SegmentView:
		return counterpoint.KindSegment, d.ID
	case counterpoint.Flag:
		return counterpoint.KindFlag, d.ID
	case counterpoint.Narrative:
		return counterpoint.KindNarrative, d.ID
	case counterpoint.Message:
		return counterpoint.KindMessage, d.ID
	case counterpoint.Airing:
		return counterpoint.KindAiring, d.ID
	case counterpoint.Source:
		return counterpoint.KindSource, d.ID
	case counterpoint.Alert:
		return counterpoint.KindAlert, d.ID
	}
	panic(fmt.Sprintf("indextest: no name for %T", doc))
}

// segment is a segment of an item that has a start and words.
func segment(item string, seq int, text string, with ...func(*counterpoint.SegmentView)) counterpoint.SegmentView {
	v := counterpoint.SegmentView{
		ID: counterpoint.SegmentID(item, seq), Item: item, Source: "radio-a", Seq: seq, Text: text, Heard: at(seq), Seen: day,
		Quality: counterpoint.Good, Lang: "eng", Labels: []counterpoint.Label{}, Version: 1,
	}
	for _, f := range with {
		f(&v)
	}
	return v
}

func ids[T counterpoint.Viewed](t testing.TB, s index.Store, q counterpoint.Query) []string {
	t.Helper()
	p, err := counterpoint.List[T](t.Context(), s, q)
	if err != nil {
		t.Fatalf("list %+v: %v", q, err)
	}
	out := []string{}
	for _, d := range p.Data {
		_, id := nameOf(any(d))
		out = append(out, id)
	}
	return out
}

func diff(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func documents(t *testing.T, open Open) {
	s := fresh(t, open)
	ctx := t.Context()
	var v counterpoint.SegmentView
	if err := s.Get(ctx, counterpoint.KindSegment, "i1.0", &v); !errors.Is(err, counterpoint.ErrNotFound) {
		t.Errorf("Get of nothing = %v, want ErrNotFound", err)
	}
	want := segment("i1", 0, "the well is open")
	put(t, s, want)
	if err := s.Get(ctx, counterpoint.KindSegment, "i1.0", &v); err != nil {
		t.Fatal(err)
	}
	diff(t, "document", want, v)
	want.Text, want.Level = "the well is closed", 2
	update(t, s, func(tx index.Tx) error {
		if err := tx.Put(counterpoint.KindSegment, want.ID, want); err != nil {
			return err
		}
		var now counterpoint.SegmentView
		err := tx.Get(counterpoint.KindSegment, want.ID, &now)
		diff(t, "document in its batch", want, now)
		return err
	})
	diff(t, "found by old words", []string{}, ids[counterpoint.SegmentView](t, s, counterpoint.Query{Text: "open"}))
	diff(t, "found by new words", []string{"i1.0"}, ids[counterpoint.SegmentView](t, s, counterpoint.Query{Text: "closed", Level: []int{2}}))
	update(t, s, func(tx index.Tx) error { return tx.Delete(counterpoint.KindSegment, want.ID) })
	if err := s.Get(ctx, counterpoint.KindSegment, want.ID, &v); !errors.Is(err, counterpoint.ErrNotFound) {
		t.Errorf("Get after Delete = %v, want ErrNotFound", err)
	}
	diff(t, "found after Delete", []string{}, ids[counterpoint.SegmentView](t, s, counterpoint.Query{Text: "closed"}))
	update(t, s, func(tx index.Tx) error { return tx.Delete(counterpoint.KindSegment, "never-was") })
}

func updateIsWhole(t *testing.T, open Open) {
	s := fresh(t, open)
	ctx := t.Context()
	boom := errors.New("boom")
	err := s.Update(ctx, index.Next{"items": {0: 7}}, func(tx index.Tx) error {
		if err := tx.Put(counterpoint.KindSegment, "i1.0", segment("i1", 0, "half")); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("Update = %v, want the error of its function", err)
	}
	pos, err := s.Positions(ctx, "items")
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "positions after a failed batch", map[int]int64{}, pos)
	diff(t, "documents after a failed batch", []string{}, ids[counterpoint.SegmentView](t, s, counterpoint.Query{}))
	for _, next := range []map[int]int64{{0: 7, 2: 1}, {2: 5}, nil} {
		if err := s.Update(ctx, index.Next{"items": next}, func(index.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if pos, err = s.Positions(ctx, "items"); err != nil {
		t.Fatal(err)
	}
	diff(t, "positions", map[int]int64{0: 7, 2: 5}, pos)
	if pos, err = s.Positions(ctx, "decisions"); err != nil {
		t.Fatal(err)
	}
	diff(t, "positions of another topic", map[int]int64{}, pos)
}

func reopen(t *testing.T, open Open) {
	name := filepath.Join(t.TempDir(), "index")
	s := open(t, name)
	put(t, s, segment("i1", 0, "stays"))
	if err := s.Update(t.Context(), index.Next{"items": {1: 3}}, func(index.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, name)
	defer s.Close()
	diff(t, "documents", []string{"i1.0"}, ids[counterpoint.SegmentView](t, s, counterpoint.Query{Text: "stays"}))
	pos, err := s.Positions(t.Context(), "items")
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "positions", map[int]int64{1: 3}, pos)
}

func closed(t *testing.T, open Open) {
	s := open(t, filepath.Join(t.TempDir(), "index"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var v counterpoint.SegmentView
	if err := s.Get(context.Background(), counterpoint.KindSegment, "i1.0", &v); !errors.Is(err, counterpoint.ErrClosed) {
		t.Errorf("Get after Close = %v, want ErrClosed", err)
	}
}

func itemSegments(t *testing.T, open Open) {
	s := fresh(t, open)
	put(t, s, counterpoint.ItemView{ID: "i1", Source: "radio-a", Title: "Morning", Seen: day})
	var want []string
	var batch []any
	for seq := range index.ListedSegments + 12 {
		batch = append(batch, segment("i1", seq, fmt.Sprint("line ", seq)), segment("i2", seq, "other"))
		want = append(want, counterpoint.SegmentID("i1", seq))
	}
	put(t, s, batch...)
	v, err := counterpoint.Load[counterpoint.ItemView](t.Context(), s, "i1")
	if err != nil {
		t.Fatal(err)
	}
	names := func(v counterpoint.ItemView) []string {
		var out []string
		for _, g := range v.Segments {
			out = append(out, g.ID)
		}
		return out
	}
	diff(t, "segments of the item, in order", want, names(v))
	p, err := counterpoint.List[counterpoint.ItemView](t.Context(), s, counterpoint.Query{})
	if err != nil || len(p.Data) != 1 {
		t.Fatalf("list items: %d, %v", len(p.Data), err)
	}
	diff(t, "segments of the item in a list", want[:index.ListedSegments], names(p.Data[0]))
}
