package web

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/api"
)

// todayPage is the day sheet of a radio team: what is late, what comes, what went out.
type todayPage struct {
	Day    time.Time
	Stop   []slot // whose words were taken back: nobody reads them
	Late   []slot
	Next   []slot
	Done   []slot
	Rest   []slot // late or to come, in one line each
	More   int    // how many of those there are
	Import bool
	Report *playoutReport
	Grades []counterpoint.Grade
	One    bool // the page shows one airing only

	Station  string // whose slots are shown; empty is all
	Stations []stationTab
	Table    []slot // the day, by station and time
	Calendar string // address of the station's calendar
	Site     string
}

// stationTab is a station with how many slots it has to come or late.
type stationTab struct {
	ID      string
	Open    int
	Current bool
}

// slot is an airing with the words to read.
type slot struct {
	counterpoint.Airing
	Script  string
	Seconds int
	Stop    string // why the words are not to be read, a word of the family stop; empty is that they are
	Late    bool
	Open    bool // "went out" and "did not" can be said of it
	Now     bool // its time has come: the buttons are big
	Forms   bool // what became of it can be said here, and not on a page of its own
	// OtherDay says that its time is not today's, so that the date must be said.
	OtherDay bool
	When     string
	Attest   string
	State    string
}

func (p *Pages) today(r *request) error {
	v := r.page("today", "today.title")
	b, err := r.todayPage()
	if err != nil {
		return err
	}
	return r.show(v, b)
}

func (r *request) todayPage() (todayPage, error) {
	p, now := r.p, r.p.now()
	b := todayPage{Day: now.In(p.zone), Import: p.playout != nil && r.can(api.Air), Grades: byHand}
	n := &names{r: r}
	b.Station, b.Site = n.station(r.URL.Query().Get("station")), r.site()
	open, err := counterpoint.All[counterpoint.Airing](r.Context(), p.views(), counterpoint.Query{State: []string{string(counterpoint.Offered), string(counterpoint.Accepted)}})
	if err != nil {
		return b, err
	}
	day, err := p.dayAirings(r, now)
	if err != nil {
		return b, err
	}
	for _, list := range [][]counterpoint.Airing{open, day} {
		for i := range list {
			list[i].Station = n.station(list[i].Station)
		}
	}
	stand := r.place(&b, open, now)
	b.tabs(stand, day)
	for _, a := range b.ofStation(day) {
		if oneOf(a.State, counterpoint.Aired, counterpoint.Missed, counterpoint.Declined) {
			s := r.slot(a)
			s.Script = "" // it was read
			b.Done = append(b.Done, s)
		}
		if sameDay(a.Planned, now, p.zone) {
			b.Table = append(b.Table, r.slot(a))
		}
	}
	inTime := func(x, y slot) int { return byPlan(x.Airing, y.Airing) }
	slices.SortFunc(b.Stop, inTime)
	slices.SortFunc(b.Late, inTime)
	slices.SortFunc(b.Next, inTime)
	slices.SortFunc(b.Done, inTime)
	slices.SortFunc(b.Table, func(x, y slot) int { return cmp.Or(cmp.Compare(x.Station, y.Station), inTime(x, y)) })
	b.Stop, b.Rest = few(b.Stop, b.Rest)
	b.Late, b.Rest = few(b.Late, b.Rest)
	b.Next, b.Rest = few(b.Next, b.Rest)
	b.Done, _ = few(b.Done, nil)
	b.More = len(b.Rest)
	b.Rest, b.Table = b.Rest[:min(len(b.Rest), maxRows)], b.Table[:min(len(b.Table), tableRows)]
	_, source := n.allSources()[b.Station]
	known := source || slices.ContainsFunc(b.Stations, func(t stationTab) bool { return t.ID == b.Station })
	if b.Station != "" && known && r.can(api.Air) {
		key, err := p.desk.CalendarKey(r.Context(), r.call(), b.Station)
		if err != nil {
			return b, err
		}
		b.Calendar = calendarPath(key, b.Station)
	}
	return b, nil
}

// place puts the open slots of the page's station under what is taken back, late or to come. It returns those of every
// station that stand.
func (r *request) place(b *todayPage, open []counterpoint.Airing, now time.Time) (stand []counterpoint.Airing) {
	for _, a := range open {
		s := r.slot(a)
		if s.Stop == "" {
			stand = append(stand, a)
		}
		switch {
		case b.Station != "" && a.Station != b.Station:
		case s.Stop == "" && s.Late:
			b.Late = append(b.Late, s)
		case s.Stop == "":
			b.Next = append(b.Next, s)
		case a.Planned.After(now) || !s.OtherDay: // those of days gone by are nobody's work any more
			b.Stop = append(b.Stop, s)
		}
	}
	return stand
}

