package web

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/api"
)

// trendsPage is how much was found by day, beside how much was collected.
type trendsPage struct {
	Filter  filter
	Choices choices
	Labels  []counterpoint.Label
	Bys     []counterpoint.GroupBy
	By      string
	Trend   api.Trend
	Cover   coverage
	Heard   plot // the segments collected
	Plots   []plot
	Rows    []trendRow
	Rest    int // series that are not drawn
	Flagged bool
	Saved   savedForm
}

// trendRow is a day as the table has it, the newest first.
type trendRow struct {
	api.TrendDay
	Counts []trendCell
	Why    []string
}

type trendCell struct {
	Count, Answers int
	Link           string
}

// Cover is the day's verdict alone.
func (r trendRow) Cover() counterpoint.Coverage { return counterpoint.Coverage{Verdict: r.Verdict} }

// drawn is how many series are drawn; the CSV has all.
const drawn = 6

// linked is of how many days each number of the table is a link. More would not come through a slow line.
const linked = 31

var trendsBy = []counterpoint.GroupBy{counterpoint.ByNarrative, counterpoint.ByLabel, counterpoint.ByLang, counterpoint.BySource}

func (p *Pages) trends(r *request) error {
	v := r.page("trends", "trends.title")
	v.Wide = true
	f := newFilter(r.URL.Query(), p.zone)
	b := trendsPage{Filter: f, Choices: r.choices(v), Labels: counterpoint.Labels, Bys: trendsBy, By: r.URL.Query().Get("by")}
	if !slices.Contains(trendsBy, counterpoint.GroupBy(b.By)) {
		b.By = string(counterpoint.ByNarrative)
	}
	b.Saved = r.savedForm("/trends", "by="+b.By+"&"+f.Encode())
	var err error
	if b.Trend, err = p.desk.Trend(r.Context(), f.query(), counterpoint.GroupBy(b.By)); err != nil {
		return err
	}
	b.Cover = v.Covered(b.Trend.Coverage)
	b.draw(v)
	return r.show(v, b)
}

func (b *trendsPage) draw(v *view) {
	t := b.Trend
	b.Flagged = t.Total > 0
	b.Rest = max(0, len(t.Series)-drawn)
	shown := t.Series[:min(len(t.Series), drawn)]
	b.Heard = heardPlot(v.locale.t("trends.heard"), t.Days)
	top := 1
	for _, s := range shown {
		top = max(top, slices.Max(s.Counts))
	}
	for _, s := range shown {
		pl := newPlot(v.series(b.By, s), s.Counts, s.Answers, t.Days, top)
		pl.Link = "/?" + b.list(s.Key, t.From, t.To)
		b.Plots = append(b.Plots, pl)
	}
	for i := len(t.Days) - 1; i >= 0; i-- {
		b.Rows = append(b.Rows, b.row(v, i, shown))
	}
}

func (b *trendsPage) row(v *view, i int, shown []api.TrendSeries) trendRow {
	d := b.Trend.Days[i]
	row := trendRow{TrendDay: d}
	for _, s := range shown {
		c := trendCell{Count: s.Counts[i]}
		if s.Answers != nil {
			c.Answers = s.Answers[i]
		}
		if c.Count > 0 && len(b.Trend.Days) <= linked {
			c.Link = "/?" + b.list(s.Key, d.Day, d.Day.AddDate(0, 0, 1))
		}
		row.Counts = append(row.Counts, c)
	}
	for _, s := range d.Reasons[:min(len(d.Reasons), 1)] {
		row.Why = append(row.Why, v.shortfall(s))
	}
	return row
}

// list is the address of the flags that a number counts.
func (b *trendsPage) list(key string, from, to time.Time) string {
	q := url.Values{}
	for name, values := range b.Filter.values {
		q[name] = values
	}
	if len(q["state"]) == 0 {
		q["state"] = api.Trended
	}
	if len(q["lang"]) == 0 {
		q.Set("lang", all)
	}
	q[b.By] = []string{key}
	q.Set("from", from.UTC().Format(time.RFC3339))
	q.Set("to", to.UTC().Format(time.RFC3339))
	return strings.ReplaceAll(q.Encode(), "%3A", ":")
}

// series is what a series is called.
func (v *view) series(by string, s api.TrendSeries) string {
	switch counterpoint.GroupBy(by) {
	case counterpoint.ByLabel:
		return v.locale.word("label", s.Key)
	case counterpoint.ByLang:
		return v.locale.language(s.Key)
	}
	if s.Name != "" {
		return s.Name
	}
	return s.Key
}

// Day is a day of UTC, as trends go by.
func (v *view) Day(t time.Time) string { return v.locale.day(t.UTC(), v.Now.UTC()) }
