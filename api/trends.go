package api

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"counterpoint"
)

// trendsBy are what a trend can be drawn by.
var trendsBy = []counterpoint.GroupBy{counterpoint.ByNarrative, counterpoint.ByLabel, counterpoint.ByLang, counterpoint.BySource}

// Trended are the states of the flags that a trend counts where none is asked for: those that nobody took back.
var Trended = []string{string(counterpoint.Open), string(counterpoint.NeedsContext), string(counterpoint.Confirmed)}

// Trend is how much was found each day, beside how much was collected on it.
type Trend struct {
	By       counterpoint.GroupBy  `json:"by"`
	Bucket   string                `json:"bucket" doc:"Always day, of UTC"`
	From     time.Time             `json:"from"`
	To       time.Time             `json:"to"`
	Total    int                   `json:"total" doc:"Flags of the time; one may be in several series, or in none"`
	Coverage counterpoint.Coverage `json:"coverage" doc:"Of the time as a whole"`
	Days     []TrendDay            `json:"days"`
	Series   []TrendSeries         `json:"series" doc:"The largest first"`
}

// TrendDay is a day of a trend.
type TrendDay struct {
	Day      time.Time            `json:"day"`
	Flags    int                  `json:"flags" doc:"Of all series"`
	Segments int                  `json:"segments" doc:"Collected"`
	Expected int                  `json:"segments_expected"`
	Verdict  counterpoint.Verdict `json:"verdict"`
	// Reasons are why the day cannot well be compared with others.
	Reasons []counterpoint.Shortfall `json:"reasons"`
}

// TrendSeries is one line of a trend.
type TrendSeries struct {
	Key    string `json:"key"`
	Name   string `json:"name,omitempty" doc:"Title of the narrative, name of the source"`
	Total  int    `json:"total"`
	Counts []int  `json:"counts" doc:"Flags by day, in the order of days"`
	// Answers are how often a counter-message to the narrative went out, by day; null for what is not a narrative.
	Answers []int `json:"answers"`
}

// Trend counts the flags of the query by day and by the field.
func (d *Desk) Trend(ctx context.Context, q counterpoint.Query, by counterpoint.GroupBy) (Trend, error) {
	now := d.now()
	t := Trend{By: by, Bucket: "day", Days: []TrendDay{}, Series: []TrendSeries{}}
	t.From, t.To = q.Window(now)
	h, err := d.history(ctx, q, t.From, t.To)
	if err != nil {
		return t, err
	}
	t.Coverage = h.Within(t.From, t.To)
	for i := range h.Days {
		if h.Days[i].From.Before(t.From) {
			continue
		}
		c := h.Judge(i, i+1)
		t.Days = append(t.Days, TrendDay{h.Days[i].From, 0, c.Segments, c.Expected, c.Verdict, c.Reasons})
	}
	if len(t.Days) == 0 {
		return t, nil
	}
	q.From, q.To, q.Limit, q.Cursor = t.From, t.Days[len(t.Days)-1].Day.AddDate(0, 0, 1), 0, ""
	if len(q.State) == 0 {
		q.State = Trended
	}
	if err := d.count(ctx, &t, q, by); err != nil {
		return t, err
	}
	return t, d.nameSeries(ctx, &t)
}

// count fills in the flags.
func (d *Desk) count(ctx context.Context, t *Trend, q counterpoint.Query, by counterpoint.GroupBy) error {
	at := map[time.Time]int{}
	for i, day := range t.Days {
		at[day.Day] = i
	}
	groups, err := d.views.Count(ctx, counterpoint.KindFlag, q, counterpoint.ByDay)
	if err != nil {
		return fmt.Errorf("count flags: %w", err)
	}
	for _, g := range groups {
		if day, _ := g.Daily(); !day.IsZero() {
			t.Days[at[day]].Flags, t.Total = g.Count, t.Total+g.Count
		}
	}
	if groups, err = d.views.Count(ctx, counterpoint.KindFlag, q, by.EachDay()); err != nil {
		return fmt.Errorf("count flags by %s: %w", by, err)
	}
	place := map[string]int{}
	for _, g := range groups {
		day, key := g.Daily()
		if !wanted(q, by, key) {
			continue
		}
		i, ok := place[key]
		if !ok {
			i = len(t.Series)
			place[key], t.Series = i, append(t.Series, TrendSeries{Key: key, Counts: make([]int, len(t.Days))})
		}
		t.Series[i].Counts[at[day]], t.Series[i].Total = g.Count, t.Series[i].Total+g.Count
	}
	slices.SortFunc(t.Series, func(a, b TrendSeries) int { return cmp.Or(b.Total-a.Total, cmp.Compare(a.Key, b.Key)) })
	return nil
}

// wanted reports whether a group is among those that were asked for: a flag with a label that was is counted by its
// other labels too.
func wanted(q counterpoint.Query, by counterpoint.GroupBy, key string) bool {
	switch by {
	case counterpoint.ByLabel:
		return len(q.Label) == 0 || slices.Contains(q.Label, counterpoint.Label(key))
	case counterpoint.BySource:
		return len(q.Source) == 0 || slices.Contains(q.Source, key)
	}
	return true
}

