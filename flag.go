package counterpoint

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"
	"time"
)

// FlagState is where a flag stands in review.
type FlagState string

// The states of a flag. Lapsed is an undecided flag that the newest assessment no longer raises.
const (
	Open         FlagState = "open"
	NeedsContext FlagState = "needs-context"
	Confirmed    FlagState = "confirmed"
	Rejected     FlagState = "rejected"
	Duplicate    FlagState = "duplicate"
	Lapsed       FlagState = "lapsed"
)

// FlagStates lists them in the order of a queue.
var FlagStates = []FlagState{Open, NeedsContext, Confirmed, Rejected, Duplicate, Lapsed}

// LeaseTime is how long a lease keeps a flag for one reviewer.
const LeaseTime = 30 * time.Minute

// Lease keeps others from deciding while one person reads.
type Lease struct {
	By    string    `json:"by"`
	Until time.Time `json:"until"`
}

// Note is a reviewer's remark or translation.
type Note struct {
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	Lang string    `json:"lang,omitempty"` // set for a translation: the language it is in
}

// Flag is a passage before people who decide. The fields down to Labels are derived from its two halves by
// settle; nothing else writes them.
type Flag struct {
	ID        string            `json:"id"`
	State     FlagState         `json:"state"`
	Level     int               `json:"level"`
	Priority  float64           `json:"priority"`
	Factors   Factors           `json:"factors"`
	Item      string            `json:"item"`
	Source    string            `json:"source"`
	Title     string            `json:"title"`
	Lang      string            `json:"lang"`
	StartMS   *int64            `json:"start_ms"`
	EndMS     *int64            `json:"end_ms"`
	Audio     string            `json:"audio,omitempty"`
	Heard     *time.Time        `json:"heard"`
	Precision Precision         `json:"precision"`
	Seen      time.Time         `json:"seen"`
	Flagged   time.Time         `json:"flagged"`
	Text      string            `json:"text"`
	Stance    Stance            `json:"stance"`
	Basis     Basis             `json:"basis"`
	Quality   Quality           `json:"quality"`
	Scores    map[Label]float64 `json:"scores"`
	Findings  []Finding         `json:"findings"`
	Against   []Finding         `json:"against"`
	Labels    []Label           `json:"labels"`
	Example   bool              `json:"example,omitempty"`

	// The machine's half: commutative across items.
	Sightings []Sighting  `json:"sightings"`
	Past      []Sighting  `json:"past,omitempty"` // sightings that a newer assessment no longer has
	History   []FlagScore `json:"history"`        // one per assessment of the passage

	// The people's half: in the order of the decisions log.
	Version     int        `json:"version"` // 1 when raised, one more with each event
	Decision    FlagState  `json:"decision,omitempty"`
	Reviews     []Review   `json:"reviews,omitempty"`
	Narrative   string     `json:"narrative,omitempty"`
	Lease       *Lease     `json:"lease,omitempty"`
	Notes       []Note     `json:"notes,omitempty"`
	ConfirmedAt *time.Time `json:"confirmed_at"`
	ByHand      *Sighting  `json:"by_hand,omitempty"` // the passage a person flagged
}

// FlagScore is one assessment's word on the passage.
type FlagScore struct {
	Item     string            `json:"item"`
	Revision string            `json:"revision"`
	At       time.Time         `json:"at"`
	Level    int               `json:"level"`
	Scores   map[Label]float64 `json:"scores"`
	Versions map[string]string `json:"versions"`
}

// Ref names the flag and its version.
func (f *Flag) Ref() Ref { return Ref{KindFlag, f.ID, f.Version} }

// ---- the machine's half

// Sight adds a passage that was heard, or brings the newer assessment of one that overlaps it in the same
// item. Sighting twice is sighting once.
func (f *Flag) Sight(s Sighting) {
	if f.Version == 0 {
		f.Version = 1
	}
	f.History = addScore(f.History, s)
	kept := f.Sightings[:0:0]
	for _, o := range f.Sightings {
		if o.Item == s.Item && (o.Overlaps(s) || o.Revision != s.Revision) {
			s.Flagged = earliest(s.Flagged, o.Flagged)
			s.Seen = earliest(s.Seen, o.Seen)
			continue
		}
		kept = append(kept, o)
	}
	for _, o := range f.Past { // raised again after it lapsed: it was known since the first time
		if o.Overlaps(s) {
			s.Flagged = earliest(s.Flagged, o.Flagged)
			s.Seen = earliest(s.Seen, o.Seen)
		}
	}
	f.Past = without(f.Past, s)
	f.Sightings = append(kept, s)
	f.settle()
}

