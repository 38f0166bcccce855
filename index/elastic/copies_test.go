package elastic

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/index"
)

// repeated are assessments of items that say one text with one word in another place of each; all but the earliest are
// near-copies of it.
func repeated(n int) []counterpoint.Entry[counterpoint.Assessment] {
	words := strings.Fields("they came by night and took the cattle and burned the stores by the river and then they went on to the hills")
	var out []counterpoint.Entry[counterpoint.Assessment]
	for i := range n {
		id, at := fmt.Sprint("copy-", i), time.Date(2026, 3, 1, 6, i, 0, 0, time.UTC)
		text := append([]string{}, words...)
		text[len(text)-1] = fmt.Sprint("hills", i)
		s := counterpoint.Sighting{
			Item: id, Source: "radio", Owner: fmt.Sprint("owner-", i%5), Revision: "r", Heard: &at, Seen: at, Text: strings.Join(text, " "), Lang: "eng",
			Level: 3, Stance: counterpoint.Assert, Quality: counterpoint.Good, Scores: map[counterpoint.Label]float64{}, Findings: []counterpoint.Finding{},
		}
		a := counterpoint.Assessment{Item: id, Source: "radio", Revision: "r", Part: 1, Parts: 1, At: at, Sightings: []counterpoint.Sighting{s}}
		out = append(out, counterpoint.Entry[counterpoint.Assessment]{Position: counterpoint.Position{Partition: i, Offset: 0}, Time: at, Value: a})
	}
	return out
}

// oneFamily checks that all flags are near-copies of the earliest.
func oneFamily(t *testing.T, s *Store, n int) {
	t.Helper()
	flags, err := counterpoint.All[counterpoint.Flag](t.Context(), s, counterpoint.Query{})
	if err != nil {
		t.Fatal(err)
	}
	head := repeated(1)[0].Value.Sightings[0].FlagID()
	if len(flags) != n {
		t.Errorf("%d flags, want %d", len(flags), n)
	}
	for _, f := range flags {
		switch {
		case f.ID == head && (f.State != counterpoint.Open || len(f.Copies) != n-1 || f.Owners() != min(n, 5)):
			t.Errorf("the first is %s with %d copies by %d owners, want open, %d and %d", f.State, len(f.Copies), f.Owners(), n-1, min(n, 5))
		case f.ID != head && (f.State != counterpoint.NearCopy || f.CopyOf != head):
			t.Errorf("%s is %s of %q", f.ID, f.State, f.CopyOf)
		}
	}
}

// TestCopiesOfManyWriters: indexers that put near-copies at once, each without having seen the others', end with one
// family.
func TestCopiesOfManyWriters(t *testing.T) {
	t.Parallel()
	url := testURL(t)
	first := testStore(t, url, Options{Log: quiet, Refresh: true})
	const writers, n = 4, 24
	var work sync.WaitGroup
	all := repeated(n)
	for w := range writers {
		s := first
		if w > 0 {
			var err error
			if s, err = Open(t.Context(), url, Options{Log: quiet, Refresh: true}); err != nil {
				t.Fatal(err)
			}
			defer s.Close()
		}
		work.Go(func() {
			p := index.NewProjector(s, index.ProjectorOptions{Log: quiet})
			for i := n - 1 - w; i >= 0; i -= writers { // the latest first, so that the head changes all the time
				for {
					err := p.PutAssessments(t.Context(), all[i:i+1])
					if err == nil {
						break
					}
					if t.Context().Err() != nil || !away(err) {
						t.Errorf("writer %d: %v", w, err)
						return
					}
				}
			}
		})
	}
	work.Wait()
	oneFamily(t, first, n)
}

// TestCopiesInAnOlderIndex: an index that an older program made has no place for the buckets. It works on, and the one
// built beside it has the near-copies.
func TestCopiesInAnOlderIndex(t *testing.T) {
	t.Parallel()
	url := testURL(t)
	testStore(t, url, Options{Log: quiet, faults: faults{mapping: 1}})
	s, err := Open(t.Context(), url, Options{Log: quiet, Refresh: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !s.Outdated() {
		t.Fatal("an index of mapping 1 is not outdated")
	}
	all := repeated(3)
	if err := index.NewProjector(s, index.ProjectorOptions{Log: quiet}).PutAssessments(t.Context(), all); err != nil {
		t.Fatalf("an older index: %v", err)
	}
	if n, err := counterpoint.All[counterpoint.Flag](t.Context(), s, counterpoint.Query{}); err != nil || len(n) != 3 {
		t.Errorf("%d flags in an older index, %v", len(n), err)
	}
	next, err := s.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if err := index.NewProjector(next, index.ProjectorOptions{Log: quiet}).PutAssessments(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if err := next.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	oneFamily(t, next, 3)
	again, err := Open(t.Context(), url, Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Outdated() || again.Generation() != next.Generation() {
		t.Errorf("opened again: outdated %v, generation %s, want %s", again.Outdated(), again.Generation(), next.Generation())
	}
}

func away(err error) bool { return strings.Contains(err.Error(), "others kept writing") }
