package indextest

import (
	"fmt"
	"testing"
	"time"

	"counterpoint"
)

// coverage reads the verdict off the counts of a store: a small language is dropped for the last week.
func coverage(t *testing.T, open Open) {
	s := fresh(t, open)
	first := day.AddDate(0, 0, -35)
	var docs []any
	for d := range 35 {
		at := first.AddDate(0, 0, d)
		heard := func(v *counterpoint.SegmentView) { v.Heard = &at }
		item := fmt.Sprintf("d%d", d)
		for i := range 12 {
			docs = append(docs, segment(item, i, "x", heard), segment(item, 20+i, "x", heard, from("radio-b"), lang("fra")))
		}
		for i := range 6 {
			if d < 28 {
				docs = append(docs, segment(item, 40+i, "x", heard, from("radio-b"), lang("lin")))
			}
		}
		it := counterpoint.ItemView{ID: item, Source: "radio-a", Lang: "eng", Seen: day, Recorded: &at}
		if d == 34 {
			it.Errors = []string{"hate: broken"}
		}
		docs = append(docs, it)
	}
	put(t, s, append(docs, counterpoint.Source{ID: "radio-a", Name: "A", Expected: 12, CreatedAt: first})...)
	now := day.AddDate(0, 0, 1).Truncate(24 * time.Hour)
	f := func(q counterpoint.Query, days int, want counterpoint.Verdict, reason string, alive, segments, expected int) {
		t.Helper()
		q.From = now.AddDate(0, 0, -days)
		c, err := counterpoint.Cover(t.Context(), s, q, now)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(c.Reasons) > 0 {
			got = c.Reasons[0].What + " " + c.Reasons[0].Name
		}
		if c.Verdict != want || got != reason || c.Alive != alive || c.Segments != segments || c.Expected != expected {
			t.Errorf("%+v: %+v, want %s for %q", q, c, want, reason)
		}
	}
	now = day.AddDate(0, 0, -7).Truncate(24 * time.Hour)
	f(counterpoint.Query{}, 1, counterpoint.CoverGood, "", 2, 30, 30)
	now = now.AddDate(0, 0, 1)
	f(counterpoint.Query{}, 1, counterpoint.DoNotCompare, "lang lin", 2, 24, 30)
	f(counterpoint.Query{Lang: []string{"fra"}}, 1, counterpoint.CoverGood, "", 1, 12, 12)
	f(counterpoint.Query{Source: []string{"radio-a"}}, 1, counterpoint.CoverGood, "", 1, 12, 12)
	now = now.AddDate(0, 0, 6)
	f(counterpoint.Query{}, 7, counterpoint.DoNotCompare, "lang lin", 2, 7*24, 7*30)
	f(counterpoint.Query{Lang: []string{"eng"}}, 1, counterpoint.CoverDegraded, "failed ", 1, 12, 12)
	f(counterpoint.Query{Source: []string{"radio-c"}}, 7, counterpoint.CoverDegraded, "history ", 0, 0, 0)
}
