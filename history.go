package counterpoint

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// LongestWindow is the most days that are judged at once.
const LongestWindow = 92

// Window is the days that a query asks about: those from From to To, the last four weeks where it names neither, and
// never more than the last LongestWindow of them. Days are UTC's: those of another zone are taken for the nearest.
func (q Query) Window(now time.Time) (from, to time.Time) {
	to = now
	if !q.To.IsZero() && q.To.Before(now) {
		to = q.To
	}
	from = q.From
	if from.IsZero() {
		from = to.UTC().Truncate(day).Add(-Baseline * day)
	}
	if oldest := to.Add(-LongestWindow * day); from.Before(oldest) {
		from = oldest
	}
	first, end := nearestDay(from), to.UTC()
	if to.Before(now) {
		end = nearestDay(to)
	}
	if !first.Before(end) { // less than a day: the day it lies in
		first = from.UTC().Truncate(day)
		end = earlier(first.Add(day), now.UTC())
	}
	return first, end
}

// HistoryStart is from when on one must look to judge days from from on.
func HistoryStart(from time.Time) time.Time { return from.UTC().Truncate(day).Add(-Baseline * day) }

// ReadDays reads what was collected on each day from from on until to, or now where that comes first. Of the scope,
// sources and languages count: what a query looks for in them does not change what was collected.
func ReadDays(ctx context.Context, v Views, scope Query, from, to, now time.Time) ([]Collected, error) {
	var days []Collected
	at := map[time.Time]int{}
	for d := from.UTC().Truncate(day); d.Before(to) && d.Before(now); d = d.Add(day) {
		at[d] = len(days)
		days = append(days, Collected{From: d, To: earlier(d.Add(day), now), Sources: map[string]int{}, Langs: map[string]int{}})
	}
	if len(days) == 0 {
		return nil, nil
	}
	q := Query{Source: scope.Source, From: days[0].From, To: days[len(days)-1].To}
	for _, read := range []struct {
		kind  Kind
		langs []string
		state []string
		by    GroupBy
		take  func(d *Collected, value string, n int)
	}{
		{KindSegment, scope.Lang, nil, BySource.EachDay(), func(d *Collected, s string, n int) { d.Sources[s] = n }},
		{KindSegment, nil, nil, ByLang.EachDay(), func(d *Collected, l string, n int) { d.Langs[l] = n }},
		{KindItem, nil, nil, ByDay, func(d *Collected, _ string, n int) { d.Items = n }},
		{KindItem, nil, []string{ItemFailed}, ByDay, func(d *Collected, _ string, n int) { d.Failed = n }},
	} {
		q.Lang, q.State = read.langs, read.state
		groups, err := v.Count(ctx, read.kind, q, read.by)
		if err != nil {
			return nil, fmt.Errorf("what was collected: %w", err)
		}
		for _, g := range groups {
			start, value := g.Daily()
			if i, ok := at[start]; ok {
				read.take(&days[i], value, g.Count)
			}
		}
	}
	return days, nil
}

// ReadStated puts beside the days what people said to expect.
func ReadStated(ctx context.Context, v Views, scope Query, days []Collected) (History, error) {
	h := History{Days: days, Stated: map[string]Stated{}, Langs: scope.Lang}
	all, err := All[Source](ctx, v, Query{Source: scope.Source})
	for _, s := range all {
		if s.Expected > 0 {
			h.Stated[s.ID] = Stated{s.Expected, s.CreatedAt}
		}
	}
	return h, err
}

// Within judges the days of the history from from on.
func (h History) Within(from, to time.Time) Coverage {
	first := slices.IndexFunc(h.Days, func(d Collected) bool { return !d.From.Before(from) })
	if first < 0 {
		first = len(h.Days)
	}
	c := h.Judge(first, len(h.Days))
	if c.From.IsZero() {
		c.From, c.To = from, to
	}
	return c
}

// Cover judges whether what the query counts can be compared with other times.
func Cover(ctx context.Context, v Views, q Query, now time.Time) (Coverage, error) {
	from, to := q.Window(now)
	days, err := ReadDays(ctx, v, q, HistoryStart(from), to, now)
	if err != nil {
		return Coverage{}, err
	}
	h, err := ReadStated(ctx, v, q, days)
	return h.Within(from, to), err
}

func nearestDay(t time.Time) time.Time { return t.UTC().Add(day / 2).Truncate(day) }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
