package web

import (
	"net/url"
	"slices"
	"time"

	"counterpoint"
	"counterpoint/api"
)

// What templates ask of a view that is not about one page alone.

// Tab is an entry of the navigation.
type Tab struct {
	Name, Path string
	Current    bool
}

// tabOf is the entry under which a page stands.
var tabOf = map[string]string{
	"flag": "queue", "alert": "alerts", "narrative": "narratives", "message": "messages", "write": "messages", "item": "sources", "items": "sources",
	"source": "sources", "report": "reports", "sheet": "today",
}

// Tab is the entry of the navigation for a page.
func (v *view) Tab(page, path string) Tab {
	current := v.Page
	if t, ok := tabOf[current]; ok {
		current = t
	}
	return Tab{v.locale.t("nav." + page), path, current == page}
}

// FlagStates are what the queue can be asked for.
func (v *view) FlagStates() []string {
	out := make([]string, 0, len(counterpoint.FlagStates)+1)
	for _, s := range counterpoint.FlagStates {
		out = append(out, string(s))
	}
	return append(out, all)
}

// Levels are the levels, the gravest first.
func (v *view) Levels() []int { return []int{3, 2, 1} }

// Scored are the labels that every passage is scored for.
func (v *view) Scored() []counterpoint.Label { return counterpoint.Scored }

// RabatLevels are what the six answers may propose.
func (v *view) RabatLevels() []counterpoint.RabatLevel {
	return []counterpoint.RabatLevel{counterpoint.Top, counterpoint.Intermediate, counterpoint.Bottom}
}

// Decidable reports whether a decision on the flag is open.
func (v *view) Decidable(f counterpoint.Flag) bool {
	return slices.Contains([]counterpoint.FlagState{counterpoint.Open, counterpoint.NeedsContext, counterpoint.Lapsed, counterpoint.NearCopy}, f.State)
}

// Wrong is what is wrong with a field of the page's form.
func (v *view) Wrong(formName, name string) string {
	if v.Form.name != formName {
		return ""
	}
	return v.Form.wrong(name)
}

// Chosen reports whether a choice is the one typed, or the one a new form starts with.
func (v *view) Chosen(formName, name, value, otherwise string) bool {
	if v.Form.name == formName && v.Form.values.Has(name) {
		return v.Form.values.Get(name) == value
	}
	return value == otherwise
}

func oneOf[T comparable](s T, list ...T) bool { return slices.Contains(list, s) }

// CanReturn reports whether the person may send the message back.
func (v *view) CanReturn(s counterpoint.MessageState) bool {
	return v.request.can(api.SendBack) && oneOf(s, counterpoint.Submitted, counterpoint.Approved)
}

// CanOffer reports whether the person may offer it to a station.
func (v *view) CanOffer(s counterpoint.MessageState) bool {
	return v.request.can(api.Air) && oneOf(s, counterpoint.Approved, counterpoint.Scheduled, counterpoint.OnAir)
}

// CanEdit reports whether the person may change its words.
func (v *view) CanEdit(s counterpoint.MessageState) bool {
	return v.request.can(api.Write) && oneOf(s, counterpoint.Draft, counterpoint.Submitted, counterpoint.Approved)
}

// CanWithdraw reports whether the person may take it back.
func (v *view) CanWithdraw(s counterpoint.MessageState) bool {
	return v.request.can(api.Write) && !oneOf(s, counterpoint.Closed, counterpoint.Withdrawn)
}

// Unaired reports whether the message has yet to go out.
func (v *view) Unaired(s counterpoint.MessageState) bool {
	return oneOf(s, counterpoint.Draft, counterpoint.Submitted, counterpoint.Approved, counterpoint.Scheduled)
}

// Waiting reports whether an airing may still be reported on.
func (v *view) Waiting(s counterpoint.AiringState) bool {
	return oneOf(s, counterpoint.Offered, counterpoint.Accepted, counterpoint.Missed)
}

// HasRole reports whether the account was given the role itself.
func (v *view) HasRole(a counterpoint.Account, r counterpoint.PersonRole) bool {
	return slices.Contains(a.Roles, r)
}

// Date is a day in words.
func (v *view) Date(t time.Time) string { return v.locale.day(t, v.Now.AddDate(-1, 0, 0)) }

// Answered is how long after it was first heard a narrative was answered, or how long before.
func (v *view) Answered(c counterpoint.TimeToCounter) string { return v.locale.answered(c) }

// Standing is how long an open narrative stands by now.
func (v *view) Standing(c counterpoint.TimeToCounter) string {
	_, total := v.locale.steps(c, v.Now)
	return total
}

// slotView is what the template of a slot gets.
type slotView struct {
	View   *view
	Slot   slot
	Grades []counterpoint.Grade
	To     string // the page that its forms come back to
}

// Slot pairs a slot with the view.
func (v *view) Slot(s slot, grades []counterpoint.Grade) slotView {
	return slotView{v, s, grades, v.slotsPath()}
}

// slotsPath is the list that a slot stands in: all stations', or one's.
func (v *view) slotsPath() string {
	if station := v.request.URL.Query().Get("station"); station != "" {
		return "/today?station=" + url.QueryEscape(station)
	}
	return "/today"
}

// Fields are the parameters of a filter, for hidden fields of a form.
func (f filter) Fields() map[string][]string { return f.values }