// stopped is why the words of a slot are not to be read: its message was withdrawn, closed, or is not approved any more.
// A slot that went out is a fact, whatever became of its message.
func stopped(a counterpoint.Airing, m counterpoint.Message) string {
	waits := oneOf(a.State, counterpoint.Offered, counterpoint.Accepted, counterpoint.Missed)
	if !waits || m.ID == "" || oneOf(m.State, counterpoint.Approved, counterpoint.Scheduled, counterpoint.OnAir) {
		return ""
	}
	return string(m.State)
}

// dayAirings are the slots that were planned for the day, and those that went out on it.
func (p *Pages) dayAirings(r *request, now time.Time) ([]counterpoint.Airing, error) {
	y, m, d := now.In(p.zone).Date()
	from := time.Date(y, m, d, 0, 0, 0, 0, p.zone)
	all, err := counterpoint.All[counterpoint.Airing](r.Context(), p.views(), counterpoint.Query{From: from.AddDate(0, 0, -7), To: from.AddDate(0, 0, 1)})
	return slices.DeleteFunc(all, func(a counterpoint.Airing) bool {
		return !sameDay(a.Planned, now, p.zone) && (a.Aired == nil || !sameDay(*a.Aired, now, p.zone))
	}), err
}

// tabs are the stations that have slots, by name.
func (b *todayPage) tabs(open, day []counterpoint.Airing) {
	n := map[string]int{}
	for _, a := range open {
		n[a.Station]++
	}
	for _, a := range day { // also those with nothing open
		n[a.Station] += 0
	}
	for _, id := range sorted(n) {
		b.Stations = append(b.Stations, stationTab{id, n[id], id == b.Station})
	}
}

func (b *todayPage) ofStation(list []counterpoint.Airing) []counterpoint.Airing {
	if b.Station == "" {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(a counterpoint.Airing) bool { return a.Station != b.Station })
}

func byPlan(x, y counterpoint.Airing) int {
	return cmp.Or(x.Planned.Compare(y.Planned), cmp.Compare(x.ID, y.ID))
}

// tableRows is how many slots the table of a day has.
const tableRows = 40

// wholeSlots is how many slots of a list are shown with their forms; the others are lines that lead to them.
const wholeSlots = 4

func few(list, rest []slot) (shown, more []slot) {
	n := min(len(list), wholeSlots)
	return list[:n], append(rest, list[n:]...)
}

func sameDay(a, b time.Time, zone *time.Location) bool {
	y1, m1, d1 := a.In(zone).Date()
	y2, m2, d2 := b.In(zone).Date()
	return y1 == y2 && m1 == m2 && d1 == d2
}

// lateAfter is how long after its time a slot is called late.
const lateAfter = 10 * time.Minute

// soon is how long before its time a slot's buttons become big.
const soon = 30 * time.Minute

func (r *request) slot(a counterpoint.Airing) slot {
	now := r.p.now()
	s := slot{Airing: a, State: string(a.State), Attest: r.locale.t("today.attested", r.by.Name)}
	s.Open = a.State == counterpoint.Offered || a.State == counterpoint.Accepted || a.State == counterpoint.Missed
	s.Late = s.Open && a.State != counterpoint.Missed && now.After(a.Planned.Add(lateAfter))
	s.OtherDay = !sameDay(a.Planned, now, r.p.zone)
	s.Now = s.Open && now.After(a.Planned.Add(-soon))
	s.Forms = s.Now
	when := a.Planned
	if when.After(now) {
		when = now
	}
	s.When = when.In(r.p.zone).Format(inputTime)
	m, err := counterpoint.Load[counterpoint.Message](r.Context(), r.p.views(), a.Message)
	r.p.missed("message", err)
	if x, ok := m.Variant(a.Lang); ok {
		s.Script, s.Seconds = x.Script, x.Seconds
	}
	if s.Stop = stopped(a, m); s.Stop != "" {
		s.Script, s.Late, s.Forms = "", false, false
	}
	return s
}

// airing shows one slot: where "went out" and "did not" come back to with what was wrong.
func (p *Pages) airing(r *request) error {
	a, err := counterpoint.Load[counterpoint.Airing](r.Context(), p.views(), r.PathValue("id"))
	if err != nil {
		return err
	}
	v := r.page("today", "airing.title", a.Code)
	s := r.slot(a)
	s.Forms = true
	b := todayPage{Day: p.now().In(p.zone), Grades: byHand, One: true}
	switch {
	case s.Late:
		b.Late = []slot{s}
	case s.Open:
		b.Next = []slot{s}
	default:
		b.Done = []slot{s}
	}
	return r.show(v, b)
}