// Unsight takes away the passage of an item that the newest assessment no longer has. The flag keeps it as
// past; an undecided flag without a sighting lapses.
func (f *Flag) Unsight(item string, from, to int) {
	kept := f.Sightings[:0:0]
	for _, o := range f.Sightings {
		if o.Item == item && o.From <= to && from <= o.To {
			f.Past = append(without(f.Past, o), o)
			continue
		}
		kept = append(kept, o)
	}
	f.Sightings = kept
	f.settle()
}

func without(list []Sighting, s Sighting) []Sighting {
	return slices.DeleteFunc(slices.Clone(list), func(o Sighting) bool { return o.Item == s.Item && o.Overlaps(s) })
}

func addScore(list []FlagScore, s Sighting) []FlagScore {
	n := FlagScore{s.Item, s.Revision, s.Flagged, s.Level, s.Scores, s.Versions}
	list = slices.Clone(list)
	same := func(o FlagScore) bool {
		return o.Item == n.Item && o.Revision == n.Revision && maps.Equal(o.Versions, n.Versions)
	}
	switch i := slices.IndexFunc(list, same); {
	case i < 0:
		list = append(list, n)
	case n.At.Before(list[i].At):
		list[i] = n
	default:
		return list
	}
	slices.SortFunc(list, compareScores)
	return list
}

// compareScores is total over what addScore keeps apart, so that the order of arrival leaves no trace.
func compareScores(a, b FlagScore) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Item, b.Item), cmp.Compare(a.Revision, b.Revision),
		cmp.Compare(fmt.Sprint(a.Versions), fmt.Sprint(b.Versions)))
}

func earliest(a, b time.Time) time.Time {
	if b.IsZero() || (!a.IsZero() && a.Before(b)) {
		return a
	}
	return b
}

// settle derives the visible fields from the two halves.
func (f *Flag) settle() {
	sort.Slice(f.Sightings, func(i, j int) bool { return before(f.Sightings[i], f.Sightings[j]) })
	sort.Slice(f.Past, func(i, j int) bool { return before(f.Past[i], f.Past[j]) })
	f.State = f.state()
	defer f.fill()
	shown := f.shown()
	if shown == nil {
		return
	}
	f.Item, f.Source, f.Title, f.Lang = shown.Item, shown.Source, shown.Title, shown.Lang
	f.StartMS, f.EndMS, f.Audio = shown.StartMS, shown.EndMS, shown.Audio
	f.Heard, f.Precision, f.Seen, f.Flagged = shown.Heard, shown.Precision, shown.Seen, shown.Flagged
	f.Text, f.Stance, f.Basis, f.Quality = shown.Text, shown.Stance, shown.Basis, shown.Quality
	f.Scores, f.Findings, f.Against, f.Labels = shown.Scores, shown.Findings, shown.Against, labelsOf(shown.Findings)
	f.Level, f.Example = shown.Level, shown.Example
	for _, s := range f.heardIn() {
		f.Level = max(f.Level, s.Level)
		f.Seen, f.Flagged = earliest(f.Seen, s.Seen), earliest(f.Flagged, s.Flagged)
	}
	f.Factors = factorsOf(f)
	f.Priority = f.Factors.Product()
}

// fill keeps lists from being null in JSON.
func (f *Flag) fill() {
	if f.Findings == nil {
		f.Findings = []Finding{}
	}
	if f.Against == nil {
		f.Against = []Finding{}
	}
	if f.Labels == nil {
		f.Labels = []Label{}
	}
	if f.Sightings == nil {
		f.Sightings = []Sighting{}
	}
	if f.History == nil {
		f.History = []FlagScore{}
	}
	if f.Scores == nil {
		f.Scores = map[Label]float64{}
	}
}

func before(a, b Sighting) bool {
	at := func(s Sighting) time.Time {
		if s.Heard != nil {
			return *s.Heard
		}
		return s.Seen
	}
	if !at(a).Equal(at(b)) {
		return at(a).Before(at(b))
	}
	if a.Item != b.Item {
		return a.Item < b.Item
	}
	return a.From < b.From
}

