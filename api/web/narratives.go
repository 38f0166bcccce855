package web

import (
	"slices"
	"time"

	"counterpoint"
)

// narrativesPage lists the narratives with how long each stands unanswered.
type narrativesPage struct {
	Clocks []counterpoint.TimeToCounter
	Total  int
	Open   int
	From   int
	Next   int // where the next page begins; 0 on the last
}

const narrativeRows = 40

func (p *Pages) narratives(r *request) error {
	v := r.page("narratives", "narratives.title")
	clocks, err := p.desk.TimeToCounter(r.Context(), nil)
	if err != nil {
		return err
	}
	b := narrativesPage{Clocks: clocks}
	for _, c := range clocks {
		if c.Open {
			b.Open++
		}
	}
	slices.SortStableFunc(b.Clocks, func(x, y counterpoint.TimeToCounter) int { return order(x.Open, y.Open) })
	b.Total, b.From = len(b.Clocks), min(max(0, toInt(r.URL.Query().Get("from"))), len(b.Clocks))
	if b.From+narrativeRows < b.Total {
		b.Next = b.From + narrativeRows
	}
	b.Clocks = b.Clocks[b.From:min(b.From+narrativeRows, b.Total)]
	return r.show(v, b)
}

func order(first, second bool) int {
	switch {
	case first == second:
		return 0
	case first:
		return -1
	}
	return 1
}

func (p *Pages) makeNarrative(r *request) error {
	a, err := p.desk.MakeNarrative(r.Context(), r.call(), r.form.Value("title"), r.form.Value("summary"), r.form.list("languages"))
	if err != nil {
		return r.again("narrative", err, p.narratives)
	}
	return r.to("/narratives/"+a.ID, "done", done(a, "made"))
}

// narrativePage is one story: how long it stood unanswered, where it was heard and what answers it.
type narrativePage struct {
	Story    counterpoint.Narrative
	Clock    counterpoint.TimeToCounter
	Steps    []step
	Total    string // how long it stands unanswered
	Flags    []queueRow
	Count    int // of all flags
	Messages []counterpoint.Message
	Airings  []counterpoint.Airing
	Chart    *chart
	Heard    []string // languages of its flags
	Reached  []string // languages in which an answer went out
	Missing  []string
	Example  bool // all that is known of it is part of the built-in example
}

// step is one of the six of time-to-counter, with the time since the step before.
type step struct {
	Name string
	At   *time.Time
	Gap  string
	Prec counterpoint.Precision
	Next bool // the first that is still to come
}

func (p *Pages) narrative(r *request) error {
	ctx := r.Context()
	n, err := counterpoint.Load[counterpoint.Narrative](ctx, p.views(), r.PathValue("id"))
	if err != nil {
		return err
	}
	v := r.page("narrative", "narrative.title").titled(n.Title, first(n.Languages))
	clocks, err := p.desk.TimeToCounter(ctx, nil, n.ID)
	if err != nil {
		return err
	}
	b := narrativePage{Story: n}
	if len(clocks) > 0 {
		b.Clock = clocks[0]
	}
	q := counterpoint.Query{Narrative: []string{n.ID}}
	flags, err := counterpoint.All[counterpoint.Flag](ctx, p.views(), q)
	if err != nil {
		return err
	}
	if b.Messages, err = counterpoint.All[counterpoint.Message](ctx, p.views(), q); err != nil {
		return err
	}
	if b.Airings, err = counterpoint.All[counterpoint.Airing](ctx, p.views(), q); err != nil {
		return err
	}
	for _, f := range flags[:min(len(flags), maxRows)] {
		b.Flags = append(b.Flags, r.row(v, f, false))
	}
	b.reach(flags)
	b.Count = len(flags)
	b.Example = len(flags) > 0 && !slices.ContainsFunc(flags, func(f counterpoint.Flag) bool { return !f.Example })
	b.Steps, b.Total = r.locale.steps(b.Clock, p.now())
	b.Chart = newChart(flags, b.Airings, p.zone)
	return r.show(v, b)
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// reach compares the languages it was heard in with those it was answered in.
func (b *narrativePage) reach(flags []counterpoint.Flag) {
	add := func(list *[]string, lang string) {
		if lang != counterpoint.Undetermined && lang != "" && !slices.Contains(*list, lang) {
			*list = append(*list, lang)
		}
	}
	for _, f := range flags {
		if f.State != counterpoint.Rejected && f.State != counterpoint.Duplicate {
			add(&b.Heard, f.Lang)
		}
	}
	for _, a := range b.Airings {
		if a.State == counterpoint.Aired {
			add(&b.Reached, a.Lang)
		}
	}
	for _, l := range b.Heard {
		if !slices.Contains(b.Reached, l) {
			add(&b.Missing, l)
		}
	}
}

// steps are the six steps with the gaps between those that are known.
func (l *locale) steps(c counterpoint.TimeToCounter, now time.Time) ([]step, string) {
	all := []step{
		{Name: "published", At: c.Published, Prec: c.Precision}, {Name: "seen", At: c.Seen}, {Name: "flagged", At: c.Flagged},
		{Name: "confirmed", At: c.Confirmed}, {Name: "approved", At: c.Approved}, {Name: "proven", At: c.Proven},
	}
	var last, start *time.Time
	waiting := false
	for i := range all {
		s := &all[i]
		if s.At == nil {
			s.Next = c.Open && !waiting && i > 2
			waiting = waiting || s.Next
			continue
		}
		if start == nil || s.At.Before(*start) {
			start = s.At
		}
		if last != nil {
			s.Gap = l.gap(s.At.Sub(*last))
		}
		last = s.At
	}
	if !c.Open || start == nil {
		return all, ""
	}
	return all, l.span(max(0, now.Sub(*start)))
}

// answered says how long after the story was first heard it was answered. What went out before that is said to have: it
// is rarely an answer, and never a quick one.
func (l *locale) answered(c counterpoint.TimeToCounter) string {
	if c.Seconds == nil {
		return l.t("clock.unknown")
	}
	took := time.Duration(*c.Seconds) * time.Second
	if took < 0 {
		return l.t("clock.before", l.span(-took))
	}
	return l.t("clock.took", l.span(took))
}

func (l *locale) gap(d time.Duration) string {
	if d < 0 {
		return l.t("gap.before", l.span(-d))
	}
	return l.t("gap.after", l.span(d))
}

func (p *Pages) describeNarrative(r *request) error {
	id := r.PathValue("id")
	a, err := p.desk.DescribeNarrative(r.Context(), r.call(), id, r.form.Value("title"), r.form.Value("summary"), r.form.list("languages"))
	if err != nil {
		return r.again("narrative", err, p.narrative)
	}
	return r.to("/narratives/"+id, "done", done(a, "saved"))
}