// back is where a command on an airing was given from.
func (r *request) back(a api.Answer, word string) error {
	to := r.form.Value("to")
	if to == "" {
		to = "/today"
	}
	return r.to(local(to), "done", done(a, word))
}

func (p *Pages) acceptAiring(r *request) error {
	a, err := p.desk.AcceptAiring(r.Context(), r.call(), r.PathValue("id"))
	if err != nil {
		return r.again("accept", err, p.airing)
	}
	return r.back(a, "accepted")
}

func (p *Pages) declineAiring(r *request) error {
	a, err := p.desk.DeclineAiring(r.Context(), r.call(), r.PathValue("id"), r.form.Value("reason"))
	if err != nil {
		return r.again("decline", err, p.airing)
	}
	return r.back(a, "declined")
}

func (p *Pages) missAiring(r *request) error {
	a, err := p.desk.MissAiring(r.Context(), r.call(), r.PathValue("id"), r.form.Value("reason"))
	if err != nil {
		return r.again("miss-"+r.PathValue("id"), err, p.airing)
	}
	return r.back(a, "missed")
}

func (p *Pages) cancelAiring(r *request) error {
	a, err := p.desk.CancelAiring(r.Context(), r.call(), r.PathValue("id"), r.form.Value("reason"))
	if err != nil {
		return r.again("cancel", err, p.airing)
	}
	return r.back(a, "cancelled")
}

// byHand are the grades that a person can give: a line of the log that they quote, or their word. Better ones are given
// by what was compared: our own transcript with the words, the log of the live source with that of the items.
var byHand = []counterpoint.Grade{counterpoint.Logged, counterpoint.Attested}

// gradeByHand is what is wrong with the grade that was chosen for the evidence typed; nil is nothing.
func (r *request) gradeByHand() error {
	g := counterpoint.Grade(r.form.Value("grade"))
	switch {
	case !oneOf(g, byHand...):
		return counterpoint.Invalid{{Field: "grade", Message: r.locale.t("today.grade.hand")}}
	case g == counterpoint.Logged && r.form.Value("evidence") == r.locale.t("today.attested", r.by.Name):
		return counterpoint.Invalid{{Field: "evidence", Message: r.locale.t("today.evidence.log")}}
	}
	return nil
}

// proveAiring takes "went out": when, how good the proof is, and what it rests on.
func (p *Pages) proveAiring(r *request) error {
	formName := "prove-" + r.PathValue("id")
	aired := r.form.time("aired", p.zone)
	if len(r.form.errs) > 0 {
		bad := r.form.errs
		r.form.errs = nil
		return r.again(formName, bad, p.airing)
	}
	if err := r.gradeByHand(); err != nil {
		return r.again(formName, err, p.airing)
	}
	a, err := p.desk.ProveAiring(r.Context(), r.call(), r.PathValue("id"), counterpoint.Grade(r.form.Value("grade")), r.form.Value("evidence"), aired)
	if err != nil {
		return r.again(formName, err, p.airing)
	}
	return r.back(a, "proven")
}

// playoutReport is what became of a playout log, as the API answers it.
type playoutReport struct {
	Read     int                      `json:"read"`
	Proven   int                      `json:"proven"`
	Missed   int                      `json:"missed"`
	Problems []counterpoint.Rejection `json:"problems"`
}

func (p *Pages) importPlayout(r *request) error {
	if p.playout == nil {
		return counterpoint.ErrNotFound
	}
	csv, err := r.upload("log")
	if err != nil {
		return r.again("import", err, p.today)
	}
	answer, err := p.playout(r.Context(), r.by, csv, r.station(), r.form.Value("zone"))
	if err != nil {
		return r.again("import", err, p.today)
	}
	v := r.page("today", "today.title")
	b, err := r.todayPage()
	if err != nil {
		return err
	}
	if b.Report, err = reportOf(answer); err != nil {
		return err
	}
	return r.show(v, b)
}

func reportOf(answer any) (*playoutReport, error) {
	raw, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	var out playoutReport
	return &out, json.Unmarshal(raw, &out)
}

// upload is a file of the form, or the same words pasted into the field of that name.
func (r *request) upload(name string) (io.Reader, error) {
	if file, _, err := r.FormFile(name + "-file"); err == nil {
		return file, nil
	}
	if pasted := r.form.Value(name); pasted != "" {
		return strings.NewReader(pasted), nil
	}
	return nil, counterpoint.Invalid{{Field: name, Message: r.locale.t("import.empty")}}
}
