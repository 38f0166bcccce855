package respond

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"counterpoint"
)

// SlotWindow is how far from the planned time a play may lie to be taken for the airing by its message alone.
const SlotWindow = 15 * time.Minute

// CodeWindow is how far it may lie when it carries the airing's own code or id. A replay of the same file on
// another day is another airing.
const CodeWindow = 12 * time.Hour

// CutShort is the share of the planned reading time, or of the script, below which a message was cut short.
const CutShort = 0.9

// Result is what one line of a log says. A line without Airing and without Problem is none of ours.
type Result struct {
	Row      Row
	Airing   string // Airing.ID, empty where the line proves none
	Grade    counterpoint.Grade
	Evidence string
	CutShort bool
	Problem  string // why a line that is ours proves nothing, for a person to look at
	Missed   string // why the airing did not go out, as the line has it
	Known    bool   // the line was imported before
}

// Match says which airing each row proves. A row proves one airing at most, and an airing takes one row of a
// log at most; whatever could be meant for two is a problem for a person. Rows are matched by the airing's code
// (also inside the title), then by its id, then by message and station within SlotWindow.
func Match(rows []Row, airings []counterpoint.Airing, messages []counterpoint.Message) []Result {
	m := newMatcher(airings, messages)
	out := make([]Result, len(rows))
	claims := map[string][]int{} // airing to the rows that could be it
	for i, row := range rows {
		out[i].Row = row
		if a, problem := m.find(row); problem != "" {
			out[i].Problem = problem
		} else if a != nil {
			claims[a.ID] = append(claims[a.ID], i)
		}
	}
	for id, is := range claims {
		m.settle(m.byID[id], is, out)
	}
	return out
}

type matcher struct {
	byID   map[string]*counterpoint.Airing
	byCode map[string][]*counterpoint.Airing
	bySlot map[string][]*counterpoint.Airing // message and station, by planned time
	byPlay map[play]*counterpoint.Airing     // plays of a log that prove an airing already
	words  map[string]counterpoint.Message
}

func newMatcher(airings []counterpoint.Airing, messages []counterpoint.Message) *matcher {
	m := &matcher{
		byID: map[string]*counterpoint.Airing{}, byCode: map[string][]*counterpoint.Airing{}, bySlot: map[string][]*counterpoint.Airing{},
		byPlay: map[play]*counterpoint.Airing{}, words: map[string]counterpoint.Message{},
	}
	for i := range airings {
		a := &airings[i]
		m.byID[a.ID] = a
		m.byCode[a.Code] = append(m.byCode[a.Code], a)
		slot := slotKey(a.Message, a.Station)
		m.bySlot[slot] = append(m.bySlot[slot], a)
		for _, p := range a.Proofs {
			if fromLog(p) {
				m.byPlay[play{slot, p.Aired.UnixNano()}] = a
			}
		}
	}
	for _, as := range m.bySlot {
		slices.SortFunc(as, func(a, b *counterpoint.Airing) int { return a.Planned.Compare(b.Planned) })
	}
	for _, x := range messages {
		m.words[x.ID] = x
	}
	return m
}

// play is one play of a message on a station.
type play struct {
	slot string
	at   int64
}

func slotKey(message, station string) string { return message + "\x00" + counterpoint.Fold(station) }

// find is the airing the row is about, nil where it is none of ours.
func (m *matcher) find(row Row) (*counterpoint.Airing, string) {
	if code := codeOf(row.Code); code != "" {
		return m.named(row, m.byCode[code], "code "+clip(row.Code))
	}
	for _, word := range strings.FieldsFunc(row.Title, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if as := m.byCode[strings.ToUpper(word)]; len(as) > 0 {
			return m.named(row, as, "code "+word+" in the title")
		}
	}
	if row.Airing != "" {
		var as []*counterpoint.Airing
		if a := m.byID[row.Airing]; a != nil {
			as = append(as, a)
		}
		return m.named(row, as, "airing "+clip(row.Airing))
	}
	if row.Message != "" {
		return m.slotted(row)
	}
	return nil, ""
}

// codeOf is a code as people and playout systems write it: KX2 9PM, kx2-9pm.
func codeOf(s string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' || r == '_' {
			return -1
		}
		return r
	}, s))
}