// nameSeries gives narratives and sources their names, and narratives their answers.
func (d *Desk) nameSeries(ctx context.Context, t *Trend) error {
	answers := map[string][]int{}
	if t.By == counterpoint.ByNarrative && len(t.Series) > 0 {
		var err error
		if answers, err = d.answers(ctx, t.Days); err != nil {
			return err
		}
	}
	for i := range t.Series {
		s := &t.Series[i]
		switch t.By {
		case counterpoint.ByNarrative:
			n, err := counterpoint.Load[counterpoint.Narrative](ctx, d.views, s.Key)
			if err = unlessGone(err); err != nil {
				return err
			}
			if s.Name, s.Answers = n.Title, answers[s.Key]; s.Answers == nil {
				s.Answers = make([]int, len(t.Days))
			}
		case counterpoint.BySource:
			src, err := counterpoint.Load[counterpoint.Source](ctx, d.views, s.Key)
			if err = unlessGone(err); err != nil {
				return err
			}
			s.Name = src.Name
		}
	}
	return nil
}

// unlessGone is the error, unless it says that there is no such thing: then the thing has no name.
func unlessGone(err error) error {
	if errors.Is(err, counterpoint.ErrNotFound) {
		return nil
	}
	return err
}

// slack is how far from its plan an airing may have gone out.
const slack = 7 * 24 * time.Hour

// answers are how often counter-messages went out on each of the days, by narrative.
func (d *Desk) answers(ctx context.Context, days []TrendDay) (map[string][]int, error) {
	from := days[0].Day
	q := counterpoint.Query{State: []string{string(counterpoint.Aired)}, From: from.Add(-slack), To: days[len(days)-1].Day.Add(slack)}
	airings, err := counterpoint.All[counterpoint.Airing](ctx, d.views, q)
	out := map[string][]int{}
	for _, a := range airings {
		if a.Aired == nil || a.Aired.Before(from) {
			continue
		}
		if out[a.Narrative] == nil {
			out[a.Narrative] = make([]int, len(days))
		}
		if i := int(a.Aired.Sub(from) / (24 * time.Hour)); i < len(days) {
			out[a.Narrative][i]++
		}
	}
	return out, err
}

func (a *API) registerTrends() {
	docs := append(paramDocs(counterpoint.KindFlag, "limit", "cursor"), enumDoc("by", "What to draw it by", names(trendsBy)), enumDoc("bucket", "Of time; always day", []string{"day"}))
	register(a, queried(http.MethodGet, "/trends", "Flags by day, beside what was collected", docs), func(ctx context.Context, in *listInput) (*struct{ Body Trend }, error) {
		t, err := a.trend(ctx, in.raw)
		return &struct{ Body Trend }{t}, err
	})
	const path = "/api/v1/export/trends.csv"
	a.routes.HandleFunc("GET "+path, a.exportTrend)
	a.describeTable(path, "Exports a trend as CSV: a row for each day and series", docs)
}

func (a *API) trend(ctx context.Context, raw string) (Trend, error) {
	q, values, err := a.query(ctx, raw, counterpoint.KindFlag, []string{"by", "bucket"}, "limit", "cursor")
	if err != nil {
		return Trend{}, err
	}
	by, err := trendBy(values)
	if err != nil {
		return Trend{}, err
	}
	return a.desk.Trend(ctx, q, by)
}

func trendBy(values url.Values) (counterpoint.GroupBy, error) {
	var bad counterpoint.Invalid
	by, err := oneOf(values.Get("by"), trendsBy)
	if err != nil {
		bad = append(bad, counterpoint.FieldError{Field: "by", Message: err.Error()})
	}
	if b := values.Get("bucket"); b != "" && b != "day" {
		bad = append(bad, counterpoint.FieldError{Field: "bucket", Message: fmt.Sprintf("%q is not day; trends are drawn by days", b)})
	}
	if len(bad) > 0 {
		return "", bad
	}
	return by, nil
}

var trendColumns = []string{"day", "by", "key", "name", "flags", "answers", "flags_of_all", "segments", "segments_expected", "verdict"}

func (a *API) exportTrend(w http.ResponseWriter, r *http.Request) {
	t, err := a.trend(r.Context(), r.URL.RawQuery)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="trends.csv"`)
	out := csv.NewWriter(w)
	for _, row := range append([][]string{trendColumns}, t.rows()...) {
		_ = out.Write(safe(row)) // the caller is gone; there is nobody to tell
	}
	out.Flush()
}

// rows are a row for each day and series, and one for each day without any.
func (t Trend) rows() [][]string {
	var out [][]string
	for i, d := range t.Days {
		row := func(key, name, flags, answers string) {
			out = append(out, []string{
				d.Day.Format(time.DateOnly), string(t.By), key, name, flags, answers,
				strconv.Itoa(d.Flags), strconv.Itoa(d.Segments), strconv.Itoa(d.Expected), string(d.Verdict),
			})
		}
		for _, s := range t.Series {
			answers := ""
			if s.Answers != nil {
				answers = strconv.Itoa(s.Answers[i])
			}
			row(s.Key, s.Name, strconv.Itoa(s.Counts[i]), answers)
		}
		if len(t.Series) == 0 {
			row("", "", "0", "")
		}
	}
	return out
}
