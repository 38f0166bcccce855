package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/api/ical"
)

// How far a station's calendar reaches.
const (
	calendarBack  = 31 * 24 * time.Hour
	calendarAhead = 366 * 24 * time.Hour
)

// calendarPath is the address of a station's calendar.
func calendarPath(key, station string) string {
	return "/calendar/" + key + "/" + url.PathEscape(station) + ".ics"
}

// calendar is the slots of one station, for who has the secret in the address.
func (p *Pages) calendar(r *request) error {
	station, ok := strings.CutSuffix(r.PathValue("station"), ".ics")
	if !ok {
		return counterpoint.ErrNotFound
	}
	if err := p.desk.CheckCalendarKey(r.Context(), station, r.PathValue("key")); err != nil {
		return err
	}
	now, n := p.now(), &names{r: r}
	airings, err := counterpoint.All[counterpoint.Airing](r.Context(), p.views(), counterpoint.Query{Station: n.alike(station), From: now.Add(-calendarBack), To: now.Add(calendarAhead)})
	if err != nil {
		return err
	}
	slices.SortFunc(airings, byPlan)
	events := make([]ical.Event, len(airings))
	for i, a := range airings {
		if events[i], err = r.event(n, a); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := ical.Write(&b, r.locale.t("calendar.name", n.source(station)), events); err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	h := r.w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Cache-Control", "private, no-cache") // asked again each time, and sent only when it changed
	h.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(r.w, r.Request, "slots.ics", time.Time{}, bytes.NewReader(b.Bytes()))
	return nil
}

// event is a slot as a calendar has it. What the message answers stands in no calendar: its title may repeat what was
// said.
func (r *request) event(n *names, a counterpoint.Airing) (ical.Event, error) {
	m, err := counterpoint.Load[counterpoint.Message](r.Context(), r.p.views(), a.Message)
	if err != nil {
		return ical.Event{}, err
	}
	v, _ := m.Variant(a.Lang)
	length := max(time.Minute, time.Duration(v.Seconds)*time.Second)
	e := ical.Event{
		ID: a.ID, Sequence: a.Version - 1, Changed: a.Changed(), Start: a.Planned, End: a.Planned.Add(length), Status: certainty(a.State),
		Summary:     r.locale.t("calendar.slot", spoken(a.Code), r.locale.language(a.Lang), r.locale.span(time.Duration(v.Seconds)*time.Second)),
		Description: r.locale.t("calendar.about", a.Code), Place: n.source(n.station(a.Station)), URL: r.site() + "/airings/" + a.ID,
	}
	if stopped(a, m) != "" { // recalled: the slots stand, their words do not
		e.Status, e.Sequence = ical.Cancelled, a.Version
	}
	return e, nil
}

func certainty(s counterpoint.AiringState) ical.Status {
	switch s {
	case counterpoint.Offered:
		return ical.Tentative
	case counterpoint.Declined, counterpoint.Cancelled:
		return ical.Cancelled
	}
	return ical.Confirmed
}

// spoken is a code as one reads it out: in two halves.
func spoken(code string) string {
	if len(code) != 6 {
		return code
	}
	return code[:3] + " " + code[3:]
}

// site is where these pages are, as the browser has it.
func (r *request) site() string {
	if r.p.secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (p *Pages) renewCalendar(r *request) error {
	station := (&names{r: r}).station(r.form.Value("station"))
	if err := p.desk.RenewCalendarKey(r.Context(), r.call(), station); err != nil {
		return err
	}
	return r.to("/today", "station", station, "done", "renewed")
}