// named is the airing that the row names itself.
func (m *matcher) named(row Row, as []*counterpoint.Airing, by string) (*counterpoint.Airing, string) {
	if len(as) == 0 {
		return nil, by + " is of no airing"
	}
	if len(as) > 1 {
		as = slices.DeleteFunc(slices.Clone(as), func(a *counterpoint.Airing) bool { return far(row, a) > CodeWindow || otherStation(row, a) })
		if len(as) != 1 {
			return nil, by + " is of several airings; say which by the airing's id"
		}
	}
	a := as[0]
	switch {
	case otherStation(row, a):
		return nil, fmt.Sprintf("%s is of an airing on %s, the line is of %s", by, a.Station, clip(row.Station))
	case row.Lang != "" && row.Lang != a.Lang:
		return nil, fmt.Sprintf("%s is of an airing in %s, the line says %s", by, a.Lang, row.Lang)
	case row.Message != "" && row.Message != a.Message:
		return nil, fmt.Sprintf("%s is of message %s, the line says %s", by, a.Message, clip(row.Message))
	case far(row, a) > CodeWindow:
		return nil, fmt.Sprintf("%s is of an airing planned for %s; a play on another day is an airing of its own: offer it and prove that", by, when(a.Planned))
	}
	return a, ""
}

// slotted is the airing of the message on the station at about that time.
func (m *matcher) slotted(row Row) (*counterpoint.Airing, string) {
	if _, ok := m.words[row.Message]; !ok {
		return nil, fmt.Sprintf("message %s is not known", clip(row.Message))
	}
	if row.Station == "" {
		return nil, "the line names a message and no station"
	}
	slot := slotKey(row.Message, row.Station)
	if a := m.byPlay[play{slot, row.Aired.UnixNano()}]; a != nil {
		return a, ""
	}
	var near []*counterpoint.Airing
	as := m.bySlot[slot]
	from, _ := slices.BinarySearchFunc(as, row.Aired.Add(-SlotWindow), func(a *counterpoint.Airing, t time.Time) int { return a.Planned.Compare(t) })
	for _, a := range as[from:] {
		if a.Planned.Sub(row.Aired) > SlotWindow {
			break
		}
		if (row.Lang == "" || row.Lang == a.Lang) && provable(a) {
			near = append(near, a)
		}
	}
	switch len(near) {
	case 0:
		return nil, fmt.Sprintf("no airing of message %s on %s is planned within %v of %s", clip(row.Message), clip(row.Station), SlotWindow, when(row.Aired))
	case 1:
		return near[0], ""
	}
	codes := make([]string, len(near))
	for i, a := range near {
		codes[i] = fmt.Sprintf("%s (%s at %s)", a.Code, a.Lang, when(a.Planned))
	}
	slices.Sort(codes)
	return nil, "could be any of the airings " + strings.Join(codes, ", ") + "; add a column code"
}

// settle gives the airing one of the rows that are about it.
func (m *matcher) settle(a *counterpoint.Airing, is []int, out []Result) {
	slices.SortFunc(is, func(i, j int) int {
		x, y := out[i].Row, out[j].Row
		return cmp.Or(order(x.Off, y.Off), cmp.Compare(far(x, a), far(y, a)), cmp.Compare(gradeOf(x), gradeOf(y)), cmp.Compare(i, j))
	})
	best := is[0]
	for _, i := range is {
		r := &out[i]
		switch {
		case i != best && r.Row.Aired.Equal(out[best].Row.Aired):
			r.Problem = fmt.Sprintf("says the same as line %d", out[best].Row.Line)
		case i != best:
			r.Problem = fmt.Sprintf("airing %s is proven by line %d; another play is an airing of its own: offer it and prove that", a.Code, out[best].Row.Line)
		default:
			m.prove(a, r)
		}
	}
}

func (m *matcher) prove(a *counterpoint.Airing, r *Result) {
	grade := gradeOf(r.Row)
	if r.Row.Off != "" {
		m.miss(a, r)
		return
	}
	if logged(a, r.Row, grade) {
		r.Known, r.Problem = true, fmt.Sprintf("airing %s has this proof already", a.Code)
		return
	}
	if !provable(a) {
		r.Problem = fmt.Sprintf("airing %s is %s; its state does not allow a proof", a.Code, a.State)
		return
	}
	if used := m.usedElsewhere(a, r.Row); used != nil {
		r.Known, r.Problem = true, fmt.Sprintf("the line has proven airing %s already", used.Code)
		return
	}
	r.Airing, r.Grade = a.ID, grade
	r.Evidence, r.CutShort = m.evidence(a, r.Row)
}

