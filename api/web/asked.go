package web

import (
	"context"
	"slices"
	"time"

	"counterpoint"
)

// question is what a flag waits for that was set aside: whom somebody asked, and by when they should have answered.
type question struct {
	Whom string
	By   string // who asked
	Why  string // what they need to know
	Due  *time.Time
	At   Clock  // when that is
	Over string // for how long it has passed; empty while it has not
}

// Asked is the question that a flag waits for; nil where it waits for none.
func (v *view) Asked(f counterpoint.Flag) *question {
	x := asked(f)
	if x == nil {
		return nil
	}
	q := question{Whom: x.Asked, By: v.Person(x.By), Why: x.Reason, Due: x.Due}
	if x.Due == nil {
		return &q
	}
	q.At = v.At(*x.Due)
	if late := v.Now.Sub(*x.Due); late > 0 {
		q.Over = v.locale.t("asked.over", v.locale.span(late))
	}
	return &q
}

func asked(f counterpoint.Flag) *counterpoint.Review {
	if x := f.Judgement(); f.State == counterpoint.NeedsContext && x != nil && x.Decision == counterpoint.NeedsContext {
		return x
	}
	return nil
}

// overdue are the flags set aside whose answer should have come, the longest overdue first: of the 200 most urgent in
// the languages and sources of the query. When an answer was due is not something the index knows.
func (p *Pages) overdue(ctx context.Context, q counterpoint.Query) (late []counterpoint.Flag, more bool, err error) {
	aside := counterpoint.Query{State: []string{string(counterpoint.NeedsContext)}, Lang: q.Lang, Source: q.Source, Limit: counterpoint.MaxLimit}
	page, err := counterpoint.List[counterpoint.Flag](ctx, p.views(), aside)
	now := p.now()
	for _, f := range page.Data {
		if x := asked(f); x != nil && x.Due != nil && now.After(*x.Due) {
			late = append(late, f)
		}
	}
	slices.SortStableFunc(late, func(a, b counterpoint.Flag) int { return asked(a).Due.Compare(*asked(b).Due) })
	return late, page.Next != "", err
}

// overdueOnly narrows a filter to them.
const overdueOnly = "overdue"

// overdueFilter is the address of the overdue ones in the same languages and sources.
func (f filter) overdueFilter() filter {
	out := newFilter(nil, f.zone)
	for _, name := range []string{"lang", "source"} {
		if f.values.Has(name) {
			out.values[name] = f.values[name]
		}
	}
	out.values.Set("state", string(counterpoint.NeedsContext))
	out.values.Set(overdueOnly, "1")
	return out
}
