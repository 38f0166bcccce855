package web

import (
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

// sourcesPage lists what is listened to, and how well each is heard.
type sourcesPage struct {
	Rows   []sourceRow
	Total  int
	Silent int // of those shown
	Next   int // where the next page begins; 0 on the last
	Cover  coverage
	Kinds  []counterpoint.SourceKind
}

type sourceRow struct {
	counterpoint.Source
	Health counterpoint.SourceHealth
	Items  int
	Flags  int
}

// Bad reports whether somebody should look after it.
func (r sourceRow) Bad() bool { return r.Health.State != counterpoint.HeardWell }

// Trouble is what keeps the program from collecting; nil where nothing does.
func (r sourceRow) Trouble() *counterpoint.Collecting {
	if c := r.Health.Collecting; c != nil && c.Failures > 0 {
		return c
	}
	return nil
}

const sourceRows = 40

var sourceKinds = []counterpoint.SourceKind{counterpoint.Radio, counterpoint.Web, counterpoint.Social, counterpoint.Report}

func (p *Pages) sources(r *request) error {
	v := r.page("sources", "sources.title")
	v.Wide = true
	all := v.names.allSources()
	ids := sorted(all)
	b := sourcesPage{Total: len(ids), Kinds: sourceKinds}
	from := min(max(0, toInt(r.URL.Query().Get("from"))), len(ids))
	if from+sourceRows < len(ids) {
		b.Next = from + sourceRows
	}
	var shown []counterpoint.Source
	for _, id := range ids[from:min(from+sourceRows, len(ids))] {
		shown = append(shown, all[id])
	}
	var err error
	if b.Rows, err = p.sourceRows(r, shown); err != nil {
		return err
	}
	for _, row := range b.Rows {
		if row.Health.State == counterpoint.HeardNothing || row.Health.State == counterpoint.NeverHeard {
			b.Silent++
		}
	}
	c, err := p.desk.Cover(r.Context(), counterpoint.Query{})
	if err != nil {
		return err
	}
	b.Cover = v.Covered(c)
	return r.show(v, b)
}

func (p *Pages) sourceRows(r *request, sources []counterpoint.Source) ([]sourceRow, error) {
	health, err := p.desk.Health(r.Context(), sources...)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range sources {
		ids = append(ids, s.ID)
	}
	items, err := p.bySource(r, counterpoint.KindItem, ids)
	if err != nil {
		return nil, err
	}
	flags, err := p.bySource(r, counterpoint.KindFlag, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]sourceRow, len(sources))
	for i, s := range sources {
		rows[i] = sourceRow{s, health[i], items[s.ID], flags[s.ID]}
	}
	return rows, nil
}

func (p *Pages) bySource(r *request, kind counterpoint.Kind, ids []string) (map[string]int, error) {
	groups, err := p.views().Count(r.Context(), kind, counterpoint.Query{Source: ids}, counterpoint.BySource)
	out := map[string]int{}
	for _, g := range groups {
		out[g.Key] = g.Count
	}
	return out, err
}

// sourcePage is one source: how it is heard, and what it is.
type sourcePage struct {
	Row    sourceRow
	Cover  coverage // of its last four weeks
	Kinds  []counterpoint.SourceKind
	Secret string // by which reports are sent to it, made just now
}

func (p *Pages) source(r *request) error { return p.showSource(r, "") }

func (p *Pages) showSource(r *request, secret string) error {
	s, err := counterpoint.Load[counterpoint.Source](r.Context(), p.views(), r.PathValue("id"))
	if err != nil {
		return err
	}
	v := r.page("source", "sources.title").titled(s.Name, first(s.Languages))
	rows, err := p.sourceRows(r, []counterpoint.Source{s})
	if err != nil {
		return err
	}
	c, err := p.desk.Cover(r.Context(), counterpoint.Query{Source: []string{s.ID}, From: p.now().AddDate(0, 0, -counterpoint.Baseline)})
	if err != nil {
		return err
	}
	return r.show(v, sourcePage{rows[0], v.Covered(c), sourceKinds, secret})
}

func (p *Pages) makeSource(r *request) error {
	s, err := r.described(counterpoint.Source{ID: r.form.Value("id")})
	if err != nil {
		return r.again("source", err, p.sources)
	}
	a, err := p.desk.MakeSource(r.Context(), r.call(), s)
	if err != nil {
		return r.again("source", err, p.sources)
	}
	return r.to("/sources/"+a.ID, "done", done(a, "made"))
}

func (p *Pages) changeSource(r *request) error {
	id := r.PathValue("id")
	if _, err := r.described(counterpoint.Source{}); err != nil {
		return r.again("source", err, p.source)
	}
	a, err := p.desk.ChangeSource(r.Context(), r.call(), id, func(old counterpoint.Source) counterpoint.Source {
		s, _ := r.described(old) // read above
		return s
	})
	if err != nil {
		return r.again("source", err, p.source)
	}
	return r.to("/sources/"+id, "done", done(a, "saved"))
}

// described is the source as the form describes it. What the form does not ask stays as it was.
func (r *request) described(s counterpoint.Source) (counterpoint.Source, error) {
	s.Name, s.Kind, s.Owner = r.form.Value("name"), counterpoint.SourceKind(r.form.Value("kind")), r.form.Value("owner")
	s.Languages, s.Country, s.Zone = r.form.list("languages"), strings.ToUpper(r.form.Value("country")), r.form.Value("zone")
	s.Basis, s.Own = r.form.Value("basis"), r.form.Value("own") != ""
	var bad counterpoint.Invalid
	for _, n := range []struct {
		name string
		into *int
	}{{"reach", &s.Reach}, {"expected_a_day", &s.Expected}, {"retention_days", &s.Retention}} {
		text := strings.NewReplacer(" ", "", "\u202f", "", "\u00a0", "", ",", "").Replace(r.form.Value(n.name))
		if text == "" {
			*n.into = 0
			continue
		}
		var err error
		if *n.into, err = strconv.Atoi(text); err != nil {
			bad = append(bad, counterpoint.FieldError{Field: n.name, Message: r.locale.t("field.number")})
		}
	}
	if len(bad) > 0 {
		return s, bad
	}
	return s, nil
}

// Number is a number as a field starts with it; none is empty.
func (v *view) Number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Since says how long ago it was.
func (v *view) Since(t *time.Time) string {
	if t == nil {
		return ""
	}
	return v.locale.span(v.Now.Sub(*t))
}