// order puts what was heard before what was not.
func order(x, y string) int {
	switch {
	case (x == "") == (y == ""):
		return 0
	case x == "":
		return -1
	}
	return 1
}

// miss says that the log has the airing and that it was not heard. What is proven otherwise stays proven.
func (m *matcher) miss(a *counterpoint.Airing, r *Result) {
	switch a.State {
	case counterpoint.Missed:
		r.Known, r.Problem = true, fmt.Sprintf("airing %s is known to have been missed", a.Code)
	case counterpoint.Offered, counterpoint.Accepted:
		r.Airing, r.Missed = a.ID, fmt.Sprintf("playout log, line %d; %s", r.Row.Line, r.Row.Off)
	default:
		r.Problem = fmt.Sprintf("airing %s is %s, and this line says it was not heard (%s)", a.Code, a.State, r.Row.Off)
	}
}

func provable(a *counterpoint.Airing) bool {
	return slices.Contains([]counterpoint.AiringState{counterpoint.Offered, counterpoint.Accepted, counterpoint.Missed, counterpoint.Aired}, a.State)
}

// logged reports whether the airing has a proof as good from the same play of a log.
func logged(a *counterpoint.Airing, row Row, grade counterpoint.Grade) bool {
	return slices.ContainsFunc(a.Proofs, func(p counterpoint.Proof) bool {
		return fromLog(p) && p.Aired.Equal(row.Aired) && p.Grade <= grade
	})
}

func fromLog(p counterpoint.Proof) bool {
	return p.Grade == counterpoint.LiveOff || p.Grade == counterpoint.Logged
}

func (m *matcher) usedElsewhere(a *counterpoint.Airing, row Row) *counterpoint.Airing {
	if o := m.byPlay[play{slotKey(a.Message, a.Station), row.Aired.UnixNano()}]; o != nil && o.ID != a.ID {
		return o
	}
	return nil
}

func gradeOf(row Row) counterpoint.Grade {
	if row.Live == LiveOff {
		return counterpoint.LiveOff
	}
	return counterpoint.Logged
}

// evidence is what a person reads beside the grade: where it stands, what weakens it, and the line itself.
func (m *matcher) evidence(a *counterpoint.Airing, row Row) (text string, cut bool) {
	place := fmt.Sprintf("playout log, line %d", row.Line)
	if row.File != "" {
		place = fmt.Sprintf("playout log %s, line %d", clip(row.File), row.Line)
	}
	said := []string{place}
	switch {
	case row.Live == LiveOff:
		said = append(said, "live source off")
	case row.Live == LiveOn && row.LiveText != "":
		said = append(said, row.LiveText+" and may have covered it")
	case row.Live == LiveOn:
		said = append(said, fmt.Sprintf("a live source was on air at %s and may have covered it", when(row.Aired)))
	case row.LiveText != "":
		said = append(said, fmt.Sprintf("live source %q is not understood", row.LiveText))
	default:
		said = append(said, "live source unknown")
	}
	whole := row.Whole.Seconds()
	if whole == 0 {
		whole = float64(m.seconds(a))
	}
	got := row.Duration.Seconds()
	switch {
	case row.Cut != "":
		cut, said = true, append(said, row.Cut)
	case whole > 0 && row.Duration > 0 && got < CutShort*whole:
		cut, said = true, append(said, fmt.Sprintf("cut short: %.0f s of %.0f s", got, whole))
	}
	return strings.Join(said, "; ") + ": " + clip(strings.TrimSpace(row.Text)), cut
}

func (m *matcher) seconds(a *counterpoint.Airing) int {
	words := m.words[a.Message]
	v, _ := words.Variant(a.Lang)
	return v.Seconds
}

func far(row Row, a *counterpoint.Airing) time.Duration { return row.Aired.Sub(a.Planned).Abs() }

func otherStation(row Row, a *counterpoint.Airing) bool {
	return row.Station != "" && counterpoint.Fold(row.Station) != counterpoint.Fold(a.Station)
}

func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
