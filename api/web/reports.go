package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"counterpoint"
)

// reportsPage lists what community reporters sent, the newest first.
type reportsPage struct {
	Rows   []reportRow
	Total  int
	Next   string
	Hidden bool
}

// reportRow is one report with what was done about it.
type reportRow struct {
	counterpoint.ItemView
	Text string
	Done counterpoint.Followup
}

// State is where the follow-up stands, empty where nothing was done.
func (r reportRow) State() string { return r.Done.State }

// Sent is when it was sent, else when it came in.
func (r reportRow) Sent() *time.Time { return cmp.Or(r.Published, &r.Seen) }

const reportRows = 25

// HasReports reports whether anybody is to send any.
func (v *view) HasReports() bool { return len(v.names.reportSources()) > 0 }

func (n *names) reportSources() (ids []string) {
	for id, s := range n.allSources() {
		if s.Kind == counterpoint.Report {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (p *Pages) reports(r *request) error {
	v := r.page("reports", "reports.title")
	v.Wide = true
	b := reportsPage{Hidden: r.by.Blur && r.URL.Query().Get("show") != "1"}
	q := counterpoint.Query{Source: v.names.reportSources()}
	if len(q.Source) == 0 {
		return r.show(v, b)
	}
	var err error
	if b.Total, err = p.total(r.Context(), counterpoint.KindItem, q); err != nil {
		return err
	}
	q.Limit, q.Cursor = reportRows, r.URL.Query().Get("cursor")
	page, err := counterpoint.List[counterpoint.ItemView](r.Context(), p.views(), q)
	if err != nil {
		return err
	}
	b.Next = page.Next
	for _, it := range page.Data {
		row := reportRow{ItemView: it}
		if row.Done, err = p.desk.Followup(r.Context(), it.ID); err != nil {
			return err
		}
		whole, err := counterpoint.Load[counterpoint.ItemView](r.Context(), p.views(), it.ID)
		if err == nil && len(whole.Segments) > 0 {
			row.Text = excerpt(whole.Segments[0].Text, 160)
		}
		b.Rows = append(b.Rows, row)
	}
	return r.show(v, b)
}

// reportPage is one report: what it says, what was done about it, and what its sender was told.
type reportPage struct {
	Report  reportRow
	Until   *time.Time // the reporter can be answered until then
	Hidden  bool
	Ready   []readyAnswer
	Langs   []string
	Answers []counterpoint.Reply
}

// readyAnswer is an answer agreed on, in one language.
type readyAnswer struct {
	Value, Name, Lang, Text string
}

// OwnWords reports whether the person wrote the answer, so that another must approve it.
func (v *view) OwnWords(a counterpoint.Reply) bool { return a.By == v.request.by.ID }

func (p *Pages) report(r *request) error {
	it, err := counterpoint.Load[counterpoint.ItemView](r.Context(), p.views(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if it.Kind != counterpoint.Report {
		return counterpoint.ErrNotFound
	}
	v := r.page("report", "report.title")
	v.Wide = true
	b := reportPage{Report: reportRow{ItemView: it}, Hidden: r.by.Blur && r.URL.Query().Get("show") != "1"}
	if b.Report.Done, err = p.desk.Followup(r.Context(), it.ID); err != nil {
		return err
	}
	if b.Until, err = p.desk.Answerable(r.Context(), it.ID); err != nil {
		return err
	}
	b.Ready = r.readyAnswers(it.Lang)
	b.Answers = slices.Clone(b.Report.Done.Answers)
	slices.Reverse(b.Answers)
	b.Langs = []string{it.Lang}
	for _, l := range append(v.names.allSources()[it.Source].Languages, "eng", "fra", "ara") {
		if !slices.Contains(b.Langs, l) {
			b.Langs = append(b.Langs, l)
		}
	}
	b.Langs = slices.DeleteFunc(b.Langs, func(l string) bool { return l == counterpoint.Undetermined })
	return r.show(v, b)
}

// readyAnswers are the answers agreed on, those in the language of the report first.
func (r *request) readyAnswers(lang string) []readyAnswer {
	var out []readyAnswer
	for _, t := range r.p.desk.Templates() {
		name := t.ID
		if r.locale.has("tell." + t.ID) {
			name = r.locale.word("tell", t.ID)
		}
		for _, l := range sorted(t.Texts) {
			out = append(out, readyAnswer{t.ID + "." + l, name, l, t.Texts[l]})
		}
	}
	slices.SortStableFunc(out, func(a, b readyAnswer) int {
		switch {
		case a.Lang == lang && b.Lang != lang:
			return -1
		case a.Lang != lang && b.Lang == lang:
			return 1
		}
		return 0
	})
	return out
}

// act notes what was done.
func (p *Pages) act(r *request) error {
	id := r.PathValue("id")
	a, err := p.desk.Act(r.Context(), r.call(), id, r.form.Value("text"))
	if err != nil {
		return r.again("act", err, p.report)
	}
	return r.to("/reports/"+id, "done", done(a, "noted"))
}

// tell writes an answer: one agreed on, or the person's own words.
func (p *Pages) tell(r *request) error {
	id, form := r.PathValue("id"), "tell"
	draft := counterpoint.AnswerDraft{Lang: r.form.Value("lang"), Text: r.form.Value("text")}
	word := "waits"
	if chosen := r.form.Value("ready"); r.form.values.Has("agreed") {
		form, word = "agreed", "told"
		var ok bool
		if draft.Template, draft.Lang, ok = strings.Cut(chosen, "."); !ok {
			return r.again(form, counterpoint.Invalid{{Field: "ready", Message: r.locale.t("tell.choose")}}, p.report)
		}
	}
	a, err := p.desk.Tell(r.Context(), r.call(), id, draft)
	if err != nil {
		return r.again(form, err, p.report)
	}
	return r.to("/reports/"+id, "done", done(a, word))
}

func (p *Pages) approveAnswer(r *request) error {
	id := r.PathValue("id")
	a, err := p.desk.ApproveAnswer(r.Context(), r.call(), id, r.form.Value("answer"))
	if err != nil {
		return r.again("approve", err, p.report)
	}
	return r.to("/reports/"+id, "done", done(a, "told"))
}

func (p *Pages) withdrawAnswer(r *request) error {
	id := r.PathValue("id")
	a, err := p.desk.WithdrawAnswer(r.Context(), r.call(), id, r.form.Value("answer"))
	if err != nil {
		return r.again("withdraw", err, p.report)
	}
	return r.to("/reports/"+id, "done", done(a, "withdrawn"))
}

// makeHook shows the secret on the page that answers: it is never shown again.
func (p *Pages) makeHook(r *request) error {
	s, err := p.desk.MakeHook(r.Context(), r.call(), r.PathValue("id"))
	if err != nil {
		return r.again("hook", err, p.source)
	}
	return p.showSource(r, s.Secret)
}
