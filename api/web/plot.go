package web

import (
	"fmt"
	"slices"
	"strings"

	"counterpoint"
	"counterpoint/api"
)

// plot is counts by day as one SVG: bars, ruled lines behind them where days cannot be compared, and under them a mark
// for each day on which an answer went out. Each is one path, so that a quarter of a year of six series comes through
// a slow line. The numbers stand in the table.
type plot struct {
	Name          string
	Link          string
	Total         int
	Answers       int
	Most          int // on one day
	Width, Height int
	Bars          string
	Ruled         string // days that are not to be compared
	Care          string // days to be compared with care
	Marks         string // days on which an answer went out
	Line          string // what was expected
}

const (
	plotWidth  = 560
	plotHeight = 60
	plotUnder  = 14 // room for the marks
)

func stepOf(days []api.TrendDay) float64 { return plotWidth / float64(max(len(days), 14)) }

// newPlot draws the counts on a scale up to top.
func newPlot(name string, counts, answers []int, days []api.TrendDay, top int) plot {
	p := plot{Name: name, Width: plotWidth, Height: plotHeight + plotUnder, Most: slices.Max(append([]int{0}, counts...))}
	step := stepOf(days)
	var bars, marks strings.Builder
	for i, n := range counts {
		x := float64(i) * step
		if p.Total += n; n > 0 {
			h := max(1, float64(n)*plotHeight/float64(top))
			fmt.Fprintf(&bars, "M%.4g %dv-%.3gh%.3gv%.3gz", x+step*.1, plotHeight, h, step*.8, h)
		}
		if answers != nil && answers[i] > 0 {
			p.Answers += answers[i]
			fmt.Fprintf(&marks, "M%.4g %dl5 8h-10z", x+step/2, plotHeight+5)
		}
	}
	p.Bars, p.Marks = bars.String(), marks.String()
	p.Ruled, p.Care = spans(days, counterpoint.DoNotCompare, 4, 8), spans(days, counterpoint.CoverDegraded, plotHeight+2, plotHeight)
	return p
}

// spans rules the days of the verdict with lines from the height y on, so far apart.
func spans(days []api.TrendDay, v counterpoint.Verdict, y, apart int) string {
	var out strings.Builder
	step := stepOf(days)
	for i := 0; i < len(days); i++ {
		from := i
		for i < len(days) && days[i].Verdict == v {
			i++
		}
		for at := y; i > from && at < plotHeight+apart; at += apart {
			fmt.Fprintf(&out, "M%.4g %dh%.4g", float64(from)*step, at, float64(i-from)*step)
		}
	}
	return out.String()
}

// heardPlot draws what was collected, and as a line what was expected.
func heardPlot(name string, days []api.TrendDay) plot {
	counts, top := make([]int, len(days)), 1
	for i, d := range days {
		counts[i] = d.Segments
		top = max(top, d.Segments, d.Expected)
	}
	p := newPlot(name, counts, nil, days, top)
	step := stepOf(days)
	var line strings.Builder
	for i, d := range days {
		y := plotHeight - float64(d.Expected)*plotHeight/float64(top)
		fmt.Fprintf(&line, "%s%.4g %.3gh%.4g", map[bool]string{true: "M", false: "L"}[i == 0], float64(i)*step, y, step)
	}
	p.Line = line.String()
	return p
}
