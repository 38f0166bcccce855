package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/web"
)

// The queue says what the day has room for and draws a line below it, which no call for harm falls under. Decisions
// of the day before do not count.
func TestCapacityOfTheDay(t *testing.T) {
	p := newPlaceWith(t, web.Options{Capacity: 6})
	var few []counterpoint.Flag
	for i := range 8 {
		it := p.book.AddItem(counterpoint.ItemView{Title: fmt.Sprint("Call ", i), Source: "addis-fm", Lang: "eng", Segments: []counterpoint.SegmentView{{Text: fmt.Sprint("quite rude words ", i), Lang: "eng", Assessed: true}}})
		few = append(few, p.passage(it, 0, 0, 1, 1, "eng", p.now))
	}
	it := p.book.AddItem(counterpoint.ItemView{Title: "Unclear call", Source: "addis-fm", Lang: "eng", Segments: []counterpoint.SegmentView{{Text: "zzz drive them out", Quality: counterpoint.Unusable, Assessed: true}}})
	p.passage(it, 0, 0, 3, 2, "eng", p.now) // of no priority at all, being unheard
	nadia := p.by("Nadia Okello")
	late := p.now
	p.now = p.now.Add(-24 * time.Hour)
	p.must(p.desk.RejectFlag(t.Context(), api.Call{By: nadia, Version: few[0].Version}, few[0].ID, "no group is meant"))
	p.now = late
	w := p.signIn("Nadia Okello")

	const below = "Below this line"
	queue := w.get("/").is(200)
	queue.says("Today's capacity is 6:", "0 done", "6 to go.")
	at := strings.Index(queue.body, below)
	if at < 0 || strings.Count(queue.body, below) != 1 {
		t.Fatal("no line, or more than one")
	}
	if n := strings.Count(queue.body[:at], `class="open"`); n != 6 {
		t.Errorf("%d flags stand above the line, want the 6 there is room for", n)
	}

	for _, f := range few[1:4] {
		p.must(p.desk.RejectFlag(t.Context(), api.Call{By: nadia, Version: f.Version}, f.ID, "no group is meant"))
	}
	w.get("/").is(200).says("3 done", "3 to go.")
	for _, f := range few[4:8] {
		p.must(p.desk.RejectFlag(t.Context(), api.Call{By: nadia, Version: f.Version}, f.ID, "no group is meant"))
	}
	queue = w.get("/").is(200)
	queue.says("7 done", "0 to go.")
	day, err := p.desk.Workday(t.Context(), 6, p.now.Add(-12*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, level := range []int{1, 2, 3} {
		f := counterpoint.Flag{State: counterpoint.Open, Level: level}
		if day.Waits(&f) != (level < 3) {
			t.Errorf("with the day's capacity used up level %d waits: %v", level, day.Waits(&f))
		}
	}
	if strings.Contains(newPlace(t).signIn("Nadia Okello").get("/").is(200).body, "capacity") {
		t.Error("a place that states no capacity is told about one")
	}
}