// heardIn are the passages the flag stands for: those heard now and the one a person flagged, else those
// heard once, else the one a person judged.
func (f *Flag) heardIn() []Sighting {
	heard := slices.Clip(f.Sightings)
	if f.ByHand != nil {
		heard = append(heard, *f.ByHand)
	}
	if len(heard) > 0 {
		return heard
	}
	if len(f.Past) > 0 {
		return f.Past
	}
	for i := len(f.Reviews) - 1; i >= 0; i-- {
		if j := f.Reviews[i].Judged; j != nil {
			return []Sighting{*j}
		}
	}
	return nil
}

// shown is the passage people see: the one judged while a decision stands, else the earliest heard.
func (f *Flag) shown() *Sighting {
	if j := f.judged(); j != nil {
		return j
	}
	if s := f.heardIn(); len(s) > 0 {
		return &s[0]
	}
	return nil
}

// counted are the passages whose times a narrative's clock starts from. What a person confirmed counts also
// when a newer assessment no longer raises it.
func (f *Flag) counted() []Sighting {
	list := slices.Clip(f.heardIn())
	if f.ConfirmedAt == nil {
		return list
	}
	list = append(list, f.Past...)
	for _, r := range f.Reviews {
		if r.Decision == Confirmed && r.Judged != nil {
			list = append(list, *r.Judged)
		}
	}
	return list
}

func (f *Flag) state() FlagState {
	decided := f.Decision
	if decided == "" {
		decided = Open
	}
	if decided != Open && decided != NeedsContext && f.revised() {
		return Open
	}
	if decided == Open && len(f.Sightings) == 0 && f.ByHand == nil {
		return Lapsed
	}
	return decided
}

// judged is the passage of the decision that stands, nil where none stands or its words were erased.
func (f *Flag) judged() *Sighting {
	switch f.State {
	case Confirmed, Rejected, Duplicate:
		if j := f.Judgement(); j != nil && j.Judged != nil && j.Judged.Text != "" {
			return j.Judged
		}
	}
	return nil
}

// revised reports whether the passage that was decided on has other words in a newer revision of its item.
func (f *Flag) revised() bool {
	j := f.Judgement()
	if j == nil || j.Judged == nil || j.Judged.Text == "" {
		return false
	}
	changed, key := false, j.Judged.Key()
	for _, s := range f.Sightings {
		if s.Item != j.Judged.Item || s.Revision == j.Judged.Revision {
			continue
		}
		if s.Key() == key {
			return false
		}
		changed = true
	}
	return changed
}

// Revised reports whether the flag is open again because the words changed after the last decision.
func (f *Flag) Revised() bool {
	return f.State == Open && f.Decision != "" && f.Decision != Open && f.revised()
}

// ---- the people's half: guards make events, apply follows them

func (f *Flag) event(typ, by string, now time.Time, data any) Event {
	e := newEvent(typ, by, now, f.Ref(), data)
	if s := f.shown(); s != nil {
		judged := *s
		e.Judged, e.SealedFor = &judged, s.Item
	}
	return e
}

func (f *Flag) free(by string, now time.Time) error {
	if l := f.Lease; l != nil && l.By != by && now.Before(l.Until) {
		return fmt.Errorf("somebody else has this flag until %s: %w", l.Until.UTC().Format("15:04 UTC"), ErrConflict)
	}
	return nil
}

func (f *Flag) decidable(by string, now time.Time) error {
	if err := f.free(by, now); err != nil {
		return err
	}
	switch f.State {
	case Open, NeedsContext, Lapsed:
		return nil
	}
	return fmt.Errorf("the flag is already %s; reopen it first: %w", f.State, ErrConflict)
}

// TakeLease keeps the flag for by until now + LeaseTime. Taking one's own lease again renews it.
func (f *Flag) TakeLease(by string, now time.Time) (Event, error) {
	if err := f.decidable(by, now); err != nil {
		return Event{}, err
	}
	return newEvent("flag.lease", by, now, f.Ref(), Lease{by, now.Add(LeaseTime).UTC()}), nil
}

// Confirm records that the passage is what it was flagged for, with all six parts of the Rabat test. level
// is empty to take what the answers propose; to differ, give a reason.
func (f *Flag) Confirm(by string, now time.Time, r Rabat, level RabatLevel, reason string) (Event, error) {
	if err := f.decidable(by, now); err != nil {
		return Event{}, err
	}
	if err := r.Check(); err != nil {
		return Event{}, err
	}
	switch level {
	case "":
		level = r.Level()
	case Top, Intermediate, Bottom:
		if level != r.Level() && strings.TrimSpace(reason) == "" {
			return Event{}, Invalid{{"reason", fmt.Sprintf("the answers propose %s; say why you choose %s", r.Level(), level)}}
		}
	default:
		return Event{}, Invalid{{"level", "must be top, intermediate or bottom"}}
	}
	return f.event("flag.confirm", by, now, Review{Decision: Confirmed, Rabat: &r, Level: level, Reason: reason}), nil
}

