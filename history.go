package counterpoint

import (
	"context"
	"fmt"
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

// ReadHistory reads what was collected in the time, and as long before it as one must look to know what is usual. Of
// the scope, sources and languages count: what a query looks for in them does not change what was collected. first
// is the place of the first day of the time.
func ReadHistory(ctx context.Context, v Views, scope Query, from, to, now time.Time) (h History, first int, err error) {
	h = History{Stated: map[string]Stated{}, Langs: scope.Lang}
	from = from.UTC().Truncate(day)
	if to.After(now) {
		to = now
	}
	at := map[time.Time]int{}
	for d := from.Add(-Baseline * day); d.Before(to); d = d.Add(day) {
		at[d] = len(h.Days)
		h.Days = append(h.Days, Collected{From: d, To: earlier(d.Add(day), now), Sources: map[string]int{}, Langs: map[string]int{}})
	}
	if len(h.Days) <= Baseline {
		return h, len(h.Days), nil
	}
	q := Query{Source: scope.Source, From: h.Days[0].From, To: h.Days[len(h.Days)-1].To}
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
			return h, 0, fmt.Errorf("what was collected: %w", err)
		}
		for _, g := range groups {
			start, value := g.Daily()
			if i, ok := at[start]; ok {
				read.take(&h.Days[i], value, g.Count)
			}
		}
	}
	return h, Baseline, h.state(ctx, v, scope)
}

// state reads what people said to expect.
func (h History) state(ctx context.Context, v Views, scope Query) error {
	all, err := All[Source](ctx, v, Query{Source: scope.Source})
	for _, s := range all {
		if s.Expected > 0 {
			h.Stated[s.ID] = Stated{s.Expected, s.CreatedAt}
		}
	}
	return err
}

// Cover judges whether what the query counts can be compared with other times.
func Cover(ctx context.Context, v Views, q Query, now time.Time) (Coverage, error) {
	from, to := q.Window(now)
	h, first, err := ReadHistory(ctx, v, q, from, to, now)
	if err != nil {
		return Coverage{}, err
	}
	c := h.Judge(first, len(h.Days))
	if c.From.IsZero() {
		c.From, c.To = from, to
	}
	return c, nil
}

func nearestDay(t time.Time) time.Time { return t.UTC().Add(day / 2).Truncate(day) }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
