package web

import (
	"context"
	"html/template"
	"slices"
	"time"

	"counterpoint"
	"counterpoint/api"
)

// queuePage is the list of flags to decide, the most urgent first.
type queuePage struct {
	Filter  filter
	Yours   bool // the person has languages of their own
	Applied bool // and those are what the list is narrowed to
	Choices choices
	Rows    []queueRow
	Total   int
	Late    int
	More    bool // there are more open flags than were looked at for Late
	Grave   int
	Mine    int // leased by the person who looks
	Overdue overdueCount
	Day     api.Workday
	Next    string
	Shown   bool // passages are shown though the person has them hidden
	State   string
	Query   string
}

// overdueCount is how many flags wait for an answer that should have come, and where they are listed.
type overdueCount struct {
	N    int
	More bool // there are more flags set aside than were looked at
	Link template.URL
}

type queueRow struct {
	counterpoint.Flag
	Due    time.Time
	Holder string // who has it, empty for nobody
	Mine   bool
	Hidden bool
	Family family
	Line   bool // the day's line is drawn above it
}

const queueRows = 25

// languages are those of the person's queue: what they set, and always what is in a language that nobody could tell.
// Somebody must see a call for harm, also where the program does not know which language it is in. None is all.
func (r *request) languages() []string {
	if len(r.by.Languages) == 0 {
		return nil
	}
	return append(without(r.by.Languages, counterpoint.Undetermined), counterpoint.Undetermined)
}

// queueFilter is the filter of the address; unless it says otherwise, open flags in the person's languages.
func (r *request) queueFilter() filter {
	f := newFilter(r.URL.Query(), r.p.zone)
	if !f.values.Has("state") {
		f.values.Set("state", string(counterpoint.Open))
	}
	if f.values.Has(overdueOnly) {
		f.values.Set("state", string(counterpoint.NeedsContext))
	}
	if own := r.languages(); !f.values.Has("lang") && own != nil {
		f.values["lang"] = own
	}
	return f
}

func (p *Pages) queue(r *request) error {
	v := r.page("queue", "queue.title")
	v.Wide = true
	f := r.queueFilter()
	q := f.query()
	body := queuePage{Filter: f, Choices: r.choices(v), Shown: r.URL.Query().Get("show") == "1", State: f.Value("state"), Query: f.Encode()}
	own := r.languages()
	body.Yours, body.Applied = own != nil, own != nil && slices.Equal(own, f.values["lang"])
	if err := body.count(r.Context(), p, q, r.by.ID); err != nil {
		return err
	}
	late, more, err := p.overdue(r.Context(), q)
	if err != nil {
		return err
	}
	body.Overdue = overdueCount{len(late), more, f.overdueFilter().Address()}
	page := counterpoint.Page[counterpoint.Flag]{Data: late[:min(len(late), queueRows)]}
	if !f.values.Has(overdueOnly) {
		q.Limit, q.Cursor = queueRows, r.URL.Query().Get("cursor")
		if page, err = counterpoint.List[counterpoint.Flag](r.Context(), p.views(), q); err != nil {
			return err
		}
	}
	body.Next = page.Next
	if p.room > 0 {
		if body.Day, err = p.desk.Workday(r.Context(), p.room, p.midnight()); err != nil {
			return err
		}
	}
	waits := false
	for _, flag := range page.Data {
		row := r.row(v, flag, body.Shown)
		row.Line = !waits && body.Day.Waits(&flag)
		waits = waits || row.Line
		body.Rows = append(body.Rows, row)
	}
	return r.show(v, body)
}

// midnight is when the day began where the pages are.
func (p *Pages) midnight() time.Time {
	now := p.now().In(p.zone)
	return time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, p.zone)
}

func (r *request) row(v *view, f counterpoint.Flag, shown bool) queueRow {
	row := queueRow{Flag: f, Due: f.Deadline(), Family: familyOf(&f), Hidden: r.by.Blur && !shown}
	if l := held(f, v.Now); l != nil {
		row.Mine, row.Holder = l.By == r.by.ID, v.Person(l.By)
	}
	return row
}

// held is the lease of a flag that still runs.
func held(f counterpoint.Flag, now time.Time) *counterpoint.Lease {
	if f.Lease == nil || !now.Before(f.Lease.Until) {
		return nil
	}
	return f.Lease
}

// count fills the numbers of the header. Lateness is not something the index knows, so it is counted over the
// 200 most urgent.
func (b *queuePage) count(ctx context.Context, p *Pages, q counterpoint.Query, me string) error {
	var err error
	if b.Total, err = p.total(ctx, counterpoint.KindFlag, q); err != nil {
		return err
	}
	open := counterpoint.Query{State: []string{string(counterpoint.Open)}, Lang: q.Lang, Source: q.Source, Limit: counterpoint.MaxLimit}
	page, err := counterpoint.List[counterpoint.Flag](ctx, p.views(), open)
	if err != nil {
		return err
	}
	b.More = page.Next != ""
	for _, f := range page.Data {
		if p.now().After(f.Deadline()) {
			b.Late++
		}
		if l := held(f, p.now()); l != nil && l.By == me {
			b.Mine++
		}
	}
	open.Level = []int{3}
	b.Grave, err = p.total(ctx, counterpoint.KindFlag, open)
	return err
}

func (p *Pages) total(ctx context.Context, kind counterpoint.Kind, q counterpoint.Query) (int, error) {
	q.Limit, q.Cursor = 0, ""
	groups, err := p.views().Count(ctx, kind, q, "")
	if err != nil || len(groups) == 0 {
		return 0, err
	}
	return groups[0].Count, nil
}

const leaseAtOnce = 10

func (p *Pages) leaseNext(r *request) error {
	f := newFilter(r.form.values, p.zone)
	q := f.query()
	ids, err := p.desk.LeaseNext(r.Context(), r.call(), q, leaseAtOnce)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return r.to("/?"+f.Encode(), "done", "none-free")
	}
	return r.to("/flags/"+ids[0], "done", "leased", "queue", f.Encode())
}

// nextFlag is the flag to decide after this one: one's own leased first, then the most urgent that nobody has.
func (r *request) nextFlag(after, queue string) (string, error) {
	values, err := parseQuery(queue)
	if err != nil {
		return "", err
	}
	q := newFilter(values, r.p.zone).query()
	q.State, q.Limit, q.Text = []string{string(counterpoint.Open)}, counterpoint.MaxLimit, ""
	page, err := counterpoint.List[counterpoint.Flag](r.Context(), r.p.views(), q)
	if err != nil {
		return "", err
	}
	free := ""
	for _, f := range page.Data {
		l := held(f, r.p.now())
		switch {
		case f.ID == after || f.State != counterpoint.Open:
		case l != nil && l.By == r.by.ID:
			return f.ID, nil
		case l == nil && free == "":
			free = f.ID
		}
	}
	return free, nil
}

// onward goes to the next flag after a decision, or to the empty queue.
func (r *request) onward(a api.Answer, word string) error {
	queue := r.form.Value("queue")
	next, err := r.nextFlag(a.ID, queue)
	if err != nil {
		return err
	}
	if next == "" {
		return r.to("/", "done", done(a, word), "last", a.ID)
	}
	return r.to("/flags/"+next, "done", done(a, word), "last", a.ID, "queue", queue)
}