// Reject records that the passage is not what it was flagged for, and why.
func (f *Flag) Reject(by string, now time.Time, reason string) (Event, error) {
	if err := f.decidable(by, now); err != nil {
		return Event{}, err
	}
	if strings.TrimSpace(reason) == "" {
		return Event{}, Invalid{{"reason", "say why the passage is not hateful or inciting"}}
	}
	return f.event("flag.reject", by, now, Review{Decision: Rejected, Reason: reason}), nil
}

// AskContext records that the flag cannot be decided without somebody's help: whom was asked, and by when.
func (f *Flag) AskContext(by string, now time.Time, asked string, due *time.Time, reason string) (Event, error) {
	if err := f.decidable(by, now); err != nil {
		return Event{}, err
	}
	if strings.TrimSpace(asked) == "" {
		return Event{}, Invalid{{"asked", "say whom you asked"}}
	}
	if err := credible("due", due); err != nil {
		return Event{}, err
	}
	return f.event("flag.needs-context", by, now, Review{Decision: NeedsContext, Asked: asked, Due: due, Reason: reason}), nil
}

// MarkDuplicate records that another flag stands for the same thing.
func (f *Flag) MarkDuplicate(by string, now time.Time, of string) (Event, error) {
	if err := f.decidable(by, now); err != nil {
		return Event{}, err
	}
	if of == "" || of == f.ID {
		return Event{}, Invalid{{"of", "name the other flag"}}
	}
	return f.event("flag.duplicate", by, now, Review{Decision: Duplicate, Of: of}), nil
}

// Reopen takes a decision back.
func (f *Flag) Reopen(by string, now time.Time, reason string) (Event, error) {
	if err := f.free(by, now); err != nil {
		return Event{}, err
	}
	switch f.State {
	case Confirmed, Rejected, Duplicate, NeedsContext:
	default:
		return Event{}, fmt.Errorf("the flag is %s, there is no decision to take back: %w", f.State, ErrConflict)
	}
	return f.event("flag.reopen", by, now, Review{Decision: Open, Reason: reason}), nil
}

// Link ties the flag to a narrative.
func (f *Flag) Link(by string, now time.Time, narrative string) (Event, error) {
	if err := f.free(by, now); err != nil {
		return Event{}, err
	}
	if narrative == "" {
		return Event{}, Invalid{{"narrative", "name the narrative"}}
	}
	if f.State == Rejected || f.State == Duplicate {
		return Event{}, fmt.Errorf("the flag is %s; reopen it before linking: %w", f.State, ErrConflict)
	}
	return newEvent("flag.link", by, now, f.Ref(), map[string]string{"narrative": narrative}), nil
}

// AddNote adds a remark or, with a language, a translation.
func (f *Flag) AddNote(by string, now time.Time, text, lang string) (Event, error) {
	if strings.TrimSpace(text) == "" {
		return Event{}, Invalid{{"text", "must not be empty"}}
	}
	if lang != "" {
		code, ok := Lang(lang)
		if !ok {
			return Event{}, Invalid{{"lang", lang + " is not an ISO 639 code"}}
		}
		lang = code
	}
	e := f.event("flag.note", by, now, Note{Text: text, Lang: lang})
	e.Judged = nil // a note judges nothing, but it may quote
	return e, nil
}

// RaiseByHand is the event of a person flagging a passage the machine did not. level is their first reading.
func RaiseByHand(by string, now time.Time, s Sighting, level int, reason string) (Event, error) {
	if level < 1 || level > 3 {
		return Event{}, Invalid{{"level", "must be 1 (hate), 2 (threatens or dehumanizes) or 3 (calls for harm)"}}
	}
	s.Level, s.Basis, s.Stance, s.ByHand, s.Flagged = level, ByHand, Assert, true, now.UTC()
	id := ID("flag", "by hand", s.Item, fmt.Sprint(s.From), fmt.Sprint(s.To), s.Key())
	e := newEvent("flag.raise", by, now, Ref{KindFlag, id, 0}, Note{Text: reason})
	e.Judged, e.SealedFor = &s, s.Item
	return e, nil
}

