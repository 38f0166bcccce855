package api_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
)

// noon is far from the end of a day, whenever the test runs.
var noon = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)

func newHouseAt(t *testing.T, now time.Time) *house {
	t.Helper()
	h := newHouse(t)
	h.desk = h.book.Desk(api.DeskOptions{Now: func() time.Time { return now }})
	a, err := api.New(api.Options{Desk: h.desk, AdminToken: adminToken})
	if err != nil {
		t.Fatal(err)
	}
	h.handler = a.Handler()
	return h
}

// TestVerdictOnCounts: a week without one language turns the verdict on counts and searches, and a day of that week
// the verdict on the day.
func TestVerdictOnCounts(t *testing.T) {
	h := newHouseAt(t, noon)
	today := noon.Truncate(24 * time.Hour)
	h.book.AddSource(counterpoint.Source{ID: "radio-mayi"})
	for d := range 40 {
		at := today.AddDate(0, 0, d-40).Add(7 * time.Hour)
		it := counterpoint.ItemView{Title: fmt.Sprint("day ", d), Source: "radio-mayi", Recorded: &at, Seen: at}
		for i := range 30 {
			lang := []string{"fra", "lin"}[i%2]
			if d < 33 || lang == "fra" {
				it.Segments = append(it.Segments, counterpoint.SegmentView{Text: "word", Lang: lang, Heard: &at, Seen: at, Assessed: true})
			}
		}
		h.book.AddItem(it)
	}
	f := func(path, want string) {
		t.Helper()
		c, _ := h.want(200, "analyst", "GET", "/api/v1/"+path, nil).body["coverage"].(object)
		if c["verdict"] != want {
			t.Errorf("GET %s: coverage %v, want %s", path, c, want)
		}
	}
	on := func(days int) string {
		day := today.AddDate(0, 0, days)
		return fmt.Sprintf("from=%s&to=%s", day.Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly))
	}
	f("counts?kind=segment&"+on(-8), "good")
	f("counts?kind=segment&"+on(-7), "do-not-compare")
	f("counts?kind=flag&by=label&"+on(-7), "do-not-compare")
	f("counts?kind=item&lang=fra&"+on(-7), "good")
	f("counts?kind=segment", "do-not-compare")
	f("segments?q=word", "do-not-compare")
	if c := h.want(200, "analyst", "GET", "/api/v1/counts?kind=message", nil).body["coverage"]; c != nil {
		t.Errorf("coverage of messages is %v, want null", c)
	}
	first := h.want(200, "analyst", "GET", "/api/v1/segments?limit=1", nil)
	if c := h.want(200, "analyst", "GET", "/api/v1/segments?limit=1&cursor="+first.body["next"].(string), nil).body["coverage"]; c != nil {
		t.Errorf("coverage of the second page is %v, want null", c)
	}
}

func TestSourceHealth(t *testing.T) {
	h := newHouse(t)
	failed := time.Now().UTC().Add(-time.Hour)
	h.desk = h.book.Desk(api.DeskOptions{Collecting: func(context.Context) (map[string]counterpoint.Collecting, error) {
		return map[string]counterpoint.Collecting{"radio-b": {Failed: &failed, Reason: "answers 503", Failures: 4}}, nil
	}})
	a, err := api.New(api.Options{Desk: h.desk, AdminToken: adminToken})
	if err != nil {
		t.Fatal(err)
	}
	h.handler = a.Handler()
	h.book.AddSource(counterpoint.Source{ID: "radio-b", Expected: 90})
	h.book.AddSource(counterpoint.Source{ID: "radio-a"})
	at := time.Now().Add(-time.Hour)
	h.book.AddItem(counterpoint.ItemView{Source: "radio-a", Recorded: &at, Seen: at, Segments: []counterpoint.SegmentView{{Text: "one", Heard: &at, Seen: at}}})
	rows := h.want(200, "viewer", "GET", "/api/v1/source-health", nil).data()
	if len(rows) != 2 {
		t.Fatalf("%d sources, want 2", len(rows))
	}
	x, y := rows[0].(object), rows[1].(object)
	if x["source"] != "radio-a" || x["state"] != "well" || x["seen_a_day"] != 1.0 || x["collecting"] != nil {
		t.Errorf("radio-a: %v", x)
	}
	if c, _ := y["collecting"].(object); y["state"] != "never" || y["expected_a_day"] != 90.0 || c["reason"] != "answers 503" || c["failures"] != 4.0 {
		t.Errorf("radio-b: %v", y)
	}
}

// TestVerdictIsFresh: what comes in for today counts at once, what comes in for days long over within ten minutes.
func TestVerdictIsFresh(t *testing.T) {
	h := newHouse(t)
	now := time.Date(2026, time.March, 10, 12, 0, 0, 0, time.UTC)
	desk := h.book.Desk(api.DeskOptions{Now: func() time.Time { return now }})
	hear := func(ago int) {
		at := now.AddDate(0, 0, -ago).Add(-time.Hour)
		h.book.AddItem(counterpoint.ItemView{Title: fmt.Sprint(ago, len(h.book.Events()), now), Source: "radio-a", Recorded: &at, Seen: at, Segments: []counterpoint.SegmentView{{Text: "one", Heard: &at, Seen: at}}})
	}
	f := func(what string, ago, want int) {
		t.Helper()
		day := now.Truncate(24*time.Hour).AddDate(0, 0, -ago)
		c, err := desk.Cover(t.Context(), counterpoint.Query{From: day, To: day.AddDate(0, 0, 1)})
		if err != nil || c.Segments != want {
			t.Errorf("%s: %d segments, %v; want %d", what, c.Segments, err, want)
		}
	}
	f("nothing yet", 0, 0)
	f("nothing ten days ago", 10, 0)
	hear(0)
	hear(1)
	f("today", 0, 1)
	f("yesterday", 1, 1)
	hear(10)
	f("what was kept", 10, 0)
	now = now.Add(11 * time.Minute)
	f("after a while", 10, 1)
	if c, err := desk.Cover(t.Context(), counterpoint.Query{}); err != nil || c.Segments != 2 {
		t.Errorf("four weeks: %d segments, %v; want those of the days that are over", c.Segments, err)
	}
	if c, err := desk.Cover(t.Context(), counterpoint.Query{Source: []string{"radio-b"}}); err != nil || c.Segments != 0 {
		t.Errorf("another source: %d segments, %v", c.Segments, err)
	}
}
