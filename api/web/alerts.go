package web

import (
	"slices"
	"time"

	"counterpoint"
	"counterpoint/api"
)

// alertsPage lists the alerts: those that wait for somebody, then the others.
type alertsPage struct {
	Waiting int
	Open    []alertRow
	MoreAt  string // cursor of more that wait
	First   bool   // neither list is beyond its first page
	Total   int    // of the others
	Rest    []alertRow
	Next    string
}

// alertRow is an alert with what became of it.
type alertRow struct {
	counterpoint.Alert
	Steps   []alertStep
	Earlier int  // steps that are not shown
	Spent   bool // it does not go out again
	Every   time.Duration
	Reached bool
	One     bool // the page shows it alone
}

// alertStep is one thing that happened to an alert.
type alertStep struct {
	At      time.Time
	Word    string // of the family alert.step
	By      string
	Channel string
	Number  int
	Detail  string
}

// The most that a page shows.
const (
	openAlerts   = 12
	otherAlerts  = 20
	stepsInList  = 4
	stepsOnePage = 100
)

func (p *Pages) alerts(r *request) error {
	v := r.page("alerts", "alerts.title")
	b, err := r.alertsPage()
	if err != nil {
		return err
	}
	return r.show(v, b)
}

// alertsPage has both lists, or the next page of one of them.
func (r *request) alertsPage() (b alertsPage, err error) {
	more, rest := r.URL.Query().Get("open"), r.URL.Query().Get("cursor")
	b.First = more == "" && rest == ""
	if b.First || more != "" {
		err = r.openAlerts(&b, more)
	}
	if err == nil && more == "" {
		err = r.otherAlerts(&b, rest)
	}
	return b, err
}

func (r *request) openAlerts(b *alertsPage, cursor string) (err error) {
	q := counterpoint.Query{State: []string{string(counterpoint.AlertOpen)}, Limit: openAlerts, Cursor: cursor}
	page, err := counterpoint.List[counterpoint.Alert](r.Context(), r.p.views(), q)
	if err != nil {
		return err
	}
	b.Open, b.MoreAt = r.alertRows(page.Data, stepsInList), page.Next
	b.Waiting, err = r.p.total(r.Context(), counterpoint.KindAlert, q)
	return err
}

func (r *request) otherAlerts(b *alertsPage, cursor string) (err error) {
	q := counterpoint.Query{State: []string{string(counterpoint.Acknowledged), string(counterpoint.AlertClosed)}, Limit: otherAlerts, Cursor: cursor}
	page, err := counterpoint.List[counterpoint.Alert](r.Context(), r.p.views(), q)
	if err != nil {
		return err
	}
	b.Rest, b.Next = r.alertRows(page.Data, 0), page.Next
	b.Total, err = r.p.total(r.Context(), counterpoint.KindAlert, q)
	return err
}

func (r *request) alertRows(list []counterpoint.Alert, steps int) []alertRow {
	out := make([]alertRow, len(list))
	for i, a := range list {
		out[i] = r.alertRow(a, steps)
	}
	return out
}

func (r *request) alertRow(a counterpoint.Alert, most int) alertRow {
	row := alertRow{
		Alert: a, Steps: stepsOf(a, r.p.now()), Spent: a.Spent(r.p.now()), Reached: a.Reached(),
		Every: time.Duration(a.Plan.RepeatSeconds) * time.Second,
	}
	row.Earlier = max(0, len(row.Steps)-most)
	row.Steps = row.Steps[:len(row.Steps)-row.Earlier]
	return row
}

// stepsOf are what happened to the alert, the last first.
func stepsOf(a counterpoint.Alert, now time.Time) []alertStep {
	steps := []alertStep{{At: a.CreatedAt, Word: "raised"}}
	for _, t := range a.Attempts {
		s := alertStep{At: t.Claimed, Word: string(t.Outcome), Channel: t.Channel, Number: t.Number, Detail: t.Detail}
		switch {
		case t.Answered != nil:
			s.At = *t.Answered
		case now.Sub(t.Claimed) < counterpoint.UnknownAfter:
			s.Word = "sending"
		default:
			s.Word = "unknown"
		}
		steps = append(steps, s)
	}
	if a.Raising > 1 {
		steps = append(steps, alertStep{At: a.Raised, Word: "again"})
	}
	if a.Acknowledged != nil {
		steps = append(steps, alertStep{At: a.Acknowledged.At, Word: "acknowledged", By: a.Acknowledged.By})
	}
	if a.ClosedAt != nil {
		steps = append(steps, alertStep{At: *a.ClosedAt, Word: "closed", Detail: string(a.Why)})
	}
	slices.SortStableFunc(steps, func(x, y alertStep) int { return x.At.Compare(y.At) })
	slices.Reverse(steps)
	return steps
}

func (p *Pages) alert(r *request) error {
	a, err := counterpoint.Load[counterpoint.Alert](r.Context(), p.views(), r.PathValue("id"))
	if err != nil {
		return err
	}
	v := r.page("alert", "alert.title")
	row := r.alertRow(a, stepsOnePage)
	row.One = true
	return r.show(v, row)
}

func (p *Pages) acknowledgeAlert(r *request) error {
	id := r.PathValue("id")
	a, err := p.desk.AcknowledgeAlert(r.Context(), r.call(), id)
	if err != nil {
		return r.again("acknowledge", err, p.alert)
	}
	return r.to("/alerts/"+id, "done", done(a, "acknowledged"))
}

// alertBar is what every page says of alerts that nobody acknowledged.
type alertBar struct {
	Count   int
	Unknown bool // it could not be looked up
}

func (r *request) alertBar() alertBar {
	n, err := r.p.total(r.Context(), counterpoint.KindAlert, counterpoint.Query{State: []string{string(counterpoint.AlertOpen)}})
	if err != nil {
		r.p.log.Warn("page shown without the number of alerts", "error", err)
		return alertBar{Unknown: true}
	}
	return alertBar{Count: n}
}

// AlertOf is the alert of a flag, nil where it has none.
func (v *view) AlertOf(flag string) *counterpoint.Alert {
	a, err := counterpoint.Load[counterpoint.Alert](v.request.Context(), v.request.p.views(), counterpoint.AlertID(flag))
	if err != nil {
		return nil
	}
	return &a
}

// MayAcknowledge reports whether the person may take the alert on.
func (v *view) MayAcknowledge(a counterpoint.Alert) bool {
	return a.State == counterpoint.AlertOpen && v.request.can(api.Acknowledge)
}

// AlertRow pairs an alert with the view.
func (v *view) AlertRow(a alertRow) alertView { return alertView{v, a} }

// alertView is what the template of an alert gets.
type alertView struct {
	View  *view
	Alert alertRow
}