func (f *Flag) apply(e Event) error {
	switch e.Type {
	case "flag.raise":
		var n Note
		if err := e.data(&n); err != nil {
			return err
		}
		f.ByHand = e.Judged
		if n.Text != "" {
			f.Notes = append(f.Notes, Note{By: e.By, At: e.At, Text: n.Text})
		}
	case "flag.lease":
		var l Lease
		if err := e.data(&l); err != nil {
			return err
		}
		f.Lease = &l
	case "flag.confirm", "flag.reject", "flag.needs-context", "flag.duplicate", "flag.reopen":
		var r Review
		if err := e.data(&r); err != nil {
			return err
		}
		r.By, r.At, r.Judged = e.By, e.At, e.Judged
		f.Decision, f.Lease = r.Decision, nil
		f.Reviews = append(f.Reviews, r)
		switch {
		case r.Decision != Confirmed:
			f.ConfirmedAt = nil
		case f.ConfirmedAt == nil: // confirmed again after a revision, the first time stands
			at := e.At
			f.ConfirmedAt = &at
		}
	case "flag.link":
		var d struct{ Narrative string }
		if err := e.data(&d); err != nil {
			return err
		}
		f.Narrative = d.Narrative
	case "flag.note":
		var n Note
		if err := e.data(&n); err != nil {
			return err
		}
		n.By, n.At = e.By, e.At
		f.Notes = append(f.Notes, n)
	default:
		return e.unknown()
	}
	f.Version++
	f.settle()
	return nil
}

// Judgement is the last decision of a person, nil where there is none.
func (f *Flag) Judgement() *Review {
	if len(f.Reviews) == 0 {
		return nil
	}
	return &f.Reviews[len(f.Reviews)-1]
}

// ---- priority

// Factors are what the priority is the product of. All are shown, never the product alone. Each is a count, a
// minimum or a maximum over the sightings, so that the order of arrival does not matter.
type Factors struct {
	Weight        float64 `json:"weight"`        // 8, 3, 1 for level 3, 2, 1, or for top, intermediate, bottom once a person set it
	Imminence     float64 `json:"imminence"`     // 3 names a time, place or meeting, 2 calls to act, 1 neither
	Reach         float64 `json:"reach"`         // log10 of listeners or followers, 1 to 5; 2 when unknown
	Corroboration float64 `json:"corroboration"` // independent owners, 1 to 3
	Quality       float64 `json:"quality"`       // good 1, weak 0.5, unusable 0
}

// Product is the priority.
func (f Factors) Product() float64 {
	return f.Weight * f.Imminence * f.Reach * f.Corroboration * f.Quality
}

func factorsOf(f *Flag) Factors {
	x := Factors{Weight: weightOf(f), Imminence: 1, Reach: 1}
	owners := map[string]bool{}
	rank := 0
	for _, s := range f.heardIn() {
		owners[s.Owner] = true
		x.Imminence = max(x.Imminence, float64(s.Imminence))
		x.Reach = max(x.Reach, reachClass(s.Reach))
		rank = max(rank, qualityRank(s.Quality))
	}
	x.Corroboration = float64(min(3, max(1, len(owners))))
	x.Quality = float64(rank) / 2
	return x
}

func weightOf(f *Flag) float64 {
	if j := f.Judgement(); j != nil && f.State == Confirmed {
		return map[RabatLevel]float64{Top: 8, Intermediate: 3, Bottom: 1}[j.Level]
	}
	return []float64{0, 1, 3, 8}[min(3, max(0, f.Level))]
}

func reachClass(n int) float64 {
	if n <= 0 {
		return 2
	}
	return math.Min(5, math.Max(1, math.Floor(math.Log10(float64(n)))))
}

// First reports whether the flag goes before all others whatever its product: a call for harm that names a
// time or place.
// A transcript too poor to use never jumps the queue.
func (f *Flag) First() bool {
	return f.Level == 3 && f.Factors.Imminence == 3 && f.Factors.Quality > 0
}

// Rank orders the queue: flags that go first, then by priority, highest first.
func (f *Flag) Rank() float64 {
	if f.First() {
		return 1e6 + f.Priority
	}
	return f.Priority
}

// Deadline is by when the flag should be decided.
func (f *Flag) Deadline() time.Time {
	switch {
	case f.First() || f.Priority >= 48:
		return f.Flagged.Add(30 * time.Minute)
	case f.Priority >= 12:
		return f.Flagged.Add(4 * time.Hour)
	case f.Priority >= 3:
		return f.Flagged.Add(24 * time.Hour)
	}
	return f.Flagged.Add(72 * time.Hour)
}
