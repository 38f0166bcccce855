package elastic

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/index"
)

// TestSettledBeforeShown: whoever sees what an event did can learn what became of it, though a batch was cut off
// before its outcome was shown.
func TestSettledBeforeShown(t *testing.T) {
	url := testURL(t)
	var cut *cutter
	s := testStore(t, url, Options{Log: quiet, faults: faults{wait: noWait, transport: func(next http.RoundTripper) http.RoundTripper {
		cut = &cutter{next: next, after: true}
		cut.left.Store(1 << 40)
		return cut
	}}})
	p := index.NewProjector(s, index.ProjectorOptions{Log: quiet})
	it := broadcast("i1", "hello", "banish the Velari", "rain")
	if err := errors.Join(p.PutItems(t.Context(), entries(it)), p.PutAssessments(t.Context(), entries(judge(it)))); err != nil {
		t.Fatal(err)
	}
	id := counterpoint.NewSighting(it, it.Segments[1:2]).FlagID()
	between := 0
	for n := range int64(30) {
		f, err := counterpoint.Load[counterpoint.Flag](t.Context(), s, id)
		if err != nil {
			t.Fatal(err)
		}
		e, err := f.AddNote(someone, heardAt.Add(time.Duration(n)*time.Minute), fmt.Sprint("note ", n), "")
		if err != nil {
			t.Fatal(err)
		}
		batch := []counterpoint.Entry[counterpoint.Event]{{Position: counterpoint.Position{Offset: n}, Value: e}}
		cut.left.Store(n)
		failed := p.PutDecisions(t.Context(), batch)
		cut.left.Store(1 << 40)
		s.breaker.worked()
		now, err := counterpoint.Load[counterpoint.Flag](t.Context(), s, id)
		if err != nil {
			t.Fatal(err)
		}
		_, shown := counterpoint.Load[counterpoint.Outcome](t.Context(), s, e.ID)
		out, settled := s.Settled(t.Context(), e.ID)
		if done := now.Version > f.Version; done && shown != nil {
			between++
			if settled != nil || !out.Applied || out.Version != now.Version {
				t.Errorf("cut off after %d requests: the note is there, its outcome is %+v, %v", n, out, settled)
			}
		}
		if failed == nil {
			break
		}
		if err := p.PutDecisions(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if between == 0 {
		t.Error("no cut fell between the note and its outcome")
	}
}
