package web

import (
	"time"

	"counterpoint"
)

// chart is the confirmed flags a day, with the days on which an answer went out. It is drawn as SVG by the
// template: it prints, needs no script, and has its numbers in words.
type chart struct {
	Bars   []bar
	Width  int
	Height int
	Most   int
	From   time.Time
	To     time.Time
}

type bar struct {
	X, Y, W, H int
	Count      int
	Answered   int
	Day        time.Time
}

const (
	chartDays   = 28
	chartHeight = 72
	chartStep   = 14
)

// newChart is the chart of the last four weeks up to the last thing that happened; nil when it would have one bar or none.
func newChart(flags []counterpoint.Flag, airings []counterpoint.Airing, zone *time.Location) *chart {
	confirmed, answered := map[time.Time]int{}, map[time.Time]int{}
	var last time.Time
	count := func(into map[time.Time]int, t *time.Time) {
		if t == nil {
			return
		}
		y, m, d := t.In(zone).Date()
		day := time.Date(y, m, d, 0, 0, 0, 0, zone)
		into[day]++
		if day.After(last) {
			last = day
		}
	}
	for _, f := range flags {
		count(confirmed, f.ConfirmedAt)
	}
	for _, a := range airings {
		count(answered, a.Aired)
	}
	if len(confirmed) < 2 { // one day is no curve
		return nil
	}
	c := &chart{Width: chartDays * chartStep, Height: chartHeight + 18, From: last.AddDate(0, 0, 1-chartDays), To: last}
	for _, n := range confirmed {
		c.Most = max(c.Most, n)
	}
	for i := range chartDays {
		day := c.From.AddDate(0, 0, i)
		h := confirmed[day] * chartHeight / c.Most
		c.Bars = append(c.Bars, bar{i * chartStep, chartHeight - h, chartStep - 4, h, confirmed[day], answered[day], day})
	}
	return c
}
